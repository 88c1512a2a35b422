"""What is measured: the same load on the gateway and on the simulator itself, turn by turn."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bench.load import Burst, Call, Hold, Release, Result, TargetName
from bench.stack import CpuTime, Stack

_WARM_UP = 48
_HELD_PIECES = 3
_HOLDS = 2
_TARGETS: tuple[TargetName, ...] = ("upstream", "gateway")

type Profiler = Callable[[str, int], AbstractContextManager[object]]
"""Profiles the process with that id for the length of a block, under that name."""


@dataclass(frozen=True, slots=True)
class Load:
    """Requests of one kind, so many at a time.

    Attributes:
        name: for ``--scenario``.
        requests: how many on either side, all rounds together.
        delay_ms: the simulator's pause between the pieces of its text.
    """

    name: str
    title: str
    stream: bool
    concurrency: int
    requests: int
    delay_ms: int = 0

    def call(self, target: TargetName) -> Call:
        """One of its requests."""
        return Call(target, self.stream, delay_ms=self.delay_ms)


@dataclass(frozen=True, slots=True)
class Memory:
    """Streams held open in the middle of an answer."""

    name: str
    title: str
    streams: int


@dataclass(frozen=True, slots=True)
class Core:
    """The pure core by itself, in this process."""

    name: str


type Scenario = Core | Load | Memory

SCENARIOS: tuple[Scenario, ...] = (
    Core("core"),
    Load("single", "streamed, 1 at a time, a piece every 3 ms", True, 1, 45, delay_ms=3),
    Load("streams", "streamed, 16 at a time", True, 16, 360),
    Load("paced", "streamed, 16 at a time, a piece every 20 ms", True, 16, 144, delay_ms=20),
    Load("json", "JSON, 16 at a time", False, 16, 360),
    Memory("memory", "open streams", 200),
)


@dataclass(slots=True)
class Side:
    """The results of one side of a load, one entry per round."""

    rounds: list[Result] = field(default_factory=list)
    cpu: list[CpuTime] = field(default_factory=list)
    """Of gateway and database, per request."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A measured load."""

    load: Load
    gateway: Side
    upstream: Side


@dataclass(frozen=True, slots=True)
class Holding:
    """One time that all streams were open: private bytes of the process before and meanwhile."""

    before: int
    during: int


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """Measured memory; the first holding grows the heap, the later ones find it grown."""

    memory: Memory
    gateway: list[Holding]
    upstream: list[Holding]


class WrongAnswers(Exception):
    """Answers were wrong; the text tells of the first few."""


def warm_up(stack: Stack) -> None:
    """Imports, connections, caches: what a first request pays, a later one does not."""
    for target in _TARGETS:
        for stream in (True, False):
            checked(stack.generator.send(Burst(Call(target, stream), _WARM_UP, 16, seconds=60)))


def measure_load(
    stack: Stack, load: Load, *, rounds: int, seconds: float, profile: Profiler | None
) -> LoadResult:
    """Drive both sides in turn, ``rounds`` times; for about ``seconds`` at the most.

    Raises:
        WrongAnswers: an answer was wrong.
    """
    sides: dict[TargetName, Side] = {target: Side() for target in _TARGETS}
    for _ in range(rounds):
        for target in _TARGETS:
            burst = Burst(
                load.call(target),
                max(1, load.requests // rounds),
                load.concurrency,
                seconds / rounds / len(_TARGETS),
            )
            before = stack.cpu_time()
            result = checked(stack.generator.send(burst))
            sides[target].cpu.append((stack.cpu_time() - before) / len(result.latencies))
            sides[target].rounds.append(result)
    if profile is not None:
        with profile(load.name, stack.gateway.pid):
            checked(
                stack.generator.send(Burst(load.call("gateway"), load.requests, load.concurrency, seconds))
            )
    return LoadResult(load, sides["gateway"], sides["upstream"])


def measure_memory(stack: Stack, memory: Memory) -> MemoryResult:
    """Hold streams open on either side, twice.

    Raises:
        WrongAnswers: a stream did not open, or was not closed at the upstream when its client left.
    """
    # The simulator first: the gateway's streams would grow its heap, too.
    upstream = list(_holdings(stack, memory, "upstream", stack.simulator_bytes))
    gateway = list(_holdings(stack, memory, "gateway", stack.gateway_bytes))
    return MemoryResult(memory, gateway, upstream)


def _holdings(
    stack: Stack, memory: Memory, target: TargetName, measure: Callable[[], int]
) -> Iterator[Holding]:
    call = Call(target, stream=True, stall_after=_HELD_PIECES)
    for _ in range(_HOLDS):
        before = measure()
        checked(stack.generator.send(Hold(call, memory.streams)))
        during = measure()
        checked(stack.generator.send(Release()))
        yield Holding(before, during)


def checked(result: Result) -> Result:
    if result.wrong:
        shown = "\n".join(f"  {problem}" for problem in result.wrong[:5])
        raise WrongAnswers(f"{len(result.wrong)} wrong answers, among them:\n{shown}")
    return result
