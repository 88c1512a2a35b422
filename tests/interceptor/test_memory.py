"""Nothing of a flow is kept after its end, however it ended."""

import asyncio
import gc
import uuid

import httpx2
import pytest
from mitmproxy.connection import Server
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.layers import http as http_layers

from interceptor.answer_tap import AnswerTap
from interceptor.relay import Call

from .exchange_rig import until
from .proxies import GENERATE, STOP, ProxiedPath, all_events, marked, said, unmarked
from .upstreams import Exchange as Seen

ROUNDS = 15
_KEPT = (HTTPFlow, http_layers.HttpStream, AnswerTap, Call, Server)


@pytest.fixture(autouse=True)
def only_new_objects(path: ProxiedPath) -> None:
    """What there is already is neither counted nor looked through, which takes a second each time."""
    gc.collect()
    gc.freeze()


def alive() -> dict[str, int]:
    gc.collect()
    return {kind.__name__: sum(type(thing) is kind for thing in gc.get_objects()) for kind in _KEPT}


def nothing_is_left() -> bool:
    return not any(alive().values())


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
@pytest.mark.parametrize(
    "protocols", [["h2", "http/1.1"], ["http/1.1"]], ids=["upstream-both", "upstream-h1"]
)
async def test_no_flow_outlives_its_answer(path: ProxiedPath, http2: bool, protocols: list[str]) -> None:
    """The connection stays open; what went over it is gone, and so is what it needed of upstream connections."""
    path.upstream.script = lambda seen: seen.stream(said("hi"), STOP)
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
        await until(lambda: max(alive().values()) <= 3)
    await until(nothing_is_left)


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
async def test_nor_an_answer_that_was_broken_off(path: ProxiedPath, http2: bool) -> None:
    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(said("begun"))
        await seen.gone.wait()

    path.upstream.script = script
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
    await until(nothing_is_left)
