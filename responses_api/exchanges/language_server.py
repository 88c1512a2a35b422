"""Client of the language server's RPCs (Connect protocol, JSON). I/O only.

Shapes: ``docs/language-server.md``. Every method raises ``LanguageServerFault``, an
``UpstreamFault`` (502), when the server cannot be reached or refuses.
"""

import asyncio
import logging
from typing import Any

import aiohttp
import msgspec
from django.conf import settings

from responses_api.core.errors import UpstreamFault
from responses_api.core.generation_events import UsageReported

logger = logging.getLogger("zg.language_server")

_SERVICE = "/exa.language_server_pb.LanguageServerService/"
_CONNECTIONS = 16
"""RPCs at once; each takes a millisecond, and a connection costs its memory on both sides."""
_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
_METADATA = {"ideName": "zerogravity-gateway", "ideVersion": "1", "extensionName": "gateway", "locale": "en"}
_NUMBERS = ("inputTokens", "outputTokens", "thinkingOutputTokens", "responseOutputTokens")


class LanguageServerFault(UpstreamFault):
    """The language server cannot be reached, or answered with an error."""

    http_status = 502
    code = "language_server_error"


class LanguageServerClient:
    """One pooled client per process and event loop."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            base_url=settings.LANGUAGE_SERVER_URL,
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=60),
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Content-Type": "application/json",
                "Connect-Protocol-Version": "1",
                "x-codeium-csrf-token": settings.LANGUAGE_SERVER_CSRF_TOKEN,
            },
        )

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()

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

    async def send_message(self, cascade_id: str, text: str, model: str = "") -> None:
        """Say ``text`` as the cascade's user; the run that answers it goes on by itself.

        ``model`` is the language server's own name of the model to ask; empty for the setting's.
        """
        planner = {
            "requestedModel": {"model": model or settings.LANGUAGE_SERVER_MODEL},
            "conversational": {"plannerMode": "CONVERSATIONAL_PLANNER_MODE_DEFAULT"},
        }
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

    async def usage(self, cascade_id: str) -> UsageReported | None:
        """Tokens of the cascade's run as its trajectory counts them; None where it does not."""
        answer = await self._call("GetCascadeTrajectorySteps", {"cascadeId": cascade_id, "stepOffset": 0})
        sums = dict.fromkeys(_NUMBERS, 0)
        for step in answer.get("steps", []):
            if step.get("type") == "CORTEX_STEP_TYPE_PLANNER_RESPONSE":
                counted = step.get("metadata", {}).get("modelUsage", {})
                for name in _NUMBERS:
                    sums[name] += int(counted.get(name, 0))
        if not any(sums.values()):
            return None
        return UsageReported(
            input_tokens=sums["inputTokens"],
            output_tokens=sums["outputTokens"],
            reasoning_tokens=sums["thinkingOutputTokens"],
        )

    async def answers(self) -> bool:
        """Whether the server answers its RPCs."""
        try:
            await self._call("Heartbeat", {})
        except LanguageServerFault:
            return False
        return True

    async def _call(self, method: str, message: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._session.post(_SERVICE + method, data=msgspec.json.encode(message)) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            logger.error("language server, %s: %s", method, error or type(error).__name__)
            raise LanguageServerFault(
                f"The language server at {settings.LANGUAGE_SERVER_URL} cannot be reached."
            ) from error
        try:
            decoded = msgspec.json.decode(body)
        except msgspec.DecodeError:
            decoded = None
        if answer.status != 200 or not isinstance(decoded, dict):
            raise LanguageServerFault(_refusal(method, answer.status, decoded))
        return decoded


def _refusal(method: str, status: int, decoded: object) -> str:
    said = decoded.get("message") if isinstance(decoded, dict) else None
    return f"The language server refused {method} ({status}): {said or 'no reason given'}"


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
