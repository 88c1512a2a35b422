"""Client of the language server's RPCs (Connect protocol, JSON). I/O only.

Shapes: ``docs/language-server.md``. Every method raises ``LanguageServerFault``, an
``UpstreamFault`` (502), when the server cannot be reached or refuses.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
from django.conf import settings

from responses_api.core.generation_events import UsageReported
from responses_api.exchanges.cascade_steps import Run, Step, Steps, total_usage
from responses_api.exchanges.connect_protocol import (
    EnvelopeCounter,
    LanguageServerFault,
    LanguageServerUnreachable,
    envelope,
    refusal,
    unreadable,
)

logger = logging.getLogger("zg.language_server")

CSRF_HEADER = "x-codeium-csrf-token"

_SERVICE = "/exa.language_server_pb.LanguageServerService/"
_CONNECTIONS = 16
"""RPCs at once; each takes a millisecond, and a connection costs its memory on both sides."""
_METADATA = {"ideName": "zerogravity-gateway", "ideVersion": "1", "extensionName": "gateway", "locale": "en"}
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError)
_UPDATES = "StreamCascadeReactiveUpdates"


class LanguageServerClient:
    """One pooled client per process and event loop.

    Raises:
        OSError: ``LANGUAGE_SERVER_CA_FILE`` cannot be used.
    """

    def __init__(self) -> None:
        tls = ssl.create_default_context(cafile=settings.LANGUAGE_SERVER_CA_FILE)
        self._calls = _session(aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=60, ssl=tls))
        # A stream holds its connection for as long as a run takes, and there may be many.
        self._streams = _session(aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ssl=tls))

    async def close(self) -> None:
        """Close the pools."""
        await self._calls.close()
        await self._streams.close()

    async def start_cascade(self, cascade_id: str) -> str:
        """Start a cascade under our own unguessable id; the id that counts is the one returned."""
        answer = await self._call(
            "StartCascade",
            {
                "metadata": _METADATA,
                "source": "CORTEX_TRAJECTORY_SOURCE_CASCADE_CLIENT",
                "cascadeId": cascade_id,
            },
        )
        return str(answer.get("cascadeId") or cascade_id)

    async def send_message(
        self, cascade_id: str, text: str, model: str = "", thinking_budget: int | None = None
    ) -> None:
        """Say ``text`` as the cascade's user; the run that answers it goes on by itself.

        Args:
            cascade_id: the cascade.
            text: what is said.
            model: the language server's own name of the model to ask; empty for the setting's.
            thinking_budget: tokens that the model may think; None leaves it to the model.
        """
        planner: dict[str, Any] = {
            "requestedModel": {"model": model or settings.LANGUAGE_SERVER_MODEL},
            "conversational": {"plannerMode": "CONVERSATIONAL_PLANNER_MODE_DEFAULT"},
        }
        if thinking_budget is not None:
            planner["thinkingBudget"] = thinking_budget
        await self._call(
            "SendUserCascadeMessage",
            {
                "cascadeId": cascade_id,
                "items": [{"text": text}],
                "metadata": _METADATA,
                "cascadeConfig": {"plannerConfig": planner},
            },
        )

    async def annotate_viewed(self, cascade_id: str, at: str) -> None:
        """Mark the cascade as seen by its user at ``at`` (RFC 3339)."""
        await self._call(
            "UpdateConversationAnnotations",
            {
                "cascadeIds": [cascade_id],
                "annotations": {"lastUserViewTime": at},
                "mergeAnnotations": True,
            },
        )

    async def cancel(self, cascade_id: str) -> None:
        """Stop the cascade's run."""
        await self._call("CancelCascadeInvocation", {"cascadeId": cascade_id})

    async def run(self, cascade_id: str) -> Run:
        """What the cascade is doing."""
        return await self._ask("GetCascadeTrajectory", {"cascadeId": cascade_id}, Run)

    async def steps(self, cascade_id: str, offset: int = 0) -> list[Step]:
        """The cascade's steps from index ``offset`` on."""
        question = {"cascadeId": cascade_id, "stepOffset": offset}
        return (await self._ask("GetCascadeTrajectorySteps", question, Steps)).steps or []

    async def updates(self, cascade_id: str) -> AsyncIterator[None]:
        """One item whenever the cascade has changed, until the server ends that.

        What the updates hold is bound to a release of the language server, and passed over:
        they are a reason to read the steps.
        """
        question = {"protocolVersion": 1, "id": cascade_id, "subscriberId": f"gateway-{cascade_id}"}
        counter = EnvelopeCounter(_UPDATES)
        try:
            async with self._streams.post(
                _SERVICE + _UPDATES,
                data=envelope(question),
                headers={"Content-Type": "application/connect+json"},
                timeout=aiohttp.ClientTimeout(sock_connect=settings.LANGUAGE_SERVER_CONNECT_TIMEOUT),
            ) as answer:
                if answer.status != 200 or answer.content_type != "application/connect+json":
                    raise refusal(_UPDATES, answer.status, await answer.read())
                while not counter.ended and (data := await answer.content.readany()):
                    if counter.feed(data):
                        yield
        except _FAILURES as error:
            raise _unreachable(_UPDATES, error) from error

    async def usage(self, cascade_id: str) -> UsageReported | None:
        """Tokens of the cascade's run as its trajectory counts them; None where it does not."""
        return total_usage(await self.steps(cascade_id))

    async def heartbeat(self) -> None:
        """Ask whether the server is there and takes our token."""
        await self._call("Heartbeat", {})

    async def answers(self) -> bool:
        """Whether the server answers its RPCs."""
        try:
            await self.heartbeat()
        except LanguageServerFault:
            return False
        return True

    async def _call(self, method: str, message: dict[str, Any]) -> dict[str, Any]:
        return await self._ask(method, message, dict[str, Any])

    async def _ask[T](self, method: str, message: dict[str, Any], shape: type[T]) -> T:
        try:
            async with self._calls.post(_SERVICE + method, data=msgspec.json.encode(message)) as answer:
                body = await answer.read()
        except _FAILURES as error:
            raise _unreachable(method, error) from error
        if answer.status != 200:
            raise refusal(method, answer.status, body)
        try:
            return msgspec.json.decode(body, type=shape, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise unreadable(method) from None


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        base_url=settings.LANGUAGE_SERVER_URL,
        connector=connector,
        timeout=aiohttp.ClientTimeout(
            total=settings.LANGUAGE_SERVER_TIMEOUT, sock_connect=settings.LANGUAGE_SERVER_CONNECT_TIMEOUT
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "Content-Type": "application/json",
            "Connect-Protocol-Version": "1",
            CSRF_HEADER: settings.LANGUAGE_SERVER_CSRF_TOKEN,
        },
    )


def _unreachable(method: str, error: Exception) -> LanguageServerUnreachable:
    """The fault for a connection without a whole answer. The log has the details, the client has not."""
    logger.error("language server, %s: %s", method, type(error).__name__)
    match error:
        case aiohttp.ClientConnectorDNSError():
            what = "The language server's host name cannot be resolved."
        case aiohttp.ClientSSLError() | ssl.SSLError():
            what = "The language server's certificate is not trusted, or it does not speak TLS."
        case TimeoutError():
            what = "The language server did not answer in time."
        case aiohttp.ClientConnectorError():
            what = "The language server cannot be reached."
        case _:
            what = "The connection to the language server broke off."
    return LanguageServerUnreachable(what)


_clients: dict[asyncio.AbstractEventLoop, LanguageServerClient] = {}


def current_client() -> LanguageServerClient:
    """This process's client, made on first use. One per running event loop."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        client = _clients[loop] = LanguageServerClient()
    return client


async def close_current_client() -> None:
    """Close this process's client, if it was made."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.close()
