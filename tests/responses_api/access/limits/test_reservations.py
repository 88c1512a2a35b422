"""Reserving and settling on PostgreSQL, with the books behind it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from responses_api.access.callers import allowances_of
from responses_api.access.limits import reservations
from responses_api.access.limits.admission import LEASE
from responses_api.access.limits.books import spent_in
from responses_api.access.limits.ledger import LedgerUnavailable
from responses_api.access.limits.redis_ledger import RedisLedger
from responses_api.access.limits.reservations import Refusal, Reservation, release, reserve, settle, state
from responses_api.access.limits.rules import NANODOLLARS, Amount
from responses_api.access.limits.standings import Periods, Spent
from responses_api.models import ApiKey, LimitHold, LimitMeter, Usage, UsageSource, UserLimits
from tests.conftest import MakeApiKey

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def book(key: ApiKey, tokens: int, at: datetime | None = None, cost: str | None = None) -> None:
    Usage.objects.create(
        trace_id=f"trace_{Usage.objects.count()}",
        owner=key.owner,
        api_key=key,
        at=at or datetime.now(UTC),
        model="m",
        source=UsageSource.INTERCEPTED,
        total_tokens=tokens,
        cost=cost and Decimal(cost),
    )


def test_the_books_of_a_key_and_its_line_and_of_a_user(
    alice: User, bob: User, make_api_key: MakeApiKey
) -> None:
    first, _ = make_api_key(alice)
    second, _ = make_api_key(alice, line=first.pk)
    third, _ = make_api_key(alice)
    for key in (first, second, third, make_api_key(bob)[0]):
        book(key, 1, NOW, "0.0000000010")
        book(key, 10, NOW - timedelta(days=3))
        book(key, 100, NOW - timedelta(days=40))
    periods = Periods(NOW)
    assert spent_in(f"key:{first.pk}", periods) == {"2026-11-22": Spent(2, 2), "2026-11": Spent(22, 2)}
    assert spent_in(f"user:{alice.pk}", periods) == {"2026-11-22": Spent(3, 3), "2026-11": Spent(33, 3)}
    assert spent_in("user:0", periods) == {"2026-11-22": Spent(), "2026-11": Spent()}


def test_a_budget_counts_what_was_booked_before_it_was_given(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice, tokens_per_day=100)
    book(key, 60)
    limits = allowances_of(alice.pk, key.pk)
    assert isinstance(reserve(limits, Amount(41), "a", LEASE), Refusal)
    taken = reserve(limits, Amount(40), "b", LEASE)
    assert isinstance(taken, Reservation)
    (reading,) = state(limits)
    assert (reading.used, reading.spent, reading.remaining) == (100, 60, 0)
    book(key, 25)
    settle(taken, Amount(25), datetime.now(UTC))
    (reading,) = state(limits)
    assert (reading.used, reading.spent) == (85, 85)


def test_a_hold_that_ran_out_is_counted_by_the_books(alice: User, make_api_key: MakeApiKey) -> None:
    """Its gateway died after the booking and before the settlement."""
    key, _ = make_api_key(alice, tokens_per_day=100, dollars_per_day=1)
    limits = allowances_of(alice.pk, key.pk)
    assert isinstance(reserve(limits, Amount(90, 5), "a", LEASE), Reservation)
    book(key, 50, cost="0.25")
    LimitHold.objects.update(until=0)
    tokens, money = state(limits)
    assert (tokens.used, money.used) == (50, NANODOLLARS / 4)


def test_what_is_given_back(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice, concurrent_responses=1, tokens_per_minute=100)
    limits = allowances_of(alice.pk, key.pk)
    taken = reserve(limits, Amount(100), "a", LEASE)
    assert isinstance(taken, Reservation)
    assert taken.headers["x-ratelimit-remaining-tokens"] == "0"
    refused = reserve(limits, Amount(100), "b", LEASE)
    assert isinstance(refused, Refusal)
    assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
    release(taken)
    assert isinstance(reserve(limits, Amount(100), "b", LEASE), Reservation)


def test_limits_of_a_user_hold_for_all_keys_together(alice: User, make_api_key: MakeApiKey) -> None:
    UserLimits.objects.create(user=alice, requests_per_minute=1)
    one, other = (make_api_key(alice)[0] for _ in range(2))
    taken = reserve(allowances_of(alice.pk, one.pk), Amount(), "a", LEASE)
    assert isinstance(taken, Reservation)
    assert taken.allowances == (), "nothing is held for a rate of requests"
    assert isinstance(reserve(allowances_of(alice.pk, other.pk), Amount(), "b", LEASE), Refusal)
    one.delete()
    assert allowances_of(alice.pk, one.pk) == allowances_of(alice.pk, None) != ()


@pytest.mark.django_db
def test_without_limits_nothing_is_looked_up(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert state(()) == []
        settle(Reservation("a", ()), Amount(5), NOW)
    assert not LimitMeter.objects.exists()


def test_a_redis_that_does_not_answer(
    alice: User, make_api_key: MakeApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = make_api_key(alice, requests_per_minute=1)
    ledger = RedisLedger("redis://127.0.0.1:1", "zg-test")
    monkeypatch.setattr(reservations, "current_ledger", lambda: ledger)
    with pytest.raises(LedgerUnavailable):
        reserve(allowances_of(alice.pk, key.pk), Amount(), "a", LEASE)
    ledger.close()
