"""The model's answer by way of the interceptor: marker, claim, and what is read off the wire."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from django.conf import settings

from responses_api.core.client_tools import ClientTool
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import GateTimeout
from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
from responses_api.exchanges import cascades
from responses_api.exchanges.channel_messages import CaptureOrder
from responses_api.exchanges.exchange import Exchange
from responses_api.exchanges.exchange_desk import current_desk
from responses_api.exchanges.language_server import current_client
from responses_api.gemini.models import ModelProfile
from responses_api.generation.booking import milliseconds_since
from responses_api.generation.compacting_source import overlay_source
from responses_api.generation.conversation_loading import Conversation
from responses_api.generation.upstream_calls import UpstreamCalls
from responses_api.models import UsageSource
from responses_api.runtime.identifiers import new_cascade_id, new_id
from responses_api.runtime.tasks import spawn


class InterceptedAnswer:
    """One exchange through language server, interceptor and upstream; an ``AnswerSource``.

    Args:
        request: what the client asked for.
        conversation: what the model is to answer.
        profile: the model.
        credential_ref: the upstream account.

    Raises:
        InvalidRequest: the request cannot be translated for this model.
    """

    def __init__(
        self, request: CreateRequest, conversation: Conversation, profile: ModelProfile, credential_ref: str
    ) -> None:
        self._profile = profile
        self._overlays = overlay_source(request, conversation, profile, credential_ref)
        self._exchange: Exchange | None = None
        self._calls: UpstreamCalls | None = None
        self.usage_source = UsageSource.INTERCEPTED
        self.gate_wait_ms: float | None = None

    # What is asked

    @property
    def adaptations(self) -> tuple[str, ...]:
        """What was dropped or approximated for this model."""
        return self._overlays.overlay.adaptations

    @property
    def client_tools(self) -> Mapping[str, ClientTool]:
        """The client's tools by the name under which the model calls them."""
        return self._overlays.overlay.client_tools

    @property
    def upstream_model(self) -> str:
        """The model, as the upstream names it."""
        return self._overlays.overlay.model

    @property
    def sent_bytes(self) -> int:
        """Size of what was sent last."""
        return self._overlays.latest_bytes

    # What has become of it

    @property
    def cascade_id(self) -> str:
        """The language server's conversation; empty until there is one."""
        return self._exchange.cascade_id if self._exchange is not None else ""

    @property
    def turns(self) -> int:
        """Upstream calls so far."""
        return self._exchange.turns if self._exchange is not None else 0

    @property
    def in_flight(self) -> bool:
        """Whether the upstream may still be writing."""
        return self._exchange is not None and self._exchange.open_call is not None

    @property
    def remedies(self) -> list[str]:
        """What was done to get an answer, for people; grows."""
        return self._calls.remedies if self._calls is not None else []

    async def begin(self, opening: Awaitable[None], capture: Callable[[int], CaptureOrder] | None) -> None:
        """Start the cascade, register the exchange, send the marker and pass the gate."""
        content, cascade_id, _ = await asyncio.gather(
            self._overlays.first(), current_client().start_cascade(new_cascade_id()), opening
        )
        exchange = self._exchange = (await current_desk()).register(new_id("exch"), cascade_id, content)
        exchange.capture = capture
        self._calls = UpstreamCalls(
            exchange,
            say_marker=self._say_marker,
            overlay_for=self._overlays.further,
            gate_timeout=settings.GATE_TIMEOUT,
            compact=self._overlays.compact,
        )
        spawn(cascades.annotate(cascade_id), name="annotate cascade")
        sent = time.monotonic()
        await self._say_marker()
        if not await exchange.wait_for_claim(settings.GATE_TIMEOUT):
            unseen = "The interceptor saw no request of the language server"
            reason = (await current_desk()).why_unclaimed
            raise GateTimeout(reason or f"{unseen} within {settings.GATE_TIMEOUT:g} s.")
        self.gate_wait_ms = milliseconds_since(sent)

    async def next_events(self, patience: float) -> list[GenerationEvent]:
        """What arrived; empty after ``patience`` seconds of silence, or when woken."""
        assert self._calls is not None
        return await self._calls.next_events(patience)

    def hides(self, event: GenerationEvent) -> bool:
        """Whether ``event``, which ``stop`` gave, is not for the response."""
        return self._calls is not None and self._calls.hides(event)

    def wake(self) -> None:
        """Let the present or next ``next_events`` return at once."""
        if self._exchange is not None:
            self._exchange.wake()

    def fail(self, failure: UpstreamFailed) -> None:
        """End it from our side, with ``failure`` as its last event."""
        if self._exchange is not None:
            self._exchange.fail(failure)

    async def stop(self, patience: float) -> list[GenerationEvent]:
        """Close the upstream; what arrives until then, its last usage count among it."""
        if self._exchange is None:
            return []
        spawn(cascades.stop(self._exchange.cascade_id), name="stop cascade")
        return await self._exchange.stop(patience)

    def abandon(self) -> None:
        """Close the upstream and wait for nothing."""
        if self._exchange is not None:
            self._exchange.cancel()
            spawn(cascades.stop(self._exchange.cascade_id), name="stop cascade")

    async def close(self) -> None:
        """Nothing more is wanted: later claims are refused, and what was kept for them is dropped."""
        if self._exchange is not None:
            self._exchange.close()
        await self._overlays.discard()

    async def _say_marker(self) -> None:
        cascade_id = self.cascade_id
        model = self._profile.language_server_model
        await current_client().send_message(cascade_id, f".<cid:{cascade_id}>", model)
