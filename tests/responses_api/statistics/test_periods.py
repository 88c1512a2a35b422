from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.statistics.periods import Period, Step, cover

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00")


@pytest.mark.parametrize(
    ("step", "floor", "ceiling"),
    [
        (Step.MINUTE, "22T10:17", "22T10:18"),
        (Step.HOUR, "22T10:00", "22T11:00"),
        (Step.DAY, "22T00:00", "23T00:00"),
    ],
)
def test_a_moment_lies_between_the_ends_of_its_step(step: Step, floor: str, ceiling: str) -> None:
    moment = at("22T10:17") + timedelta(seconds=3)
    assert (step.floor(moment), step.ceiling(moment)) == (at(floor), at(ceiling))
    assert step.ceiling(at(floor)) == step.floor(at(floor)) == at(floor)


def test_a_period_is_widened_to_whole_steps() -> None:
    assert Period(at("22T10:17"), at("22T12:00")).widened(Step.HOUR) == Period(at("22T10:00"), at("22T12:00"))


def test_a_period_is_made_of_steps() -> None:
    period = Period(at("22T10:17"), at("22T12:00"))
    assert list(period.starts(Step.HOUR)) == [at("22T10:00"), at("22T11:00")]
    assert list(Period(NOON, NOON).starts(Step.HOUR)) == []
    assert Period(NOON, NOON - timedelta(hours=1)).length == timedelta(0)


def test_whole_days_are_covered_by_days_and_the_rest_by_finer_steps() -> None:
    covered = cover(Period(at("19T22:50"), at("22T01:10")), Step.DAY)
    assert [(part.step, part.period.since, part.period.until) for part in covered] == [
        (Step.MINUTE, at("19T22:50"), at("19T23:00")),
        (Step.HOUR, at("19T23:00"), at("20T00:00")),
        (Step.DAY, at("20T00:00"), at("22T00:00")),
        (Step.HOUR, at("22T00:00"), at("22T01:00")),
        (Step.MINUTE, at("22T01:00"), at("22T01:10")),
    ]


@given(MOMENTS, MOMENTS, st.sampled_from(Step))
def test_a_cover_has_no_gaps_and_no_overlaps(since: datetime, until: datetime, coarsest: Step) -> None:
    parts = cover(Period(since, until), coarsest)
    if since >= until:
        assert parts == []
        return
    assert (parts[0].period.since, parts[-1].period.until) == (since, until)
    for part, following in zip(parts, parts[1:], strict=False):
        assert part.period.until == following.period.since
    for part in parts:
        assert part.period
        assert part.step.value <= coarsest.value
        if part.step is not Step.MINUTE:
            assert part.period.widened(part.step) == part.period
    assert len(parts) <= 5
