"""A gateway that was given up for dead ends its exchange after all: it counts once, wherever things are counted."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from responses_api.access.callers import allowances_of
from responses_api.access.limits import reservations
from responses_api.access.limits.admission import LEASE
from responses_api.access.limits.reservations import Reservation
from responses_api.access.limits.rules import Amount
from responses_api.models import ApiKey, Detail, LimitHold, Outcome, Rollup, Trace, Usage
from responses_api.runtime.identifiers import new_id
from responses_api.statistics import rolling
from responses_api.statistics.exchange_sums import Asked
from responses_api.statistics.figure_queries import read
from responses_api.statistics.figures import Figures
from responses_api.statistics.late_ends import count_anew_on_close
from responses_api.statistics.periods import Period
from responses_api.storage import exchange_records, orphans
from tests.conftest import MakeApiKey

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 11, 21, 9, 59, tzinfo=UTC)
EVER = Period(BEGAN - timedelta(days=9), BEGAN + timedelta(days=9))
MODEL = "gemini-3.8-flash"


@pytest.fixture
def key(alice: User, make_api_key: MakeApiKey) -> ApiKey:
    return make_api_key(alice, tokens_per_day=1_000_000)[0]


@pytest.fixture
def lost(key: ApiKey) -> str:
    """A trace of a gateway that stood still and was given up."""
    return lose(key)


@contextmanager
def elsewhere() -> Iterator[CursorWrapper]:
    """A transaction of another session, for the length of a block."""
    with closing(connection.copy()) as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            yield cursor
        other.commit()


def lose(key: ApiKey) -> str:
    trace = Trace.objects.create(
        id=new_id("trace"),
        response_id=new_id("resp"),
        owner_id=key.owner_id,
        api_key=key,
        started_at=BEGAN,
        model=MODEL,
        stream=True,
        client_request={},
        gateway="gw_asleep",
    )
    orphans.close_of("gw_asleep")
    return trace.id


def end(trace_id: str, ended_at: datetime | None = None) -> exchange_records.ExchangeEnd:
    """As the gateway that makes it ends it, with all that a late end needs."""
    fields: dict[str, Any] = dict.fromkeys(("gate_wait_ms", "response_summary", "error"))
    return exchange_records.ExchangeEnd(
        trace_id=trace_id,
        model=MODEL,
        ended_at=ended_at or timezone.now(),
        outcome=Outcome.COMPLETED,
        trace_fields={
            "cascade_id": "c",
            "upstream_model": "m",
            "turns": 1,
            "first_event_ms": 250.0,
            "duration_ms": 9_000.0,
            **fields,
        },
        usage=exchange_records.TokenCounts("intercepted", input=7, output=5),
        response=None,
        also=(count_anew_on_close(trace_id),),
    )


def told() -> Figures:
    """The figures of everything."""
    rows = read(EVER, asked=Asked.LATENCIES)
    return rows[0].figures if rows else Figures()


def counted(figures: Figures) -> tuple[int, int, dict[str, int], int, float]:
    return (
        figures.requests,
        figures.input_tokens + figures.output_tokens,
        {outcome.value: count for outcome, count in figures.outcomes.items()},
        figures.duration.requests,
        figures.duration.milliseconds,
    )


AS_LOST = (1, 0, {"failed": 1}, 0, 0)
AS_ENDED = (1, 12, {"completed": 1}, 1, 9_000.0)


def roll_up_all() -> None:
    """Also what could still have been corrected."""
    Usage.objects.filter(rolled_up=False).update(at=timezone.now() - timedelta(days=1))
    rolling.roll_up(100)


def test_before_the_loss_is_rolled_up(lost: str) -> None:
    assert rolling.roll_up(10) == 0
    assert counted(told()) == AS_LOST
    exchange_records.close_exchange(end(lost))
    assert counted(told()) == AS_ENDED
    assert rolling.roll_up(10) == 1
    assert counted(told()) == AS_ENDED


@pytest.mark.parametrize("times", [1, 2])
def test_after_the_loss_was_rolled_up(lost: str, times: int) -> None:
    roll_up_all()
    assert counted(told()) == AS_LOST
    for _ in range(times):
        exchange_records.close_exchange(end(lost))
    assert counted(told()) == AS_ENDED
    assert rolling.roll_up(10) == 1
    assert counted(told()) == AS_ENDED
    assert rolling.roll_up(10) == 0


def test_every_sum_is_put_right_and_only_its_own(key: ApiKey, bob: User, make_api_key: MakeApiKey) -> None:
    ended, others = lose(key), [lose(key), lose(make_api_key(bob)[0])]
    roll_up_all()
    exchange_records.close_exchange(end(ended))
    rolling.roll_up(10)
    kept = sorted(Rollup.objects.values_list())
    assert {row.requests for row in Rollup.objects.filter(detail=Detail.ALL)} == {1 + len(others)}
    assert {sum(row.outcomes) - row.requests for row in Rollup.objects.all()} == {0}

    assert rolling.rebuild(BEGAN.date())
    assert sorted(Rollup.objects.values_list()) == kept


def test_an_end_that_is_not_late_changes_nothing(key: ApiKey) -> None:
    trace_id = lose(key)
    exchange_records.close_exchange(end(trace_id))
    rolling.roll_up(10)
    before = sorted(Rollup.objects.values_list())
    exchange_records.close_exchange(end(trace_id))
    assert sorted(Rollup.objects.values_list()) == before


@pytest.mark.django_db(transaction=True)
def test_an_end_that_comes_while_the_loss_is_rolled_up(lost: str) -> None:
    """The correction is written and not committed yet: the roll-ups leave it for the next time."""
    Usage.objects.update(at=timezone.now() - timedelta(days=1))
    with elsewhere() as cursor:
        exchange_records._close(cursor, end(lost))
        assert rolling.roll_up(10) == 0
    assert rolling.roll_up(10) == 1
    assert counted(told()) == AS_ENDED


@pytest.mark.parametrize("lease_ran_out", [False, True], ids=["held", "run out"])
def test_limits_count_it_once(key: ApiKey, lease_ran_out: bool) -> None:
    limits = allowances_of(key.owner_id, key.pk)
    taken = reservations.reserve(limits, Amount(500), "resp_1", LEASE)
    assert isinstance(taken, Reservation)
    trace_id = lose(key)
    if lease_ran_out:
        LimitHold.objects.update(until=0)
        assert spent(key) == (0, 0)
    late = end(trace_id)
    exchange_records.close_exchange(late)
    reservations.settle(taken, Amount(12), late.ended_at)
    assert spent(key) == (12, 12)


def spent(key: ApiKey) -> tuple[float, float]:
    """What the key's day has come to, with what is held and without."""
    (reading,) = reservations.state(allowances_of(key.owner_id, key.pk))
    return reading.used, reading.spent
