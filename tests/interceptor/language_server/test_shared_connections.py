"""A crowd of calls through a real interceptor: few connections, and what befalls one does not befall the others."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import h2.settings
import pytest

from interceptor.language_server import LanguageServerConfig, model_client, shared_connections
from interceptor.language_server.answer import ModelCallFailed
from interceptor.language_server.model_client import ModelClient
from interceptor.language_server.shared_connection import LARGEST_BODY
from interceptor.language_server.tls import client_context
from interceptor.proxy_login import ProxyLogin
from tests.interceptor.exchange_rig import until
from tests.interceptor.proxies import STOP, ProxiedPath, marked, said, unmarked
from tests.interceptor.upstreams import Exchange as Seen
from tests.interceptor.upstreams import Upstream, running_upstream

from .certificates import Certificates
from .rig import ConnectProxy, running_proxy

MODEL = "placeholder"
BEGUN = said("begun")


@pytest.fixture(autouse=True)
def nobody_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call is one of a crowd."""
    monkeypatch.setattr(model_client, "CALLS_ON_THEIR_OWN", 0)


@pytest.fixture
def protocols() -> list[str]:
    return ["http/1.1"]


def make_client(path: ProxiedPath, **changes: Any) -> ModelClient:
    config = LanguageServerConfig(
        **{
            "upstream_url": path.upstream.url,
            "csrf_token": "t",
            "proxy_url": path.proxy_url,
            "ca_file": path.ca_file,
            **changes,
        }
    )
    return ModelClient(config, client_context(config))


@pytest.fixture
async def client(path: ProxiedPath) -> AsyncIterator[ModelClient]:
    made = make_client(path)
    yield made
    await made.close()


class Call:
    """One call, under way."""

    def __init__(
        self, client: ModelClient, body: Any = None, on_data: Callable[[bytes], None] | None = None
    ) -> None:
        self.received = b""
        sent = json.dumps(unmarked() if body is None else body).encode()
        self.task = asyncio.ensure_future(client.stream(MODEL, sent, on_data or self._take))

    def _take(self, data: bytes) -> None:
        self.received += data

    async def answer(self) -> bytes:
        await self.task
        return self.received


def connections(path: ProxiedPath) -> int:
    """Of clients with the interceptor."""
    return len(path.addon("proxyserver").connections)


def shared_connections_of(client: ModelClient) -> int:
    assert client._shared is not None
    return len(client._shared._places)


def crowd(client: ModelClient, number: int) -> list[Call]:
    return [Call(client) for _ in range(number)]


async def all_begun(path: ProxiedPath, calls: list[Call]) -> None:
    await until(lambda: all(BEGUN in call.received for call in calls))


@pytest.fixture
def release(path: ProxiedPath) -> asyncio.Event:
    """The upstream begins each answer, and ends it when this is set."""
    event = asyncio.Event()

    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(BEGUN)
        await event.wait()
        await seen.data(STOP)
        await seen.end()

    path.upstream.script = script
    return event


async def test_the_first_calls_have_connections_of_their_own_and_further_ones_share(
    path: ProxiedPath, client: ModelClient, release: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_client, "CALLS_ON_THEIR_OWN", 3)
    monkeypatch.setattr(shared_connections, "CALLS_PER_CONNECTION", 4)
    calls = crowd(client, 3 + 8)
    await all_begun(path, calls)
    assert connections(path) == 3 + 2
    release.set()
    assert {await call.answer() for call in calls} == {BEGUN + STOP}

    again = crowd(client, 3 + 8)
    assert {await call.answer() for call in again} == {BEGUN + STOP}
    assert connections(path) == 3 + 2


@pytest.mark.parametrize("protocols", [["http/1.1"], ["h2", "http/1.1"]], ids=["upstream-h1", "upstream-h2"])
async def test_an_answer_is_the_one_of_its_own_request(path: ProxiedPath, client: ModelClient) -> None:
    path.upstream.script = lambda seen: seen.stream(seen.body, STOP)
    texts = [f"this is {number}" for number in range(20)]
    calls = [Call(client, unmarked(text)) for text in texts]
    for text, call in zip(texts, calls, strict=True):
        assert await call.answer() == json.dumps(unmarked(text)).encode() + STOP


async def test_a_marked_call_is_rewritten_like_any_other(path: ProxiedPath, client: ModelClient) -> None:
    path.upstream.script = lambda seen: seen.stream(seen.body, STOP)
    path.exchange(cascade := uuid.uuid4().hex)
    assert b"the real request" in await Call(client, marked(cascade)).answer()
    assert path.upstream.exchanges[0].headers["x-goog-api-key"] == "secret of credential:1"


async def test_pieces_arrive_as_they_are_sent(path: ProxiedPath, client: ModelClient) -> None:
    steps = asyncio.Queue[bytes]()

    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        while piece := await steps.get():
            await seen.data(piece)
        await seen.end()

    async def has_come(piece: bytes) -> None:
        await until(lambda: call.received.endswith(piece))

    path.upstream.script = script
    call = Call(client)
    for number in range(3):
        steps.put_nowait(said(f"piece {number}"))
        await has_come(said(f"piece {number}"))
    steps.put_nowait(b"")
    await call.answer()


@pytest.mark.parametrize("protocols", [["http/1.1"], ["h2", "http/1.1"]], ids=["upstream-h1", "upstream-h2"])
async def test_a_cancelled_call_closes_its_upstream_and_no_other(
    path: ProxiedPath, client: ModelClient, release: asyncio.Event
) -> None:
    calls = []
    for _ in range(4):
        calls += crowd(client, 1)
        await all_begun(path, calls)
    calls[1].task.cancel()
    async with asyncio.timeout(5):
        await path.upstream.exchanges[1].gone.wait()
    assert not any(
        seen.gone.is_set() for seen in path.upstream.exchanges if seen is not path.upstream.exchanges[1]
    )
    release.set()
    assert {await call.answer() for call in calls if call is not calls[1]} == {BEGUN + STOP}
    assert connections(path) == 1


async def test_what_on_data_raises_ends_only_its_call(
    path: ProxiedPath, client: ModelClient, release: asyncio.Event
) -> None:
    def refuse(data: bytes) -> None:
        raise ModelCallFailed("unreadable", "bad answer")

    other = Call(client)
    await all_begun(path, [other])
    with pytest.raises(ModelCallFailed, match="unreadable"):
        await Call(client, on_data=refuse).task
    async with asyncio.timeout(5):
        await path.upstream.exchanges[1].gone.wait()
    release.set()
    assert await other.answer() == BEGUN + STOP


async def test_a_refusal_is_told_in_the_upstreams_words(path: ProxiedPath, client: ModelClient) -> None:
    error = {"error": {"code": 429, "message": "Quota exceeded for metric", "status": "RESOURCE_EXHAUSTED"}}
    path.upstream.script = lambda seen: seen.answer(json.dumps(error).encode(), status=429)
    call = Call(client)
    with pytest.raises(ModelCallFailed, match="Quota exceeded"):
        await call.task
    assert call.received == b""


async def test_an_upstream_that_breaks_off_fails_its_call(path: ProxiedPath, client: ModelClient) -> None:
    async def script(seen: Seen) -> None:
        await seen.head(content_type="text/event-stream")
        await seen.data(BEGUN)
        await seen.break_off()

    path.upstream.script = script
    with pytest.raises(ModelCallFailed, match="broke off"):
        await Call(client).task
    assert len(path.upstream.exchanges) == 1


async def test_a_lost_connection_fails_its_calls_and_the_next_one_works(
    path: ProxiedPath, client: ModelClient, release: asyncio.Event
) -> None:
    calls = crowd(client, 3)
    await all_begun(path, calls)
    (handler,) = path.addon("proxyserver").connections.values()
    handler.transports[handler.client].writer.transport.abort()
    for call in calls:
        with pytest.raises(ModelCallFailed, match="broke off"):
            await call.task
    release.set()
    assert await Call(client).answer() == BEGUN + STOP


@pytest.mark.parametrize("login", [ProxyLogin("ada", "päss:word")], ids=["login"])
async def test_the_proxys_login_is_sent(path: ProxiedPath, client: ModelClient) -> None:
    path.upstream.script = lambda seen: seen.stream(STOP)
    assert await Call(client).answer() == STOP
    assert shared_connections_of(client) == 1


async def test_an_interceptor_that_is_not_trusted_is_named(
    path: ProxiedPath, certificates: Certificates
) -> None:
    client = make_client(path, ca_file=certificates.ca)
    with pytest.raises(ModelCallFailed, match="not trusted"):
        await Call(client).task
    await client.close()
    assert path.upstream.exchanges == []


async def test_a_large_request_goes_alone(path: ProxiedPath, client: ModelClient) -> None:
    path.upstream.script = lambda seen: seen.stream(STOP)
    text = "x" * LARGEST_BODY
    assert await Call(client, unmarked(text)).answer() == STOP
    assert path.upstream.exchanges[0].body == json.dumps(unmarked(text)).encode()
    assert shared_connections_of(client) == 0


async def test_an_unused_connection_is_closed(
    path: ProxiedPath, client: ModelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_connections, "IDLE_SECONDS", 0.0)
    path.upstream.script = lambda seen: seen.stream(STOP)
    assert await Call(client).answer() == STOP
    await until(lambda: connections(path) == 0)
    assert await Call(client).answer() == STOP


async def test_a_connection_is_replaced_after_many_calls(
    path: ProxiedPath, client: ModelClient, release: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_connections, "CALLS_IN_A_LIFE", 2)
    calls = crowd(client, 3)
    await all_begun(path, calls)
    assert connections(path) == 2
    release.set()
    assert {await call.answer() for call in calls} == {BEGUN + STOP}
    await until(lambda: connections(path) == 1)


# --- without the interceptor's doing: a plain tunnel to an upstream that speaks HTTP/2 ---


@dataclass
class Tunnelled:
    client: ModelClient
    proxy: ConnectProxy
    upstream: Upstream


@pytest.fixture
async def tunnelled(
    upstream_certificates: Certificates, upstream_speaks: list[str]
) -> AsyncIterator[Tunnelled]:
    async with running_upstream(upstream_certificates, upstream_speaks) as upstream, running_proxy() as proxy:
        upstream.script = lambda seen: seen.stream(STOP)
        config = LanguageServerConfig(
            upstream_url=upstream.url, csrf_token="t", proxy_url=proxy.url, ca_file=upstream_certificates.ca
        )
        client = ModelClient(config, client_context(config))
        yield Tunnelled(client, proxy, upstream)
        await client.close()


@pytest.fixture
def upstream_speaks() -> list[str]:
    return ["h2", "http/1.1"]


async def test_a_connection_that_died_while_it_was_idle_is_replaced(tunnelled: Tunnelled) -> None:
    assert await Call(tunnelled.client).answer() == STOP
    tunnelled.proxy.cut_next_request = True
    assert await Call(tunnelled.client).answer() == STOP
    tunnelled.proxy.cut()
    assert await Call(tunnelled.client).answer() == STOP
    assert len(tunnelled.upstream.exchanges) == 3


async def test_a_fresh_connection_that_dies_is_not_tried_again(tunnelled: Tunnelled) -> None:
    async def hang_up(seen: Seen) -> None:
        tunnelled.proxy.cut()

    tunnelled.upstream.script = hang_up
    with pytest.raises(ModelCallFailed, match="broke off"):
        await Call(tunnelled.client).task
    assert len(tunnelled.upstream.exchanges) == 1


async def test_what_a_leaving_server_has_not_begun_is_said_again(tunnelled: Tunnelled) -> None:
    """It says goodbye with the number of the last call that it has taken up: of two, the first."""

    async def leave(seen: Seen) -> None:
        if len(tunnelled.upstream.exchanges) == 1:
            await seen.head(content_type="text/event-stream")
            await seen.data(BEGUN)
            return
        tunnelled.upstream.script = lambda seen: seen.stream(STOP)
        seen.http2.h2.close_connection(last_stream_id=1)
        await seen.http2.flush()

    tunnelled.upstream.script = leave
    first = Call(tunnelled.client)
    await until(lambda: BEGUN in first.received)
    assert await Call(tunnelled.client).answer() == STOP
    with pytest.raises(ModelCallFailed, match="broke off"):
        await first.task


async def test_a_server_that_allows_fewer_calls_gets_fewer(tunnelled: Tunnelled) -> None:
    release = asyncio.Event()

    async def only_one(seen: Seen) -> None:
        tunnelled.upstream.script = lambda seen: seen.stream(STOP)
        http2 = seen.http2
        http2.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        await seen.head(content_type="text/event-stream")
        await seen.data(BEGUN)
        await release.wait()
        await seen.end()

    tunnelled.upstream.script = only_one
    first = Call(tunnelled.client)
    await until(lambda: BEGUN in first.received)
    assert await Call(tunnelled.client).answer() == STOP
    release.set()
    assert await first.answer() == BEGUN
    assert [seen.protocol for seen in tunnelled.upstream.exchanges] == ["h2", "http/1.1"]


async def test_a_server_that_breaks_the_protocol_is_left(tunnelled: Tunnelled) -> None:
    async def babble(seen: Seen) -> None:
        tunnelled.upstream.script = lambda seen: seen.stream(STOP)
        seen.http2.writer.write(bytes(9))  # data that belongs to no stream
        await seen.http2.writer.drain()

    tunnelled.upstream.script = babble
    with pytest.raises(ModelCallFailed, match="broke off"):
        await Call(tunnelled.client).task
    assert await Call(tunnelled.client).answer() == STOP


@pytest.mark.parametrize("upstream_speaks", [["http/1.1"]], ids=["h1"])
async def test_where_nobody_speaks_http2_each_call_has_its_own_connection(tunnelled: Tunnelled) -> None:
    calls = crowd(tunnelled.client, 5)
    assert {await call.answer() for call in calls} == {STOP}
    assert {seen.protocol for seen in tunnelled.upstream.exchanges} == {"http/1.1"}


async def test_an_interceptor_that_is_away_is_named(tunnelled: Tunnelled) -> None:
    config = LanguageServerConfig(
        upstream_url=tunnelled.upstream.url, csrf_token="t", proxy_url="http://127.0.0.1:1"
    )
    client = ModelClient(config, client_context(config))
    with pytest.raises(ModelCallFailed, match="The interceptor cannot be reached"):
        await Call(client).task
    await client.close()
