from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from responses_api.models import ApiKey, Detail, Grain, Outcome, Rollup, Trace, Usage
from responses_api.statistics import rolling
from responses_api.statistics.outcomes import COUNTED
from responses_api.storage.exchange_records import GATEWAY_LOST
from tests.conftest import MakeApiKey
from tests.responses_api.statistics.exchanges import NOON, book

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)


@pytest.fixture
def key(alice: User, make_api_key: MakeApiKey) -> ApiKey:
    return make_api_key(alice)[0]


def rows(grain: Grain = Grain.HOUR, detail: Detail = Detail.ALL) -> list[Rollup]:
    return list(Rollup.objects.filter(grain=grain, detail=detail).order_by("bucket", "model"))


def contents() -> list[tuple[object, ...]]:
    return list(Rollup.objects.order_by("pk").values_list())


def test_an_exchange_is_filed_under_the_hour_and_the_day_in_which_it_began(key: ApiKey) -> None:
    book(key, NOON + timedelta(minutes=59, seconds=59), duration_ms=90_000)
    assert rolling.roll_up(10) == 1
    (hour,), (day,) = rows(), rows(Grain.DAY)
    assert (hour.bucket, day.bucket) == (NOON, NOON - timedelta(hours=12))
    for row in (hour, day):
        assert (row.requests, row.input_tokens, row.cached_tokens) == (1, 10, 4)
        assert (row.output_tokens, row.reasoning_tokens) == (5, 2)
        assert (row.first_event_ms, row.duration_ms) == (400, 90_000)
        assert (sum(row.first_event_bins), sum(row.duration_bins)) == (1, 1)


def test_what_rows_tell_apart(key: ApiKey, bob: User, make_api_key: MakeApiKey) -> None:
    other = make_api_key(bob)[0]
    book(key, model="a")
    book(key, model="b")
    book(other, model="b")
    book(None, model="b")
    rolling.roll_up(10)

    def told(detail: Detail) -> set[tuple[int, int, str, int]]:
        return {(row.owner_id, row.api_key_id, row.model, row.requests) for row in rows(detail=detail)}

    alice_id, bob_id = key.owner_id, other.owner_id
    assert told(Detail.ALL) == {(0, 0, "", 4)}
    assert told(Detail.MODEL) == {(0, 0, "a", 1), (0, 0, "b", 3)}
    assert told(Detail.OWNER) == {(alice_id, 0, "", 2), (bob_id, 0, "", 1), (0, 0, "", 1)}
    assert told(Detail.API_KEY) == {(alice_id, key.pk, "", 2), (bob_id, other.pk, "", 1), (0, 0, "", 1)}
    assert told(Detail.OWNER_MODEL) == {
        (alice_id, 0, "a", 1),
        (alice_id, 0, "b", 1),
        (bob_id, 0, "b", 1),
        (0, 0, "b", 1),
    }
    assert told(Detail.EACH) == {
        (alice_id, key.pk, "a", 1),
        (alice_id, key.pk, "b", 1),
        (bob_id, other.pk, "b", 1),
        (0, 0, "b", 1),
    }


def test_outcomes_are_told_apart(key: ApiKey) -> None:
    book(key, outcome=Outcome.FAILED)
    book(key)
    rolling.roll_up(10)
    (row,) = rows()
    counts = dict(zip(COUNTED, row.outcomes, strict=True))
    assert {outcome: count for outcome, count in counts.items() if count} == {"completed": 1, "failed": 1}


def test_each_exchange_counts_once(key: ApiKey) -> None:
    for _ in range(5):
        book(key)
    assert [rolling.roll_up(2) for _ in range(4)] == [2, 2, 1, 0]
    (row,) = rows()
    assert (row.requests, row.input_tokens, sum(row.duration_bins), row.duration_ms) == (5, 50, 5, 10_000)


def test_an_exchange_that_has_not_ended_waits(key: ApiKey) -> None:
    trace = book(key)
    Usage.objects.all().delete()
    Trace.objects.filter(pk=trace.pk).update(outcome="in_progress")
    assert rolling.roll_up(10) == 0
    assert rows() == []


def test_what_has_no_times_is_in_no_bin(key: ApiKey) -> None:
    book(key, first_event_ms=None, duration_ms=None)
    rolling.roll_up(10)
    (row,) = rows()
    assert (sum(row.first_event_bins), sum(row.duration_bins)) == (0, 0)
    assert (row.first_event_ms, row.duration_ms) == (0, 0)


def test_costs_are_added_and_tokens_without_a_price_are_counted(key: ApiKey) -> None:
    book(key, cost=Decimal("0.0000000003"))
    book(key, cost=Decimal("1.5"))
    book(key)
    book(key, input_tokens=0, output_tokens=0)
    rolling.roll_up(10)
    (row,) = rows()
    assert (row.cost, row.unpriced) == (Decimal("1.5000000003"), 1)


def test_usage_whose_trace_is_gone_is_filed_under_its_end(key: ApiKey) -> None:
    Trace.objects.filter(pk=book(key).pk).delete()
    assert rolling.roll_up(10) == 1
    assert [(sum(row.outcomes), row.requests) for row in rows()] == [(0, 1)]


def test_a_trace_of_a_lost_gateway_waits_until_nobody_can_correct_it(key: ApiKey) -> None:
    now = timezone.now()
    book(key, now, error={"code": GATEWAY_LOST}, outcome=Outcome.FAILED, ended_at=now)
    assert rolling.roll_up(10) == 0
    Usage.objects.update(at=now - timedelta(days=1))
    assert rolling.roll_up(10) == 1


def test_a_batch_that_breaks_off_leaves_nothing_behind(key: ApiKey) -> None:
    book(key)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        rolling.roll_up(10)
        raise ZeroDivisionError
    assert rows() == []
    assert rolling.roll_up(10) == 1
    assert rows()[0].requests == 1


@pytest.mark.django_db(transaction=True)
def test_one_process_at_a_time(key: ApiKey) -> None:
    book(key)
    with closing(connection.copy()) as elsewhere, elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [rolling.LOCK])
        assert rolling.roll_up(10) == 0
        cursor.execute("SELECT pg_advisory_unlock(%s)", [rolling.LOCK])
        assert rolling.roll_up(10) == 1


def spoil() -> None:
    Rollup.objects.update(input_tokens=7)


@pytest.mark.parametrize("damage", [spoil, lambda: Rollup.objects.all().delete()])
def test_a_day_can_be_made_anew(key: ApiKey, damage: Callable[[], None]) -> None:
    book(key)
    book(key, NOON + timedelta(hours=3), model="other")
    book(key, NOON + timedelta(days=1))
    rolling.roll_up(10)
    before = contents()
    damage()
    book(key)  # not rolled up: none of the rebuilding's business
    assert rolling.days() == [TODAY, TODAY + timedelta(days=1)]
    assert [rolling.rebuild(day) for day in rolling.days()] == [True, True]
    assert contents() == before
    assert rolling.roll_up(10) == 1


def test_a_day_whose_traces_are_partly_deleted_is_left_alone(key: ApiKey) -> None:
    book(key)
    gone = book(key)
    rolling.roll_up(10)
    gone.delete()
    before = contents()
    assert not rolling.rebuild(TODAY)
    assert contents() == before
    assert rolling.rebuild(TODAY, force=True)
    assert rows()[0].requests == 1


def test_there_are_no_days_without_traces() -> None:
    assert rolling.days() == []


def test_days_are_those_of_utc(key: ApiKey) -> None:
    book(key, (NOON + timedelta(hours=11, minutes=59)).astimezone(UTC))
    assert rolling.days() == [TODAY]
