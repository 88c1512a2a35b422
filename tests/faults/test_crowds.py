"""Many clients at once: all leave together, some read slowly, the channel layer is too small for them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from itertools import batched

import aiohttp
import pytest

from tests.e2e.stacks import wait_until
from tests.faults.arrangement import Arrangement
from tests.faults.test_faults import all_are_booked_once, go_on
from tests.faults.watched import Watched, watch


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as opened:
        yield opened


async def test_all_clients_leave_at_once(
    arrangement: Arrangement, session: aiohttp.ClientSession, long_form: bool
) -> None:
    stack = arrangement.stack
    number = 500 if long_form else 30
    streams = [Watched(f"[[text=Client {n} leaves.]] [[chunks=9]] [[stall=3]]") for n in range(number)]
    tasks = []
    for some in batched(streams, 30):
        tasks += [asyncio.ensure_future(watch(session, stack, one, bound=120)) for one in some]
        await asyncio.gather(*(one.begun.wait() for one in some))
    assert not any(one.refusal for one in streams)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    # A second for one; many share the two cores of the machine that the tests run on.
    await asyncio.to_thread(
        wait_until, lambda: not arrangement.simulator.stats["open_streams"], within=2 + number / 20
    )
    await asyncio.to_thread(all_are_booked_once, stack, streams, frozenset({"client_disconnect"}), 60)
    await asyncio.to_thread(go_on, arrangement)


async def test_an_answer_that_comes_after_its_client_has_left(
    arrangement: Arrangement, session: aiohttp.ClientSession
) -> None:
    stack = arrangement.stack
    left = Watched("[[first_delay_ms=2500]]")
    with arrangement.simulator.stream_is_closed():
        task = asyncio.ensure_future(watch(session, stack, left, bound=20))
        while not left.events:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.to_thread(all_are_booked_once, stack, [left], frozenset({"client_disconnect"}), 10)
    await asyncio.to_thread(go_on, arrangement)


async def test_a_reader_that_pauses_gets_everything_and_holds_up_nobody(
    arrangement: Arrangement, session: aiohttp.ClientSession
) -> None:
    """What it has not read piles up: first in its own small buffers, then in the gateway's."""
    stack = arrangement.stack
    words = "slow " * 20_000
    slow = Watched(f"[[text={words}]] [[chunks=2000]]", hold=asyncio.Event())
    others = [Watched(f"[[text=Quick reader {n}.]] [[chunks=4]] [[delay_ms=20]]") for n in range(4)]
    connector = aiohttp.TCPConnector(socket_factory=with_a_small_buffer)
    async with aiohttp.ClientSession(read_bufsize=1024, connector=connector) as lazy:
        reading = asyncio.ensure_future(watch(lazy, stack, slow, bound=60))
        await slow.begun.wait()
        await asyncio.gather(*(watch(session, stack, other, bound=20) for other in others))
        assert slow.hold is not None and not reading.done()
        slow.hold.set()
        await reading
    for one in (slow, *others):
        one.check()
        assert one.end == "completed"
    await asyncio.to_thread(all_are_booked_once, stack, [slow, *others], frozenset({"completed"}), 10)
    await asyncio.to_thread(go_on, arrangement)


def with_a_small_buffer(address: aiohttp.AddrInfoType) -> socket.socket:
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    return made


async def test_a_layer_that_is_too_small_for_all(
    arrangement: Arrangement, session: aiohttp.ClientSession, long_form: bool
) -> None:
    """A channel layer that takes ten messages, and no more until they are read."""
    number = 200 if long_form else 30
    streams = [Watched(f"[[text=Stream {n} of many.]] [[chunks=9]] [[delay_ms=30]]") for n in range(number)]
    # So many that begin in one moment take the machine longer than the usual time for a claim.
    settings = {"DJANGO_SETTINGS_MODULE": "tests.faults.small_layer", "GATE_TIMEOUT": "30"}
    with arrangement.other_settings("interceptor", "gateway", **settings):
        await asyncio.gather(*(watch(session, arrangement.stack, one, bound=90) for one in streams))

        for one in streams:
            one.check()
            assert one.end == "completed", one.refusal or one.events[-1]
        booked = (arrangement.stack, streams, frozenset({"completed"}), 10)
        await asyncio.to_thread(all_are_booked_once, *booked)
