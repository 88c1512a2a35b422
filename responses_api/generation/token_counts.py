"""Has the upstream count the tokens of a request, as it would be sent: ``countTokens``. I/O only.

Asked directly, past language server and interceptor, with the caller's own credential. Counting
is free of charge, so it is neither traced nor booked.
"""

import asyncio
import ssl
from pathlib import Path
from urllib.parse import quote

import aiohttp
import msgspec
from django.conf import settings

from responses_api.access.credentials import CredentialUnavailable, UpstreamAuth, failure_of, renewed_ref
from responses_api.access.renewing import upstream_auth
from responses_api.core.errors import UpstreamFault
from responses_api.gemini.errors import ConnectionFault, connection_failure, failure_from_body
from responses_api.gemini.overlay import Overlay
from responses_api.gemini.token_count import count_request, counted_tokens
from responses_api.generation.outcomes import fault_of

_CONNECTIONS = 16
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10)

_upstream: tuple[str, Path | None] | None = None


def upstream_is_at(url: str, ca_file: Path | None) -> None:
    """Ask another address than ``UPSTREAM_URL``: for an upstream that is started with the gateway."""
    global _upstream
    _upstream = (url, ca_file)


async def count_tokens(overlay: Overlay, credential_ref: str) -> int:
    """Tokens of input that ``overlay`` comes to, by the upstream's own count.

    Args:
        overlay: the request; it is not generated from.
        credential_ref: the upstream account to ask with.

    Raises:
        UpstreamFault: that account cannot be used; the upstream cannot be reached, or refused, in
            its own words.
    """
    counter = current_counter()
    try:
        try:
            return await counter.count(overlay, await upstream_auth(credential_ref))
        except UpstreamFault as fault:
            renewed = renewed_ref(credential_ref) if fault.http_status == 401 else None
            if renewed is None:
                raise
            return await counter.count(overlay, await upstream_auth(renewed))
    except CredentialUnavailable as unavailable:
        raise fault_of(failure_of(unavailable)) from None


class TokenCounter:
    """One pooled client per process and event loop."""

    def __init__(self) -> None:
        url, ca_file = _upstream or (settings.UPSTREAM_URL, settings.UPSTREAM_CA_FILE)
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self._models = f"{url}/{settings.UPSTREAM_API_VERSION}/models/"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=30, ssl=context),
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json"},
        )

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()

    async def count(self, overlay: Overlay, auth: UpstreamAuth) -> int:
        """As ``count_tokens``."""
        address = self._models + quote(overlay.model, safe="") + ":countTokens"
        body = msgspec.json.encode(count_request(overlay))
        headers = dict(auth.headers())
        try:
            try:
                status, said = await self._ask(address, body, headers)
            except aiohttp.ServerDisconnectedError:
                # A kept-alive connection that the upstream had just closed. Counting may be repeated.
                status, said = await self._ask(address, body, headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise fault_of(connection_failure(_kind(error))) from error
        if status != 200:
            raise fault_of(failure_from_body(status, said))
        return counted_tokens(said)

    async def _ask(self, address: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        async with self._session.post(address, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read()


def _kind(error: Exception) -> ConnectionFault:
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorDNSError():
            return "dns"
        case aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.ClientConnectorError():
            return "refused"
        case _:
            return "reset"


_counters: dict[asyncio.AbstractEventLoop, TokenCounter] = {}


def current_counter() -> TokenCounter:
    """This process's client, made on first use. One per running event loop."""
    loop = asyncio.get_running_loop()
    counter = _counters.get(loop)
    if counter is None:
        counter = _counters[loop] = TokenCounter()
    return counter


async def close_current_counter() -> None:
    """Close this process's client, if it was made."""
    counter = _counters.pop(asyncio.get_running_loop(), None)
    if counter is not None:
        await counter.close()
