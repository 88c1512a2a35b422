"""Calls over HTTP/1.1, each on a connection of its own out of a pool."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

from .answer import ModelCallFailed, refusal_of
from .tls import release_write_buffer

# Long decodes of the newest models can be silent for a quarter of an hour.
_TIMEOUT = aiohttp.ClientTimeout(total=3_600, connect=15, sock_connect=15)
_KEEPALIVE_SECONDS = 300.0
_READ_BUFFER = 16 * 1024
_MAX_ERROR_BODY = 64 * 1024


@dataclass(slots=True)
class _CallTrace:
    """What is noted of one HTTP request."""

    reused_connection: bool = False


class OwnConnections:
    """Any number of calls at once; idle connections are used again.

    Must be made inside a running loop.

    Args:
        origin: of the model's endpoint.
        proxy_url: the interceptor; None for none.
        headers: of every call.
        context: TLS settings.
    """

    def __init__(
        self, origin: str, proxy_url: str | None, headers: Mapping[str, str], context: ssl.SSLContext
    ) -> None:
        self._session = aiohttp.ClientSession(
            base_url=origin,
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS, ssl=context),
            headers=headers,
            proxy=proxy_url,
            timeout=_TIMEOUT,
            read_bufsize=_READ_BUFFER,
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[_reuse_trace()],
        )

    async def stream(self, path: str, body: bytes, on_data: Callable[[bytes], None]) -> None:
        """POST ``body`` to ``path``; as ``ModelClient.stream``. Cancelling it closes its connection."""
        try:
            async with await self._open(path, body) as response:
                _save_memory(response)
                try:
                    await self._read(response, on_data)
                except BaseException:
                    _abort(response)
                    raise
        except TimeoutError:
            raise ModelCallFailed("The model's endpoint did not answer in time.", "timeout") from None
        except aiohttp.ClientError as error:
            raise _connection_failure(error) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _open(self, path: str, body: bytes) -> aiohttp.ClientResponse:
        """Send the request, once more if the pooled connection had died while it was idle."""
        trace = _CallTrace()
        try:
            return await self._post(path, body, trace)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not trace.reused_connection:
                raise
        return await self._post(path, body, _CallTrace())

    async def _post(self, path: str, body: bytes, trace: _CallTrace) -> aiohttp.ClientResponse:
        return await self._session.post(path, data=body, allow_redirects=False, trace_request_ctx=trace)

    async def _read(self, response: aiohttp.ClientResponse, on_data: Callable[[bytes], None]) -> None:
        if response.status != 200:
            raise refusal_of(response.status, await _start_of(response.content))
        while data := await response.content.readany():
            on_data(data)


async def _start_of(content: aiohttp.StreamReader) -> bytes:
    start = bytearray()
    while len(start) < _MAX_ERROR_BODY and (data := await content.readany()):
        start += data
    return bytes(start)


def _save_memory(response: aiohttp.ClientResponse) -> None:
    """For the time of the answer, which may be long; nothing is written meanwhile."""
    if response.connection is not None and response.connection.transport is not None:
        release_write_buffer(response.connection.transport)


def _abort(response: aiohttp.ClientResponse) -> None:
    """Drop the connection without the TLS farewell, which would wait for the peer's."""
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()


def _reuse_trace() -> aiohttp.TraceConfig:
    async def note_reuse(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceConnectionReuseconnParams,
    ) -> None:
        context.trace_request_ctx.reused_connection = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(note_reuse)
    return trace


def _connection_failure(error: aiohttp.ClientError) -> ModelCallFailed:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return ModelCallFailed("The certificate of the model's endpoint is not trusted.", "untrusted")
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return ModelCallFailed("The interceptor cannot be reached.", "proxy unreachable")
        case aiohttp.ClientConnectorError():
            return ModelCallFailed("The model's endpoint cannot be reached.", "unreachable")
        case _:
            return ModelCallFailed("The connection to the model's endpoint broke off.", "connection lost")
