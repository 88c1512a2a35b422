"""Many slow streams, and some quick ones, over Redis with two columns of processes."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from bench.columns import Columns, running_columns
from bench.load import Burst, Call, Follow, Result, TargetName
from bench.report import table
from bench.scenarios import WrongAnswers, checked

_HEAD = (
    ("", "piece from sending to arrival, ms", "", "", "stream, s", "over the upstream's own time", "", ""),
    ("", "p50", "p99", "longest", "p50", "p50", "longest", "cores"),
)
_OPEN_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Streams that run at the same time.

    Attributes:
        delay_ms: the simulator's pause between pieces.
        ramp: seconds over which they begin.
    """

    name: str
    streams: int
    delay_ms: int
    pieces: int
    ramp: float

    def command(self, target: TargetName) -> Follow:
        """All of them, to either side."""
        call = Call(target, True, chunks=self.pieces, delay_ms=self.delay_ms, stamped=True)
        return Follow(call, self.streams, self.ramp)


SLOW = Crowd("slow streams, a piece every 500 ms", 1000, 500, 160, 45.0)
DENSE = Crowd("streams, a piece every 20 ms", 200, 20, 500, 4.0)


@dataclass(frozen=True, slots=True)
class CrowdResult:
    """Both sides of one crowd, and what it took while all were open."""

    crowd: Crowd
    gateway: Result
    upstream: Result
    bytes_before: dict[str, int]
    bytes_during: dict[str, int]
    cores: dict[str, float]
    """CPU seconds per second, by kind of process."""


def measure() -> str:
    """Start the columns, drive the crowds; the report."""
    with running_columns() as columns:
        return crowd_table(measure_crowds(columns, (SLOW, DENSE)))


def measure_crowds(columns: Columns, crowds: Sequence[Crowd]) -> list[CrowdResult]:
    """Each crowd straight to the simulator, then through the gateways.

    Raises:
        WrongAnswers: a stream lost a piece, or got one twice or out of order.
    """
    for target in ("upstream", "gateway"):
        checked(columns.generator.send(Burst(Call(target, True), 60, 8, seconds=60)))
    return [_measure(columns, crowd) for crowd in crowds]


def _measure(columns: Columns, crowd: Crowd) -> CrowdResult:
    upstream = checked(columns.generator.send(crowd.command("upstream")))
    before = columns.private_bytes()
    with ThreadPoolExecutor(1) as other:
        answered = other.submit(columns.generator.send, crowd.command("gateway"))
        _wait_until_open(columns, crowd.streams, answered)
        during, cores = columns.private_bytes(), _cores(columns, seconds=4)
        gateway = checked(answered.result())
    return CrowdResult(crowd, gateway, upstream, before, during, cores)


def _wait_until_open(columns: Columns, number: int, answered: "Future[Result]") -> None:
    deadline = time.monotonic() + _OPEN_PATIENCE
    while columns.open_streams() < number:
        if answered.done() or time.monotonic() > deadline:
            problems = answered.result().wrong[:3] if answered.done() else ()
            raise WrongAnswers(f"{number} streams were never open at once: {problems}")
        time.sleep(0.5)


def _cores(columns: Columns, seconds: float) -> dict[str, float]:
    before = columns.cpu_seconds()
    time.sleep(seconds)
    after = columns.cpu_seconds()
    return {kind: (after[kind] - before[kind]) / seconds for kind in after}


def crowd_table(results: Sequence[CrowdResult]) -> str:
    """Delays, durations, memory."""
    rows: list[Sequence[str]] = []
    for result in results:
        rows.append((f"{result.crowd.streams} {result.crowd.name}",))
        rows.append(_row("  gateway", result.gateway, sum(result.cores.values())))
        rows += [_row("  simulator alone", result.upstream), _difference(result), ()]
    lines = [table(_HEAD, rows[:-1])]
    for result in results:
        lines += ["", f"Memory, {result.crowd.streams} {result.crowd.name}: {_memory(result)}"]
    return "\n".join(lines)


def _row(name: str, result: Result, cores: float | None = None) -> Sequence[str]:
    cells = [name, *(f"{1000 * value:.1f}" for value in _spread(result.delays))]
    cells.append(f"{statistics.median(result.durations):.2f}")
    cells += [f"x {statistics.median(result.stretches):.3f}", f"x {max(result.stretches):.3f}"]
    return cells if cores is None else [*cells, f"{cores:.2f}"]


def _difference(result: CrowdResult) -> Sequence[str]:
    ours, theirs = _spread(result.gateway.delays), _spread(result.upstream.delays)
    return ["  difference", *(f"{1000 * (our - their):.1f}" for our, their in zip(ours, theirs, strict=True))]


def _spread(seconds: Sequence[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[98], max(seconds)


def _memory(result: CrowdResult) -> str:
    grown = {
        kind: (result.bytes_during[kind] - result.bytes_before[kind]) / result.crowd.streams / 1000
        for kind in result.bytes_before
    }
    shares = ", ".join(f"{kind} {each:.0f}" for kind, each in grown.items())
    return f"{sum(grown.values()):.0f} KB a stream over all processes ({shares})."
