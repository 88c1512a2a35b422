"""The results as tables. Pure."""

import statistics
from collections.abc import Iterable, Sequence

from bench.core import CoreResult
from bench.scenarios import Holding, LoadResult, MemoryResult, Side

_LOAD_HEAD = (
    ("", "requests", "latency, ms", "", "first text, ms", "", "CPU, ms a request", "", ""),
    ("", "a second", "p50", "p95", "p50", "p95", "gateway", "database", "sum"),
)
_CORE_HEAD = (
    ("", "CPU, µs a text delta", "", "", "", "deltas a second"),
    ("", "parsing", "machine", "encoding", "bytes to bytes", "on one core"),
)
_MEMORY_HEAD = (("", "KB a stream", ""), ("", "first time", "heap grown"))


def core_table(results: Sequence[CoreResult]) -> str:
    """Microseconds of CPU per text delta, step by step."""
    rows: list[Sequence[str]] = []
    for result in results:
        steps = (result.parsing, result.machine, result.encoding, result.whole)
        rows.append(("core alone", *(f"{each:.1f}" for each in steps), f"{result.deltas_per_second:,.0f}"))
    return table(_CORE_HEAD, rows)


def load_table(results: Sequence[LoadResult]) -> str:
    """Requests per second, latencies and CPU time of each load, gateway and simulator one below the other."""
    rows: list[Sequence[str]] = []
    for result in results:
        rows += [(result.load.title,), _row("  gateway", result.gateway, cpu=True)]
        rows += [_row("  simulator alone", result.upstream, cpu=False)]
        rows += [_difference(result), ()]
    return table(_LOAD_HEAD, rows[:-1])


def memory_table(results: Sequence[MemoryResult]) -> str:
    """Private memory per open stream."""
    rows: list[Sequence[str]] = []
    for result in results:
        rows.append((f"{result.memory.streams} {result.memory.title}",))
        for name, holdings in (("  gateway", result.gateway), ("  simulator alone", result.upstream)):
            rows.append((name, *(f"{_kilobytes(one, result.memory.streams):.0f}" for one in holdings)))
    return table(_MEMORY_HEAD, rows)


def generator_line(results: Sequence[LoadResult]) -> str:
    """Whether the load generator can have been what was slow."""
    ours, theirs = (
        max(one.cpu / one.wall for side in sides for one in side.rounds)
        for sides in ([result.gateway for result in results], [result.upstream for result in results])
    )
    return (
        f"The load generator used {ours:.0%} of a core at most on the gateway, {theirs:.0%} on the simulator."
    )


def _difference(result: LoadResult) -> Sequence[str]:
    ours, theirs = _pooled_latencies(result.gateway), _pooled_latencies(result.upstream)
    rate = _rate(result.gateway) / _rate(result.upstream)
    cells = [
        "  difference",
        f"x {rate:.2f}",
        *_times(a - b for a, b in zip(_p50_p95(ours), _p50_p95(theirs), strict=True)),
    ]
    first, first_upstream = _pooled_first_texts(result.gateway), _pooled_first_texts(result.upstream)
    if first and first_upstream:
        cells += _times(a - b for a, b in zip(_p50_p95(first), _p50_p95(first_upstream), strict=True))
    return cells


def _row(name: str, side: Side, *, cpu: bool) -> Sequence[str]:
    first = _pooled_first_texts(side)
    cells = [name, f"{_rate(side):.1f}", *_times(_p50_p95(_pooled_latencies(side)))]
    cells += _times(_p50_p95(first)) if first else ["", ""]
    return [*cells, *_cpu(side)] if cpu else cells


def _cpu(side: Side) -> list[str]:
    """Of the median round."""
    median = sorted(side.cpu, key=lambda cpu: cpu.gateway + cpu.database)[len(side.cpu) // 2]
    return _times((median.gateway, median.database, median.gateway + median.database))


def _rate(side: Side) -> float:
    """Requests per second in the median round."""
    return statistics.median(len(result.latencies) / result.wall for result in side.rounds)


def _pooled_latencies(side: Side) -> list[float]:
    return [latency for result in side.rounds for latency in result.latencies]


def _pooled_first_texts(side: Side) -> list[float]:
    return [seconds for result in side.rounds for seconds in result.first_texts]


def _p50_p95(seconds: Sequence[float]) -> tuple[float, float]:
    if len(seconds) == 1:
        return seconds[0], seconds[0]
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return cuts[9], cuts[18]


def _times(seconds: Iterable[float]) -> list[str]:
    return [f"{each * 1000:.1f}" for each in seconds]


def _kilobytes(holding: Holding, streams: int) -> float:
    return (holding.during - holding.before) / streams / 1000


def table(head: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> str:
    columns = max(map(len, head))
    widths = [
        max((len(row[column]) for row in [*head, *rows] if column < len(row) and len(row) > 1), default=0)
        for column in range(columns)
    ]
    lines = []
    for row in [*head, *rows]:
        first, *others = [*row, *[""] * (columns - len(row))]
        cells = [
            first.ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)),
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
