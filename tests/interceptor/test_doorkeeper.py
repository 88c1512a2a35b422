"""Who may use the proxy and for what, over real connections; nothing of a tunnel or a WebSocket is kept."""

import asyncio
import base64
import logging

import httpx2
import pytest
from mitmproxy.test import tflow

from interceptor.doorkeeper import Doorkeeper
from interceptor.hosts import HostRules
from interceptor.language_server import LanguageServerConfig
from interceptor.language_server.model_client import ModelClient
from interceptor.language_server.tls import client_context
from interceptor.proxy_login import ProxyLogin

from .language_server.certificates import Certificates
from .proxies import STOP, ProxiedPath, said, unmarked

LOGIN = ProxyLogin("agent", "p@ss:wörd")
GENERATE = "/v1beta/models/m:streamGenerateContent?alt=sse"


async def raw(path: ProxiedPath, request: bytes) -> bytes:
    """The proxy's whole answer to ``request``, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", path.running.port)
    writer.write(request)
    try:
        async with asyncio.timeout(5):
            return await reader.readuntil(b"\n\r\n") + await reader.read(2000)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("address", ["example.com:443", "127.0.0.1:1", "metadata.internal:80"])
async def test_a_tunnel_to_another_host_is_refused(path: ProxiedPath, address: str) -> None:
    answer = await raw(path, f"CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert f"no requests for {address}".encode() in answer


@pytest.mark.parametrize(
    "request_line",
    ["GET http://example.com/ HTTP/1.1\r\nHost: example.com", "GET / HTTP/1.1\r\nHost: 127.0.0.1"],
)
async def test_nor_is_a_plain_request_for_one_served(path: ProxiedPath, request_line: str) -> None:
    answer = await raw(path, f"{request_line}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 ")


async def test_the_upstream_is_served_without_a_login_on_this_machine(path: ProxiedPath) -> None:
    path.upstream.script = lambda seen: seen.stream(said("hi"), STOP)
    async with path.client() as client:
        answer = await client.post(GENERATE, json=unmarked())
    assert answer.content == said("hi") + STOP


@pytest.mark.parametrize("login", [LOGIN])
class TestWithLogin:
    async def test_who_sends_it_is_served(self, path: ProxiedPath) -> None:
        path.upstream.script = lambda seen: seen.stream(STOP)
        async with path.client() as client:
            answer = await client.post(GENERATE, json=unmarked())
        assert answer.status_code == 200
        assert "proxy-authorization" not in path.upstream.exchanges[0].headers

    async def test_our_language_server_sends_it(
        self, path: ProxiedPath, upstream_certificates: Certificates
    ) -> None:
        path.upstream.script = lambda seen: seen.stream(STOP)
        config = LanguageServerConfig(
            upstream_url=path.upstream.url, csrf_token="t", proxy_url=path.proxy_url, ca_file=path.ca_file
        )
        client = ModelClient(config, client_context(config))
        got: list[bytes] = []
        await client.stream("m", b"{}", got.append)
        await client.close()
        assert b"".join(got) == STOP

    @pytest.mark.parametrize(
        "userinfo", ["", "agent:wrong", "other:p@ss:wörd", "agent"], ids=["none", "password", "user", "half"]
    )
    async def test_who_does_not_is_asked_for_it(
        self, path: ProxiedPath, userinfo: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        sent = base64.b64encode(userinfo.encode()).decode()
        header = f"Proxy-Authorization: Basic {sent}\r\n" if userinfo else ""
        for request in (
            f"CONNECT {path.upstream.address} HTTP/1.1\r\nHost: {path.upstream.address}\r\n{header}\r\n",
            f"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n{header}\r\n",
            f"GET http://{path.upstream.address}/ HTTP/1.1\r\nHost: {path.upstream.address}\r\n{header}\r\n",
        ):
            answer = await raw(path, request.encode())
            assert answer.startswith(b"HTTP/1.1 407 ")
            assert b'proxy-authenticate: Basic realm="interceptor"' in answer.lower().replace(
                b"basic realm", b"Basic realm"
            )
        assert path.upstream.connections == 0
        assert sent not in caplog.text or not sent

    async def test_a_client_library_says_what_is_missing(self, path: ProxiedPath) -> None:
        async with path.client(proxy=f"http://127.0.0.1:{path.running.port}") as client:
            with pytest.raises(httpx2.ProxyError, match="407"):
                await client.get("/")


async def test_a_host_that_is_passed_through_keeps_its_own_certificate(
    path: ProxiedPath, upstream_certificates: Certificates
) -> None:
    """Who trusts only the interceptor does not get through: TLS does not end there."""
    hosts = HostRules.parse([], [path.upstream.address])
    path.upstream.script = lambda seen: seen.stream(said("unseen"), STOP)
    for addon in ("doorkeeper", "interceptoraddon"):
        path.addon(addon)._hosts = hosts
    async with path.client(ca_file=upstream_certificates.ca) as client:
        answer = await client.post(GENERATE, json=unmarked())
    assert answer.content == said("unseen") + STOP
    async with path.client() as client:
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.post(GENERATE, json=unmarked())
    assert path.written == []


def test_no_message_of_a_tunnel_or_a_websocket_is_kept() -> None:
    keeper = Doorkeeper(HostRules(()), None)
    tunnel, socket = tflow.ttcpflow(), tflow.twebsocketflow()
    assert tunnel.messages
    assert socket.websocket is not None
    assert socket.websocket.messages
    keeper.tcp_message(tunnel)
    keeper.websocket_message(socket)
    assert (tunnel.messages, socket.websocket.messages) == ([], [])
