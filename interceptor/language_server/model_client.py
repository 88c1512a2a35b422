"""The language server's calls to the model's endpoint: which connection each takes."""

import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from .answer import ModelCallFailed, refusal_of
from .config import LanguageServerConfig
from .own_connections import OwnConnections
from .shared_connection import LARGEST_BODY, CallBrokeOff
from .shared_connections import NoHttp2, SharedConnections
from .tls import client_context

CALLS_ON_THEIR_OWN = 24
"""At once, each on an HTTP/1.1 connection of its own, which costs the least CPU; further ones share
HTTP/2 connections, which costs the least memory."""


class ModelClient:
    """Streams answers over pooled connections; lives as long as the server.

    Must be made inside a running loop.

    Raises:
        OSError: the CA file cannot be used.
    """

    def __init__(self, config: LanguageServerConfig, context: ssl.SSLContext) -> None:
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream",
            "accept-encoding": "identity",
            "user-agent": config.user_agent,
            **{name.lower(): value for name, value in config.credential_headers.items()},
        }
        upstream = urlsplit(config.upstream_url.rstrip("/"))
        self._base_path = f"{upstream.path}/{config.api_version}/models"
        origin = f"{upstream.scheme}://{upstream.netloc}"
        self._own = OwnConnections(origin, config.proxy_url, headers, context)
        self._on_their_own = 0
        self._shared: SharedConnections | None = None
        proxy = config.proxy_url or ""
        if proxy.startswith("http://") and upstream.scheme == "https":
            self._shared = SharedConnections(origin, proxy, headers, client_context(config, "h2"))

    async def stream(self, model: str, body: bytes, on_data: Callable[[bytes], None]) -> None:
        """Make one streaming generate call; return when the answer's last byte is in.

        Cancelling it ends the call at once.

        Args:
            model: Upstream model name.
            body: JSON of the request.
            on_data: Gets the answer's bytes as they arrive; what it raises ends the call.

        Raises:
            ModelCallFailed: refused, unreachable or broken off.
        """
        path = f"{self._base_path}/{model}:streamGenerateContent?alt=sse"
        if self._on_their_own >= CALLS_ON_THEIR_OWN and len(body) <= LARGEST_BODY:
            if await self._streamed_with_others(path, body, on_data):
                return
        self._on_their_own += 1
        try:
            await self._own.stream(path, body, on_data)
        finally:
            self._on_their_own -= 1

    async def close(self) -> None:
        """Close all connections."""
        await self._own.close()
        if self._shared is not None:
            self._shared.close()

    async def _streamed_with_others(self, path: str, body: bytes, on_data: Callable[[bytes], None]) -> bool:
        """Make the call on a shared connection; False if it has to be made, or repeated, in the other way."""
        if self._shared is None:
            return False
        try:
            status, refusal = await self._shared.stream(path, body, on_data)
        except NoHttp2:
            return False
        except CallBrokeOff as end:
            if end.repeatable:
                return False
            text = "The connection to the model's endpoint broke off."
            raise ModelCallFailed(text, "connection lost") from None
        except TimeoutError:
            raise ModelCallFailed("The model's endpoint did not answer in time.", "timeout") from None
        if status != 200:
            raise refusal_of(status, refusal)
        return True
