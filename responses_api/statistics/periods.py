"""Spans of time, cut into the hours and days of UTC. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum


class Step(Enum):
    """The distance between two points of a series."""

    MINUTE = timedelta(minutes=1)
    HOUR = timedelta(hours=1)
    DAY = timedelta(days=1)

    def floor(self, moment: datetime) -> datetime:
        """Where the minute, hour or day of ``moment`` begins."""
        return moment - (moment - _EPOCH) % self.value

    def ceiling(self, moment: datetime) -> datetime:
        """The first beginning of one that is not before ``moment``."""
        return moment + (_EPOCH - moment) % self.value


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` until just before ``until``."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """Zero if it is empty."""
        return max(self.until - self.since, timedelta(0))

    def __bool__(self) -> bool:
        return self.since < self.until

    def widened(self, step: Step) -> "Period":
        """To the ends of the steps that it begins and ends in."""
        return Period(step.floor(self.since), step.ceiling(self.until))

    def starts(self, step: Step) -> Iterator[datetime]:
        """Where each of its steps begins; the first may begin before it."""
        start = step.floor(self.since)
        while start < self.until:
            yield start
            start += step.value


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a period that is made of whole steps; of ``Step.MINUTE`` if no hour fits into it."""

    step: Step
    period: Period


def cover(period: Period, coarsest: Step) -> list[Segment]:
    """``period`` as a few segments, in order, each of steps as coarse as fit, but not above ``coarsest``."""
    if coarsest is Step.MINUTE:
        return [Segment(Step.MINUTE, period)] if period else []
    inner = Period(coarsest.ceiling(period.since), coarsest.floor(period.until))
    finer = Step.HOUR if coarsest is Step.DAY else Step.MINUTE
    if not inner:
        return cover(period, finer)
    before, after = Period(period.since, inner.since), Period(inner.until, period.until)
    return [*cover(before, finer), Segment(coarsest, inner), *cover(after, finer)]
