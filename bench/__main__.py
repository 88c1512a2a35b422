"""``python -m bench``: measure, print, exit with 1 if an answer was wrong."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import FrameType

from bench.core import CoreResult, measure_core, profile_core
from bench.processes import ProcessFailed
from bench.profiler import ProfilingFailed, profiler
from bench.report import core_table, generator_line, load_table, memory_table
from bench.scenarios import (
    SCENARIOS,
    Core,
    Load,
    LoadResult,
    Memory,
    MemoryResult,
    Scenario,
    WrongAnswers,
    measure_load,
    measure_memory,
    warm_up,
)
from bench.stack import running_stack

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

MEASUREMENTS = {
    "admin": "bench.admin",
    "layers": "bench.layers",
    "retention": "bench.retention",
    "scale": "bench.scale",
    "soak": "bench.soak",
    "stored": "bench.stored",
}
"""Measurements of their own, made only when asked for: modules whose ``measure()`` returns a report."""


def main() -> int:
    """The exit status."""
    options = _options()
    for number in _INTERRUPTS:
        signal.signal(number, _interrupt)
    try:
        _run(options)
    except KeyboardInterrupt:
        return 130
    except (ProcessFailed, ProfilingFailed, WrongAnswers) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure the gateway beside the simulator."
    )
    names = [*(scenario.name for scenario in SCENARIOS), *MEASUREMENTS]
    parser.add_argument("--scenario", choices=names, action="append", help="only this one; may be repeated")
    parser.add_argument("--requests", type=_positive, help="requests on either side of each load")
    parser.add_argument("--rounds", type=_positive, default=3, help="rounds per load (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=_positive, default=30, help="longest time per load (default: %(default)s)"
    )
    parser.add_argument("--streams", type=_positive, help="streams that the memory scenario holds open")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="also profile each load with py-spy")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> None:
    chosen = _chosen(options)
    cores = [measure_core(options.rounds) for scenario in chosen if isinstance(scenario, Core)]
    if cores and options.profile:
        options.profile.mkdir(parents=True, exist_ok=True)
        (options.profile / "core.txt").write_text(profile_core())
    driven = [scenario for scenario in chosen if not isinstance(scenario, Core)]
    loads, memories = _drive(driven, options) if driven else ([], [])
    if chosen:
        print(_report(cores, loads, memories))
    for name in options.scenario or ():
        if name in MEASUREMENTS:
            _say(name)
            print(import_module(MEASUREMENTS[name]).measure())


def _drive(
    scenarios: Sequence[Load | Memory], options: argparse.Namespace
) -> tuple[list[LoadResult], list[MemoryResult]]:
    """Measure what needs a whole running stack."""
    profile = profiler(options.profile) if options.profile else None
    loads: list[LoadResult] = []
    memories: list[MemoryResult] = []
    _say("starting simulator, gateway and load generator")
    with running_stack() as stack:
        _say("warming up")
        warm_up(stack)
        for scenario in scenarios:
            _say(scenario.name)
            match scenario:
                case Load():
                    loads.append(
                        measure_load(
                            stack, scenario, rounds=options.rounds, seconds=options.seconds, profile=profile
                        )
                    )
                case Memory():
                    memories.append(measure_memory(stack, scenario))
    return loads, memories


def _report(
    cores: Sequence[CoreResult], loads: Sequence[LoadResult], memories: Sequence[MemoryResult]
) -> str:
    tables = []
    if cores:
        tables.append(core_table(cores))
    if loads:
        tables += [load_table(loads), generator_line(loads)]
    if memories:
        tables.append(memory_table(memories))
    return "\n" + "\n\n".join([*tables, "All answers were right."])


def _chosen(options: argparse.Namespace) -> list[Scenario]:
    chosen = [one for one in SCENARIOS if not options.scenario or one.name in options.scenario]
    return [_resized(scenario, options) for scenario in chosen]


def _resized(scenario: Scenario, options: argparse.Namespace) -> Scenario:
    match scenario:
        case Core():
            return scenario
        case Load():
            return replace(scenario, requests=options.requests or scenario.requests)
        case Memory():
            return replace(scenario, streams=options.streams or scenario.streams)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End with everything cleaned up, which a second signal must not cut short."""
    for each in _INTERRUPTS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(f"{text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
