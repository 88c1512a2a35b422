"""The HTTP/2 connections of a crowd: opened through the interceptor as they are needed."""

import asyncio
import base64
import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from responses_api.runtime.tasks import spawn

from .shared_connection import SharedConnection

logger = logging.getLogger("zg.language_server")

CALLS_PER_CONNECTION = 16
"""At once. Whenever a piece of an answer comes, mitmproxy looks at all upstreams of its connection."""
CALLS_IN_A_LIFE = 512
"""After so many a connection is replaced: each leaves a little behind, on both sides."""
IDLE_SECONDS = 60.0
_OPEN_SECONDS = 15.0
_CALL_SECONDS = 3_600.0
_PAUSE_SECONDS = 10.0
"""Until it is tried again, where no connection could be made."""


class NoHttp2(Exception):
    """There is no HTTP/2 to be had; nothing has been sent."""


class _Place:
    """A connection, opened or about to be, and how much it is used."""

    def __init__(self) -> None:
        self.opening: asyncio.Task[SharedConnection | None]
        self.calls = 0
        self.calls_so_far = 0
        self.idle: asyncio.TimerHandle | None = None

    @property
    def has_room(self) -> bool:
        return self.calls < CALLS_PER_CONNECTION and self.calls_so_far < CALLS_IN_A_LIFE


class SharedConnections:
    """Any number of calls at once, several to a connection.

    Args:
        origin: of the model's endpoint, ``https``.
        proxy_url: the interceptor.
        headers: of every call.
        context: TLS settings that offer HTTP/2 and nothing else.
    """

    def __init__(
        self, origin: str, proxy_url: str, headers: Mapping[str, str], context: ssl.SSLContext
    ) -> None:
        upstream, proxy = urlsplit(origin), urlsplit(proxy_url)
        self._host = upstream.hostname or ""
        self._proxy = proxy.hostname or "", proxy.port or 80
        self._tunnel_request = _tunnel_request(
            self._host, upstream.port or 443, proxy.username, proxy.password
        )
        self._first = ((":method", "POST"), (":scheme", "https"), (":authority", upstream.netloc))
        self._headers = tuple(headers.items())
        self._context = context
        self._places: list[_Place] = []
        self._paused_until = 0.0

    async def stream(self, path: str, body: bytes, on_data: Callable[[bytes], None]) -> tuple[int, bytes]:
        """POST ``body`` to ``path``; see ``SharedConnection.stream``.

        Raises:
            NoHttp2: no connection could be made.
            CallBrokeOff: as there.
            TimeoutError: the answer took too long.
        """
        if time.monotonic() < self._paused_until:
            raise NoHttp2
        place = self._enter()
        try:
            connection = await asyncio.shield(place.opening)
            if connection is None:
                raise NoHttp2
            async with asyncio.timeout(_CALL_SECONDS):
                # HTTP/2 does not need the length; an upstream of HTTP/1.1 behind it does.
                length = ("content-length", str(len(body)))
                headers = [*self._first, (":path", path), *self._headers, length]
                return await connection.stream(headers, body, on_data)
        finally:
            self._leave(place)

    def close(self) -> None:
        """Close all connections."""
        for place in list(self._places):
            self._close(place)

    def _enter(self) -> _Place:
        place = next((place for place in self._places if place.has_room), None)
        if place is None:
            place = _Place()
            place.opening = spawn(self._opened(place), name="connection to the interceptor")
            self._places.append(place)
        place.calls += 1
        place.calls_so_far += 1
        if place.idle is not None:
            place.idle.cancel()
            place.idle = None
        return place

    def _leave(self, place: _Place) -> None:
        place.calls -= 1
        if place.calls or place not in self._places:
            return
        if place.calls_so_far < CALLS_IN_A_LIFE:
            place.idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close, place)
        else:
            self._close(place)

    def _close(self, place: _Place) -> None:
        self._forget(place)
        if not place.opening.done():
            place.opening.cancel()
        elif not place.opening.cancelled() and (connection := place.opening.result()) is not None:
            connection.close()

    def _forget(self, place: _Place) -> None:
        """Take no more calls to it."""
        with contextlib.suppress(ValueError):
            self._places.remove(place)

    async def _opened(self, place: _Place) -> SharedConnection | None:
        connection = None
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                connection = await self._open(place)
        except OSError as error:  # a timeout and every error of TLS are such
            logger.info("no HTTP/2 through the interceptor: %s", error or type(error).__name__)
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
        finally:
            if connection is None:
                self._forget(place)
        return connection

    async def _open(self, place: _Place) -> SharedConnection:
        loop = asyncio.get_running_loop()
        tunnel, answer = await loop.create_connection(_TunnelAnswer, *self._proxy)
        try:
            tunnel.write(self._tunnel_request)
            if await answer.status != 200:
                raise ConnectionRefusedError("the proxy refuses the tunnel")
            connection = SharedConnection(on_lost=lambda: self._forget(place))
            secured = await loop.start_tls(tunnel, connection, self._context, server_hostname=self._host)
            if secured is None or secured.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
                raise ConnectionRefusedError("not spoken there")
            connection.begin(secured)
            await connection.ready
        except BaseException:
            tunnel.abort()
            raise
        return connection


class _TunnelAnswer(asyncio.Protocol):
    """The proxy's answer to a CONNECT request."""

    def __init__(self) -> None:
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        if not self.status.done() and b"\r\n\r\n" in self._head:
            word = self._head[:64].split(b" ")[1:2]
            self.status.set_result(int(word[0]) if word and word[0].isdigit() else 0)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.status.done():
            self.status.set_exception(ConnectionResetError())


def _tunnel_request(host: str, port: int, user: str | None, password: str | None) -> bytes:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}"]
    if user is not None:
        login = f"{unquote(user)}:{unquote(password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()
