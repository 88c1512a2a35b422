"""Nothing of a flow is kept after its end, however it ended."""

import asyncio
import gc
import uuid

import httpx2
import pytest
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.layers import http as http_layers

from interceptor.answer_tap import AnswerTap
from interceptor.relay import Call

from .exchange_rig import until
from .proxies import GENERATE, STOP, ProxiedPath, all_events, marked, said, unmarked
from .upstreams import Exchange as Seen

ROUNDS = 15
_KEPT = (HTTPFlow, http_layers.HttpStream, AnswerTap, Call)


def alive() -> dict[str, int]:
    gc.collect()
    return {kind.__name__: sum(type(thing) is kind for thing in gc.get_objects()) for kind in _KEPT}


def no_more_than(before: dict[str, int]) -> bool:
    """What earlier tests had left may have gone meanwhile."""
    return all(number <= before[kind] for kind, number in alive().items())


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
async def test_no_flow_outlives_its_answer(path: ProxiedPath, http2: bool) -> None:
    """The connection stays open; what went over it is gone."""
    path.upstream.script = lambda seen: seen.stream(said("hi"), STOP)
    before = alive()
    async with path.client(http2=http2) as client:
        for _ in range(ROUNDS):
            exchange = path.exchange(cascade := uuid.uuid4().hex)
            await client.post(GENERATE, json=marked(cascade))
            await all_events(exchange)
            exchange.close()
            await client.post(GENERATE, json=unmarked())
            await client.get("/v1beta/models")
        await client.post(GENERATE, json=marked(uuid.uuid4().hex))
        await until(lambda: len(path.written) == ROUNDS)
        # The connection itself keeps its CONNECT, and HTTP/1.1 the last request.
        await until(lambda: all(number <= before[kind] + 3 for kind, number in alive().items()))
    await until(lambda: no_more_than(before))


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
async def test_nor_an_answer_that_was_broken_off(path: ProxiedPath, http2: bool) -> None:
    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(said("begun"))
        await seen.gone.wait()

    path.upstream.script = script
    before = alive()
    for by_gateway in (True, False) * 4:
        exchange = path.exchange(cascade := uuid.uuid4().hex)
        async with path.client(http2=http2) as client:
            call = asyncio.ensure_future(client.post(GENERATE, json=marked(cascade)))
            await exchange.next_events(5)
            if by_gateway:
                exchange.cancel()
            else:
                call.cancel()
            with pytest.raises((httpx2.RemoteProtocolError, asyncio.CancelledError)):
                await call
        exchange.close()
        del call
    await until(lambda: no_more_than(before))
