"""The language server's calls to the model's endpoint: I/O only."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace

import aiohttp
from yarl import URL

from .answer import ModelCallFailed, refusal_of
from .config import LanguageServerConfig
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


class ModelClient:
    """Streams answers over pooled connections; lives as long as the server.

    Must be made inside a running loop.
    """

    def __init__(self, config: LanguageServerConfig, context: ssl.SSLContext) -> None:
        self._config = config
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "User-Agent": config.user_agent,
        }
        headers.update(config.credential_headers)
        self._url = lru_cache(maxsize=64)(self._url_of)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS, ssl=context),
            headers=headers,
            proxy=config.proxy_url,
            timeout=_TIMEOUT,
            read_bufsize=_READ_BUFFER,
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[_reuse_trace()],
        )

    async def stream(self, model: str, body: bytes, on_data: Callable[[bytes], None]) -> None:
        """Make one streaming generate call; return when the answer's last byte is in.

        Cancelling it closes the connection at once.

        Args:
            model: Upstream model name.
            body: JSON of the request.
            on_data: Gets the answer's bytes as they arrive; what it raises ends the call.

        Raises:
            ModelCallFailed: refused, unreachable or broken off.
        """
        try:
            async with await self._open(model, body) as response:
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

    async def _open(self, model: str, body: bytes) -> aiohttp.ClientResponse:
        """Send the request, once more if the pooled connection had died while it was idle."""
        trace = _CallTrace()
        try:
            return await self._post(model, body, trace)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not trace.reused_connection:
                raise
        return await self._post(model, body, _CallTrace())

    async def _post(self, model: str, body: bytes, trace: _CallTrace) -> aiohttp.ClientResponse:
        return await self._session.post(
            self._url(model), data=body, allow_redirects=False, trace_request_ctx=trace
        )

    async def _read(self, response: aiohttp.ClientResponse, on_data: Callable[[bytes], None]) -> None:
        if response.status != 200:
            raise refusal_of(response.status, await _start_of(response.content))
        while data := await response.content.readany():
            on_data(data)

    def _url_of(self, model: str) -> URL:
        base = self._config.upstream_url.rstrip("/")
        return URL(f"{base}/{self._config.api_version}/models/{model}:streamGenerateContent?alt=sse")


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
