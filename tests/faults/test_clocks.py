"""Somebody sets the clock of a machine while responses are being made: nobody is taken for dead or late."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.background import ended
from tests.e2e.stacks import MODEL, Simulator, Stack, copy_database, wait_until
from tests.faults.arrangement import Arrangement
from tests.faults.conftest import running
from tests.faults.redis_server import RedisServer
from tests.faults.test_faults import all_are_booked_once, go_on
from tests.faults.wall_clock import WallClocks
from tests.faults.watched import Watched, watch

DAY = 86_400
PARTS = ("gateway", "interceptor", "language server", "database", "redis")
MACHINES = {
    "one machine for all": PARTS,
    "the gateway's": ("gateway",),
    "the interceptor's": ("interceptor",),
    "the database's": ("database",),
    "the channel layer's": ("redis",),
}
SHORT = ("one machine for all", "the gateway's")


@pytest.fixture(scope="module")
def clocks(work_folder: Path) -> WallClocks:
    return WallClocks(work_folder / "clocks")


@pytest.fixture(scope="module")
def arrangement(
    work_folder: Path, database_template: Path, simulator: Simulator, clocks: WallClocks
) -> Iterator[Arrangement]:
    """One whose parts go by clocks that can be set."""
    home = work_folder / "clocked"
    copy_database(database_template, home / "postgres")
    redis = RedisServer(home, clocks.environment("redis"))
    with running(Arrangement(home, simulator, redis, clocks.environment)) as started:
        yield started


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("machine", MACHINES if metafunc.config.getoption("--long-faults") else SHORT)


async def test_a_clock_is_set_in_the_middle_of_streams(
    machine: str, arrangement: Arrangement, clocks: WallClocks
) -> None:
    """A day forward, then back."""
    with arrangement.logs_shown():
        for seconds in (DAY, -DAY):
            await run_across_a_jump(arrangement, clocks, seconds, MACHINES[machine])


async def run_across_a_jump(
    arrangement: Arrangement, clocks: WallClocks, seconds: int, names: tuple[str, ...]
) -> None:
    stack, limited = arrangement.stack, arrangement.limited
    words = "is told across a jump of the clock."
    prompts = [f"[[text=Stream {n} {words}]] [[chunks=60]] [[delay_ms=50]]" for n in range(4)]
    streams = [Watched(prompt) for prompt in prompts]
    only = Watched(prompts[0])
    client = stack.client()
    before = await asyncio.to_thread(client.responses.create, model=MODEL, input="Before the jump.")
    running = await asyncio.to_thread(client.responses.create, model=MODEL, input=prompts[0], background=True)
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(watch(session, stack, stream, bound=20))
        group.create_task(watch(session, limited, only, bound=20))
        for stream in (*streams, only):
            await stream.begun.wait()
        clocks.jump(seconds, *names)

    for stream in (*streams, only):
        stream.check()
        assert stream.end == "completed"
    assert (await asyncio.to_thread(ended, stack, running.id)).status == "completed"
    await asyncio.to_thread(all_are_booked_once, stack, [*streams, only], frozenset({"completed"}), 10)
    ids = [stream.response_id for stream in (*streams, only)]
    await asyncio.to_thread(lasted_seconds, stack, [*ids, running.id])
    after = await asyncio.to_thread(
        client.responses.create, model=MODEL, input="After it.", previous_response_id=before.id
    )
    assert after.output_text
    # The only place of this key is free again.
    await asyncio.to_thread(limited.client().responses.create, model=MODEL, input="hi")
    await asyncio.to_thread(go_on, arrangement)


def lasted_seconds(stack: Stack, ids: list[str]) -> None:
    """What the traces say of the duration is what passed."""

    def durations() -> list[float]:
        rows = stack.query(
            "SELECT duration_ms, first_event_ms, gate_wait_ms FROM responses_api_trace"
            " WHERE response_id = ANY(%(ids)s) AND outcome = 'completed'",
            ids=ids,
        )
        return [duration for row in rows for duration in row.values()]

    wait_until(lambda: len(durations()) == 3 * len(ids), within=5)
    assert all(0 <= duration < 20_000 for duration in durations()), durations()
