"""SQL that adds up ended exchanges: the same sums for the roll-ups and for what is not rolled up yet.

An exchange has ended when it has a usage row. It counts where it began, so that a figure and
the list of its traces agree.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import IntEnum

from responses_api.statistics.latency_bins import BINS, BOUNDS
from responses_api.statistics.outcomes import COUNTED

COUNTERS = (
    "requests",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "unpriced",
    "cost",
)
TIMES = ("first_event_ms", "duration_ms")
BINS_OF = {"first_event_bins": "first_event_bin", "duration_bins": "duration_bin"}
"""The columns with counts per bin of latency, and which bin they count."""

_BOUNDS = f"'{{{','.join(map(str, BOUNDS))}}}'::double precision[]"

EXCHANGES = f"""
SELECT coalesce(trace.started_at, usage.at) AS began,
    coalesce(usage.owner_id, 0) AS owner_id, coalesce(usage.api_key_id, 0) AS api_key_id,
    usage.model, trace.outcome,
    1 AS requests, usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.reasoning_tokens,
    coalesce(usage.cost, 0) AS cost, (usage.cost IS NULL AND usage.total_tokens > 0)::int AS unpriced,
    trace.first_event_ms, width_bucket(trace.first_event_ms, {_BOUNDS}) AS first_event_bin,
    trace.duration_ms, width_bucket(trace.duration_ms, {_BOUNDS}) AS duration_bin
FROM responses_api_usage AS usage LEFT JOIN responses_api_trace AS trace ON trace.id = usage.trace_id
"""
"""One row each. Without its trace, which may be deleted before, the end stands for the beginning."""
SOON = timedelta(hours=1)
"""Nearly every exchange ends within this time after its beginning."""
LATE = f"(trace.ended_at - trace.started_at > interval '{int(SOON.total_seconds())} seconds')"
"""The others, which an index of their own finds (``trace_late``)."""


def _array(counts: Iterable[str], name: str) -> str:
    return f"ARRAY[{', '.join(counts)}] AS {name}"


def _count(condition: str) -> str:
    return f"(count(*) FILTER (WHERE {condition}))::int"


_SUMS = {
    **{name: f"sum({name}){'' if name == 'cost' else '::bigint'} AS {name}" for name in COUNTERS},
    "outcomes": _array((_count(f"outcome = '{outcome.value}'") for outcome in COUNTED), "outcomes"),
    **{name: f"coalesce(sum({name}), 0) AS {name}" for name in TIMES},
    **{
        name: _array((_count(f"{bin} = {number}") for number in range(BINS)), name)
        for name, bin in BINS_OF.items()
    },
}


class Asked(IntEnum):
    """How much is to be told; each is also told what the ones before it are."""

    COUNTERS = 0
    OUTCOMES = 1
    LATENCIES = 2

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of a sum."""
        return (COUNTERS, (*COUNTERS, "outcomes"), tuple(_SUMS))[self]

    @property
    def sums(self) -> str:
        """These columns of a sum of ``EXCHANGES``."""
        return ", ".join(_SUMS[name] for name in self.columns)


COLUMNS = Asked.LATENCIES.columns
"""The columns of a sum that has everything."""
SUMS = Asked.LATENCIES.sums
"""Such a sum of ``EXCHANGES``."""
