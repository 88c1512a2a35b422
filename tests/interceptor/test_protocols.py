"""Real connections through a real interceptor: HTTP/1.1 and HTTP/2 on both sides, and how streams end."""

import asyncio
import uuid

import httpx2
import pytest
from hyperframe.frame import RstStreamFrame

from interceptor.hosts import HostRules
from responses_api.core.generation_events import Finished, TextDelta, UsageReported

from .proxies import GENERATE, OVERLAY, STOP, ProxiedPath, all_events, marked, said
from .upstreams import Exchange as Seen

BOTH = ["h2", "http/1.1"]


@pytest.mark.parametrize("http2", [False, True], ids=["client-h1", "client-h2"])
@pytest.mark.parametrize("protocols", [BOTH, ["http/1.1"]], ids=["upstream-both", "upstream-h1"])
async def test_an_exchange_over_each_protocol(path: ProxiedPath, http2: bool, protocols: list[str]) -> None:
    path.upstream.script = lambda seen: seen.stream(said("one "), said("two"), STOP)
    cascade = uuid.uuid4().hex
    exchange = path.exchange(cascade)
    async with path.client(http2=http2) as client:
        answer = await client.post(GENERATE, json=marked(cascade), headers={"x-goog-api-key": "theirs"})
        events = await all_events(exchange)

    assert answer.content == said("one ") + said("two") + STOP
    assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    (seen,) = path.upstream.exchanges
    assert seen.protocol == ("h2" if http2 and protocols == BOTH else "http/1.1")
    assert (seen.body, seen.headers["x-goog-api-key"]) == (OVERLAY, "secret of credential:1")
    assert seen.path == "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["one ", "two"]
    assert UsageReported(7, 0, 3, 0) in events
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("http2", [False, True], ids=["client-h1", "client-h2"])
@pytest.mark.parametrize("protocols", [BOTH, ["http/1.1"]], ids=["upstream-both", "upstream-h1"])
async def test_an_answer_without_a_body_ends_the_exchange(
    path: ProxiedPath, http2: bool, protocols: list[str]
) -> None:
    path.upstream.script = lambda seen: seen.answer(b"", status=503)
    exchange = path.exchange(cascade := uuid.uuid4().hex)
    async with path.client(http2=http2) as client:
        answer = await client.post(GENERATE, json=marked(cascade))
        events = await all_events(exchange)

    assert answer.status_code == 503
    assert events[-1].http_status == 503  # type: ignore[union-attr]


@pytest.mark.parametrize("silent", [False, True], ids=["mid-stream", "before-the-head"])
@pytest.mark.parametrize("protocols", [BOTH, ["http/1.1"]], ids=["upstream-both", "upstream-h1"])
async def test_a_cancel_ends_one_stream_of_a_shared_connection(
    path: ProxiedPath, silent: bool, protocols: list[str]
) -> None:
    """Several exchanges on one HTTP/2 connection of a language server; one of them is cancelled."""
    release = asyncio.Event()

    async def script(seen: Seen) -> None:
        if not silent:
            await seen.head(content_type="text/event-stream")
            await seen.data(said("begun"))
        await release.wait()
        if silent:
            await seen.head(content_type="text/event-stream")
        await seen.data(STOP)
        await seen.end()

    path.upstream.script = script
    cascades = [uuid.uuid4().hex for _ in range(8)]
    exchanges = [path.exchange(cascade) for cascade in cascades]
    async with path.client(http2=True) as client:
        calls = []
        for cascade, exchange in zip(cascades, exchanges, strict=True):
            calls.append(asyncio.ensure_future(client.post(GENERATE, json=marked(cascade))))
            assert await exchange.wait_for_claim(5)
        async with asyncio.timeout(10):
            while len(path.upstream.exchanges) < len(cascades):
                await asyncio.sleep(0.01)
            if not silent:
                for exchange in exchanges:
                    await exchange.next_events(5)

        exchanges[3].cancel()
        cancelled = path.upstream.exchanges[3]
        async with asyncio.timeout(5):
            await cancelled.gone.wait()
        others = [seen for seen in path.upstream.exchanges if seen is not cancelled]
        assert not any(seen.gone.is_set() for seen in others)
        release.set()
        ends = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(ends[3], httpx2.RemoteProtocolError) or ends[3].status_code == 502  # type: ignore[union-attr]
    assert all(isinstance(end, httpx2.Response) and STOP in end.content for end in ends if end is not ends[3])
    if protocols == BOTH:
        assert path.upstream.connections == 1


@pytest.mark.parametrize("http2", [False, True], ids=["client-h1", "client-h2"])
async def test_a_client_that_leaves_closes_its_upstream_stream(path: ProxiedPath, http2: bool) -> None:
    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(said("begun"))
        await seen.gone.wait()

    path.upstream.script = script
    exchange = path.exchange(cascade := uuid.uuid4().hex)
    async with path.client(http2=http2) as client:
        async with client.stream("POST", GENERATE, json=marked(cascade)) as answer:
            async for _ in answer.aiter_bytes():
                break
            if http2:
                # httpx itself leaves the stream open.
                reset = RstStreamFrame(answer.extensions["stream_id"], error_code=8).serialize()
                await answer.extensions["network_stream"].write(reset)
        events = await all_events(exchange)
        async with asyncio.timeout(5):
            await path.upstream.exchanges[0].gone.wait()

    assert events[-1].upstream_status == "CONNECTION_RESET"  # type: ignore[union-attr]


async def test_an_upstream_that_resets_its_stream_fails_only_that_exchange(path: ProxiedPath) -> None:
    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(said("begun"))
        if seen is path.upstream.exchanges[0]:
            await seen.break_off()
        else:
            await seen.data(STOP)
            await seen.end()

    path.upstream.script = script
    async with path.client(http2=True) as client:
        for last in ("UpstreamFailed", "Finished"):
            exchange = path.exchange(cascade := uuid.uuid4().hex)
            call = asyncio.ensure_future(client.post(GENERATE, json=marked(cascade)))
            events = await all_events(exchange)
            assert type(events[-1]).__name__ == last
            await asyncio.wait([call])
            assert (call.exception() is None) == (last == "Finished")
    assert path.upstream.connections == 1


@pytest.mark.parametrize("protocols", [BOTH, ["http/1.1"]], ids=["upstream-both", "upstream-h1"])
async def test_more_streams_than_mitmproxy_opens_connections_for(
    path: ProxiedPath, protocols: list[str]
) -> None:
    """Twelve at once, all before any of them ends."""
    all_there = asyncio.Event()

    async def script(seen: Seen) -> None:
        if len(path.upstream.exchanges) == 12:
            all_there.set()
        await all_there.wait()
        await seen.stream(STOP)

    path.upstream.script = script
    cascades = [uuid.uuid4().hex for _ in range(12)]
    for cascade in cascades:
        path.exchange(cascade)
    async with path.client(http2=True) as client:
        answers = await asyncio.gather(*(client.post(GENERATE, json=marked(cascade)) for cascade in cascades))
    assert {answer.content for answer in answers} == {STOP}


@pytest.mark.parametrize("http2", [False, True], ids=["client-h1", "client-h2"])
async def test_a_cancel_while_the_upstream_is_being_connected(path: ProxiedPath, http2: bool) -> None:
    """It accepts, and does not begin TLS."""
    accepted = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(accept, "127.0.0.1", 0)
    path.upstream.port = silent.sockets[0].getsockname()[1]
    for addon in ("doorkeeper", "interceptoraddon"):
        path.addon(addon)._hosts = HostRules.parse([path.upstream.address])
    exchange = path.exchange(cascade := uuid.uuid4().hex)
    async with path.client(http2=http2) as client:
        call = asyncio.ensure_future(client.post(GENERATE, json=marked(cascade)))
        assert await exchange.wait_for_claim(5)
        await accepted.wait()
        exchange.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([call])
    assert call.exception() is not None or call.result().status_code == 502
    silent.close()
    await silent.wait_closed()
