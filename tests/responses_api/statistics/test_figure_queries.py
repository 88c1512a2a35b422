import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from responses_api.models import ApiKey, Outcome, Usage
from responses_api.statistics import rolling
from responses_api.statistics.exchange_sums import Asked
from responses_api.statistics.figure_queries import read
from responses_api.statistics.figures import NO_LATENCY, Figures, Latency, Selection
from responses_api.statistics.latency_bins import BINS, BOUNDS
from responses_api.statistics.outcomes import COUNTED
from responses_api.statistics.periods import Period, Step
from tests.conftest import MakeApiKey
from tests.responses_api.statistics.exchanges import NOON, book

pytestmark = pytest.mark.django_db

OUTCOMES = (Outcome.COMPLETED, Outcome.TOOL_CALL, Outcome.FAILED, Outcome.CANCELLED)
PERIODS = {
    "a minute": Period(NOON, NOON + timedelta(minutes=1)),
    "an hour": Period(NOON, NOON + timedelta(hours=1)),
    "crooked": Period(NOON - timedelta(hours=30, minutes=17), NOON + timedelta(hours=20, minutes=3)),
    "days": Period(NOON - timedelta(hours=36), NOON + timedelta(hours=36)),
    "nothing": Period(NOON, NOON),
}
GROUPINGS = [(), ("model",), ("owner_id",), ("api_key_id",), ("owner_id", "model"), ("model", "api_key_id")]


@dataclass(frozen=True)
class Booked:
    owner_id: int
    api_key_id: int
    model: str
    outcome: Outcome
    at: datetime
    first_event_ms: float | None
    duration_ms: float
    input_tokens: int


@pytest.fixture
def booked(alice: User, bob: User, make_api_key: MakeApiKey) -> list[Booked]:
    """Exchanges of four days; some are rolled up, some are not, some of them in the same hour."""
    keys = [make_api_key(alice)[0], make_api_key(alice)[0], make_api_key(bob)[0], None]
    chance = random.Random(4)
    made = []
    for number in range(60):
        key = chance.choice(keys)
        each = Booked(
            key.owner_id if key else 0,
            key.pk if key else 0,
            chance.choice(["a", "b"]),
            chance.choice(OUTCOMES),
            NOON + timedelta(minutes=chance.choice([0, 0, 30, chance.uniform(-2880, 2880)])),
            # Halves: their sums are the same in any order.
            chance.choice([None, round(chance.lognormvariate(6, 2)) / 2]),
            round(chance.lognormvariate(8, 1)) / 2,
            number,
        )
        book(
            key,
            each.at,
            model=each.model,
            outcome=each.outcome,
            first_event_ms=each.first_event_ms,
            duration_ms=each.duration_ms,
            input_tokens=number,
        )
        made.append(each)
        if number in (20, 40):
            rolling.roll_up(18)
    return made


def expected(
    booked: list[Booked], period: Period, keep: Callable[[Booked], bool], by: Sequence[str], step: Step | None
) -> dict[Any, list[Booked]]:
    groups: dict[Any, list[Booked]] = defaultdict(list)
    for each in booked:
        if period.since <= each.at < period.until and keep(each):
            at = step.floor(each.at) if step else None
            groups[at, tuple(getattr(each, column) for column in by)].append(each)
    return groups


def bins_of(group: list[Booked], latency: str) -> tuple[int, ...]:
    counts = [0] * BINS
    for each in group:
        if (time := getattr(each, latency)) is not None:
            counts[bisect_right(BOUNDS, time)] += 1
    return tuple(counts)


@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
def test_figures_are_those_of_the_exchanges(booked: list[Booked], period: Period) -> None:
    for by in GROUPINGS:
        for step in (None, *Step):
            groups = expected(booked, period, lambda each: True, by, step)
            rows = read(period, by=by, step=step, asked=Asked.LATENCIES)
            assert len(rows) == len(groups), (by, step)
            assert {(row.at, row.group): row.figures for row in rows} == {
                place: sums(group) for place, group in groups.items()
            }, (by, step)


def sums(group: list[Booked]) -> Figures:
    count = len(group)
    return Figures(
        requests=count,
        input_tokens=sum(each.input_tokens for each in group),
        cached_tokens=4 * count,
        output_tokens=5 * count,
        reasoning_tokens=2 * count,
        unpriced=count,
        counts=tuple(sum(each.outcome is outcome for each in group) for outcome in COUNTED),
        first_event=Latency(
            bins_of(group, "first_event_ms"), sum(each.first_event_ms or 0 for each in group)
        ),
        duration=Latency(bins_of(group, "duration_ms"), sum(each.duration_ms for each in group)),
    )


@pytest.mark.parametrize("by", [(), ("model",), ("api_key_id",)], ids=str)
@pytest.mark.parametrize("period", [PERIODS["crooked"], PERIODS["days"]], ids=["crooked", "days"])
def test_a_selection_leaves_the_others_out(
    booked: list[Booked], alice: User, period: Period, by: tuple[str, ...]
) -> None:
    hers = next(each.api_key_id for each in booked if each.owner_id == alice.pk)
    selections: list[tuple[Selection, Callable[[Booked], bool]]] = [
        (Selection(owner_ids=(alice.pk,)), lambda each: each.owner_id == alice.pk),
        (Selection(api_key_ids=(hers, 0)), lambda each: each.api_key_id in (hers, 0)),
        (Selection(models=("a",)), lambda each: each.model == "a"),
        (Selection((alice.pk,), (hers,), ("a",)), lambda each: each.api_key_id == hers and each.model == "a"),
        (Selection(models=()), lambda each: False),
    ]
    for selection, keep in selections:
        groups = expected(booked, period, keep, by, None)
        rows = read(period, selection, by=by)
        assert {row.group: row.figures.input_tokens for row in rows} == {
            group: sum(each.input_tokens for each in members) for (_, group), members in groups.items()
        }


def test_series_are_in_order_of_time_and_groups_in_order_of_requests(booked: list[Booked]) -> None:
    days = PERIODS["days"]
    times = [row.at for row in read(days, step=Step.HOUR)]
    assert times == sorted(times, key=str)
    requests = [row.figures.requests for row in read(days, by=["api_key_id"])]
    assert requests == sorted(requests, reverse=True)
    assert [row.figures.requests for row in read(days, by=["api_key_id"], at_most=2)] == requests[:2]


def test_latencies_are_read_only_if_asked_for(booked: list[Booked]) -> None:
    (row,) = read(PERIODS["days"])
    assert row.figures.first_event.percentile(0.5) is None
    (row,) = read(PERIODS["days"], asked=Asked.LATENCIES)
    assert row.figures.first_event.percentile(0.5) is not None


def test_what_was_used_stays_when_its_trace_is_deleted(alice: User, make_api_key: MakeApiKey) -> None:
    key: ApiKey = make_api_key(alice)[0]
    trace = book(key)
    rolling.roll_up(10)
    Usage.objects.all().delete()
    trace.delete()
    (row,) = read(PERIODS["an hour"], by=["owner_id"])
    assert (row.group, row.figures.requests) == ((alice.pk,), 1)


def test_costs_are_sums_of_what_has_a_price(alice: User, make_api_key: MakeApiKey) -> None:
    key = make_api_key(alice)[0]
    book(key, cost=Decimal("0.25"))
    rolling.roll_up(10)
    book(key, cost=Decimal("0.5"))
    book(key)
    (row,) = read(PERIODS["days"])
    assert (row.figures.cost, row.figures.unpriced) == (Decimal("0.75"), 1)


def test_minutes_have_what_ended_long_after_it_began(alice: User, make_api_key: MakeApiKey) -> None:
    key = make_api_key(alice)[0]
    for end in (
        timedelta(0),
        timedelta(minutes=59),
        timedelta(hours=1),
        timedelta(hours=3),
        timedelta(days=2),
    ):
        book(key, NOON, ended_at=NOON + end)
    book(key, NOON - timedelta(minutes=1), ended_at=NOON + timedelta(minutes=1))
    (row,) = read(PERIODS["a minute"], by=["api_key_id"], step=Step.MINUTE)
    assert row.figures.requests == 5


def test_no_more_is_read_than_is_asked_for(booked: list[Booked]) -> None:
    for period in (PERIODS["a minute"], PERIODS["days"]):
        (row,) = read(period, asked=Asked.COUNTERS)
        (full,) = read(period, asked=Asked.LATENCIES)
        assert row.figures == replace(full.figures, counts=(), first_event=NO_LATENCY, duration=NO_LATENCY)
