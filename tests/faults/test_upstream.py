"""An upstream that breaks off, in every way it can: each client is told once, and keeps what came before."""

import asyncio

import aiohttp

from tests.faults.arrangement import Arrangement
from tests.faults.test_faults import all_are_booked_once, go_on
from tests.faults.watched import Watched, output_text, watch

TEXT = "The answer breaks off somewhere in here, and nobody knows where."
BREAKS = {
    "closes between two chunks": "[[cut=5]]",
    "closes in the middle of a line": "[[cut_line=5]]",
    "closes in the middle of a chunk of the transfer coding": "[[cut_transfer=5]]",
    "resets the connection": "[[reset=5]]",
    "sends garbage": "[[garbage=5]]",
    "ends without a finish": "[[no_finish]]",
    "stalls": "[[stall=5]]",
}
CROWD = 32
"""So many streams share connections of the language server's."""


async def test_an_upstream_that_resets_many_connections_at_once(arrangement: Arrangement) -> None:
    stack = arrangement.stack
    prompt = f"[[text={TEXT}]] [[chunks=8]] [[delay_ms=30]] [[reset=5]]"
    streams = [Watched(prompt) for _ in range(CROWD)]
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(watch(session, stack, stream, bound=20) for stream in streams))

    for stream in streams:
        stream.check()
        assert stream.end == "failed"
    await asyncio.to_thread(go_on, arrangement)
    await asyncio.to_thread(all_are_booked_once, stack, streams, frozenset({"upstream_error"}), 10)


async def test_an_upstream_that_breaks_off(arrangement: Arrangement, long_form: bool) -> None:
    """All at once, with answers among them that are whole."""
    stack = arrangement.stack
    times = 8 if long_form else 1
    pace = f"[[text={TEXT}]] [[chunks=8]] [[delay_ms=30]]"
    broken = {f"{name} {n}": Watched(f"{pace} {how}") for name, how in BREAKS.items() for n in range(times)}
    whole = [Watched(pace) for _ in range(2 * times)]
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for name, stream in broken.items():
            limit = {"timeout": 2 + times / 2} if name.startswith("stalls") else {}
            group.create_task(watch(session, stack, stream, bound=20, **limit))
        for stream in whole:
            group.create_task(watch(session, stack, stream, bound=20))

    for name, stream in broken.items():
        stream.check()
        assert stream.end == "failed", name
        told = output_text(stream.events[-1]["response"])
        expected = TEXT if name.startswith("ends") else TEXT[: len(TEXT) * 5 // 8]
        if name.startswith(("resets", "stalls")):
            # What the interceptor had not read yet is lost with the connection, or came after the deadline.
            assert told and expected.startswith(told), name
        else:
            assert told == expected, name
    for stream in whole:
        stream.check()
        assert stream.end == "completed"
    await asyncio.to_thread(go_on, arrangement)
    failed, stalled = frozenset({"upstream_error"}), frozenset({"timeout"})
    for name, stream in broken.items():
        outcomes = stalled if name.startswith("stalls") else failed
        await asyncio.to_thread(all_are_booked_once, stack, [stream], outcomes, 10)
    await asyncio.to_thread(all_are_booked_once, stack, whole, frozenset({"completed"}), 10)
