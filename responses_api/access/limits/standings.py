"""Where a scope stands: how much of each limit is used, and when it will be less. Pure.

Rates are kept by the generic cell rate algorithm: a scope may use a minute's worth in one go, and
what it used comes back evenly, a sixtieth of the limit each second. All that is remembered
of a rate is the time until everything is back. Budgets are what was spent in the calendar
day or month, and what responses that are being made may still come to.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from responses_api.access.limits.rules import Allowance, Amount

MINUTE = 60.0
SOON = 1.0
"""Seconds after which to look again where a running response stands in the way, which ends when it ends."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What settled responses came to in one period. ``cost`` in billionths of a US dollar."""

    tokens: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A scope, as its ledger has it.

    Attributes:
        scope: whose.
        requests_back_in: seconds until no request counts any more.
        tokens_back_in: the same for the tokens per minute.
        running: responses that are being made.
        held: what these may come to.
        day: what was spent on this day; None = unknown to the ledger.
        month: the same in this month.
        settled: how many responses have been settled; tells whether one was, meanwhile.
    """

    scope: str
    requests_back_in: float = 0.0
    tokens_back_in: float = 0.0
    running: int = 0
    held: Spent = Spent()
    day: Spent | None = None
    month: Spent | None = None
    settled: int = 0


@dataclass(frozen=True, slots=True)
class Periods:
    """The day and the month that budgets are for, in UTC."""

    at: datetime

    @property
    def day(self) -> str:
        """Its name, ``2026-11-22``."""
        return self.at.astimezone(UTC).strftime("%Y-%m-%d")

    @property
    def month(self) -> str:
        """Its name, ``2026-11``."""
        return self.at.astimezone(UTC).strftime("%Y-%m")

    @property
    def day_began(self) -> datetime:
        """Its first moment."""
        return self.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def month_began(self) -> datetime:
        """Its first moment."""
        return self.day_began.replace(day=1)

    @property
    def day_ends_in(self) -> float:
        """Seconds."""
        return (self.day_began + timedelta(days=1) - self.at).total_seconds()

    @property
    def month_ends_in(self) -> float:
        """Seconds."""
        next_month = (self.month_began + timedelta(days=32)).replace(day=1)
        return (next_month - self.at).total_seconds()


@dataclass(frozen=True, slots=True)
class Reading:
    """One limit of one scope.

    Attributes:
        scope: whose.
        name: as in ``Limits``.
        limit: the most.
        used: by now, fractions included; for budgets what running responses may come to is in it.
        spent: of it, what no end of a running response gives back.
        back_in: seconds until all of it is back; None where that depends on running responses.
    """

    scope: str
    name: str
    limit: int
    used: float
    spent: float
    back_in: float | None

    @property
    def remaining(self) -> int:
        """What may still be used, in whole units."""
        # Fractions come from floats: a request that is used up to a millionth is used up.
        return max(0, math.floor(self.limit - self.used + 1e-6))


@dataclass(frozen=True, slots=True)
class Shortage:
    """A limit that a request does not fit into."""

    reading: Reading
    requested: int
    wait: float | None
    """Seconds until it would fit, if nothing else is used meanwhile; None: never, it is too large."""


def readings(allowance: Allowance, standing: Standing, periods: Periods) -> list[Reading]:
    """Every limit of a scope, where it stands."""
    return [
        _reading(allowance.scope, name, limit, standing, periods)
        for name, limit in allowance.limits.given().items()
    ]


def shortages(found: Sequence[Reading], asked: Amount) -> list[Shortage]:
    """The limits that ``asked`` does not fit into."""
    short = []
    for reading in found:
        requested = requested_of(reading.name, asked)
        if requested and reading.used + requested > reading.limit:
            short.append(Shortage(reading, requested, _wait(reading, requested)))
    return short


def requested_of(name: str, asked: Amount) -> int:
    """What a request takes of the limit ``name``."""
    if name in ("requests_per_minute", "concurrent_responses"):
        return asked.requests
    return asked.cost if name.startswith("cost") else asked.tokens


def after(reading: Reading, taken: Amount) -> Reading:
    """``reading`` once ``taken`` is taken."""
    requested = requested_of(reading.name, taken)
    if not reading.name.endswith("minute") or reading.back_in is None:
        return replace(reading, used=reading.used + requested)
    back_in = reading.back_in + requested * MINUTE / reading.limit
    return replace(reading, used=reading.used + requested, back_in=back_in)


def _reading(scope: str, name: str, limit: int, standing: Standing, periods: Periods) -> Reading:
    match name:
        case "requests_per_minute":
            used = standing.requests_back_in * limit / MINUTE
            return Reading(scope, name, limit, used, used, standing.requests_back_in)
        case "tokens_per_minute":
            used = standing.tokens_back_in * limit / MINUTE
            return Reading(scope, name, limit, used, used, standing.tokens_back_in)
        case "concurrent_responses":
            return Reading(scope, name, limit, standing.running, 0, None if standing.running else 0.0)
    spent, ends_in = (
        (standing.day, periods.day_ends_in)
        if name.endswith("day")
        else (standing.month, periods.month_ends_in)
    )
    spent = spent or Spent()
    if name.startswith("cost"):
        return Reading(scope, name, limit, spent.cost + standing.held.cost, spent.cost, ends_in)
    return Reading(scope, name, limit, spent.tokens + standing.held.tokens, spent.tokens, ends_in)


def _wait(reading: Reading, requested: int) -> float | None:
    if requested > reading.limit:
        return None
    if reading.name.endswith("minute"):
        return (reading.used + requested - reading.limit) * MINUTE / reading.limit
    if reading.spent + requested <= reading.limit:
        return SOON
    return reading.back_in
