from datetime import UTC, datetime, timedelta, timezone

import pytest

from responses_api.access.limits.rules import Allowance, Amount, Limits
from responses_api.access.limits.standings import (
    SOON,
    Periods,
    Spent,
    Standing,
    after,
    readings,
    shortages,
)

NOW = Periods(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))


def waits(limits: Limits, standing: Standing, asked: Amount) -> dict[str, float | None]:
    found = readings(Allowance("key:1", limits), standing, NOW)
    return {short.reading.name: short.wait for short in shortages(found, asked)}


def test_periods_are_those_of_utc() -> None:
    there = Periods(datetime(2027, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))))
    assert (there.day, there.month) == ("2026-12-31", "2026-12")
    assert there.day_began == datetime(2026, 12, 31, tzinfo=UTC)
    assert there.month_began == datetime(2026, 12, 1, tzinfo=UTC)
    assert (there.day_ends_in, there.month_ends_in) == (1800, 1800)
    assert Periods(datetime(2028, 2, 1, tzinfo=UTC)).month_ends_in == 29 * 86400


@pytest.mark.parametrize(
    ("limits", "standing", "asked", "expected"),
    [
        (Limits(requests_per_minute=6), Standing("key:1", requests_back_in=50), Amount(), {}),
        (Limits(requests_per_minute=6), Standing("key:1", requests_back_in=55), Amount(), 5),
        (Limits(requests_per_minute=6), Standing("key:1", requests_back_in=60), Amount(requests=0), {}),
        (Limits(tokens_per_minute=600), Standing("key:1", tokens_back_in=50), Amount(200), 10),
        (Limits(tokens_per_minute=600), Standing("key:1"), Amount(601), None),
        (Limits(concurrent_responses=2), Standing("key:1", running=1), Amount(), {}),
        (Limits(concurrent_responses=2), Standing("key:1", running=2), Amount(), SOON),
        (Limits(tokens_per_day=100), Standing("key:1", day=Spent(60)), Amount(40), {}),
        (Limits(tokens_per_day=100), Standing("key:1", day=Spent(60)), Amount(41), 60),
        (Limits(tokens_per_day=100), Standing("key:1", day=Spent(60)), Amount(101), None),
        (Limits(cost_per_month=9), Standing("key:1", month=Spent(0, 9)), Amount(5, 1), 60),
        (Limits(cost_per_month=9), Standing("key:1", month=Spent(0, 9)), Amount(5, 0), {}),
        (
            Limits(cost_per_month=9),
            Standing("key:1", held=Spent(0, 5), month=Spent(0, 3)),
            Amount(0, 2),
            SOON,
        ),
    ],
)
def test_what_does_not_fit_and_when_it_would(
    limits: Limits, standing: Standing, asked: Amount, expected: float | dict[str, float] | None
) -> None:
    (name,) = limits.given()
    assert waits(limits, standing, asked) == ({} if expected == {} else {name: expected})


def test_what_is_left_after_a_request() -> None:
    limits = Limits(requests_per_minute=6, concurrent_responses=2, tokens_per_day=100)
    before = readings(
        Allowance("key:1", limits), Standing("key:1", 10, running=1, day=Spent(7), held=Spent(3)), NOW
    )
    assert [reading.remaining for reading in before] == [5, 1, 90]
    left = [after(reading, Amount(30)) for reading in before]
    assert [reading.remaining for reading in left] == [4, 0, 60]
    assert [reading.back_in for reading in left] == [20, None, 60]


def test_nothing_is_left_of_what_is_overdrawn() -> None:
    (reading,) = readings(Allowance("key:1", Limits(tokens_per_minute=60)), Standing("key:1", 0, 90.5), NOW)
    assert (reading.used, reading.remaining) == (90.5, 0)
