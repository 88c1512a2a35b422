"""What is told of a number of exchanges, and of which ones. Plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from responses_api.models import Outcome
from responses_api.statistics.latency_bins import percentile
from responses_api.statistics.outcomes import COUNTED, ERRORS


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose and which exchanges; an empty one is all of them."""

    owner_ids: tuple[int, ...] | None = None
    api_key_ids: tuple[int, ...] | None = None
    models: tuple[str, ...] | None = None

    def conditions(self) -> dict[str, Sequence[int | str]]:
        """Allowed values by column."""
        given = {"owner_id": self.owner_ids, "api_key_id": self.api_key_ids, "model": self.models}
        return {column: values for column, values in given.items() if values is not None}


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Latency:
    """How long requests took until something."""

    bins: tuple[int, ...]
    """Requests by time, see ``latency_bins``."""
    milliseconds: float
    """Of all of them together."""

    @property
    def requests(self) -> int:
        """How many got that far."""
        return sum(self.bins)

    def percentile(self, share: float) -> float | None:
        """Milliseconds; None if there were no requests."""
        return percentile(self.bins, share)


NO_LATENCY = Latency((), 0.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over ended exchanges."""

    requests: int = 0
    input_tokens: int = 0
    """Those from the cache included."""
    cached_tokens: int = 0
    output_tokens: int = 0
    """Reasoning included."""
    reasoning_tokens: int = 0
    unpriced: int = 0
    """Requests that used tokens of unknown price."""
    cost: Decimal = Decimal(0)
    """US dollars, of the requests whose price is known."""
    counts: tuple[int, ...] = ()
    """Requests by outcome, in the order of ``outcomes.COUNTED``. Empty if it was not asked for."""
    first_event: Latency = NO_LATENCY
    """Until the first thing the model said. Empty if it was not asked for."""
    duration: Latency = NO_LATENCY
    """Until the end. Empty if it was not asked for."""

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Requests by outcome, without those that there were none of."""
        return {outcome: count for outcome, count in zip(COUNTED, self.counts, strict=False) if count}

    @property
    def errors(self) -> int:
        """Requests that failed."""
        return sum(self.outcomes.get(outcome, 0) for outcome in ERRORS)

    @property
    def error_rate(self) -> float:
        """The share of requests that failed; 0 if there were none."""
        return self.errors / self.requests if self.requests else 0.0


class Row(NamedTuple):
    """The figures of one group, at one step of time."""

    at: datetime | None
    """Where the step begins; None if the whole period is one."""
    group: tuple[Any, ...]
    """The values of the columns that were grouped by, in their order; 0 and "" stand for none."""
    figures: Figures
