"""One response from request to last event: joins the pure core to everything that does I/O.

``Generation`` is driven by a consumer::

    generation = Generation(request, caller, call)
    try:
        await generation.begin()            # errors here are plain HTTP errors
        async for events in generation.batches():
            ...                             # the terminal batch comes after its commit
    finally:
        generation.leave()                  # a client that has gone: close the upstream, book what was used

Every way out books exactly one trace and one usage row.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings

from responses_api import database, storage
from responses_api.access import Caller
from responses_api.booking import Booking, ClientCall, estimate_tokens, milliseconds_since
from responses_api.catalogue import model_catalogue
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import (
    DeadlineExceeded,
    GateTimeout,
    GatewayError,
    InternalError,
)
from responses_api.core.failures import failed_instead
from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    UpstreamFailed,
    UsageReported,
)
from responses_api.core.response_object import new_response
from responses_api.core.response_stream import Lifecycle, ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.exchange import SHUTTING_DOWN, Exchange, OverlayContent
from responses_api.exchange_desk import current_desk
from responses_api.gemini.overlay import Overlay, build_overlay
from responses_api.identifiers import new_cascade_id, new_id
from responses_api.language_server import LanguageServerClient, LanguageServerFault, current_client
from responses_api.models import Outcome, UsageSource
from responses_api.outcomes import ONLY_THOUGHTS, failure_in, fault_of, natural_outcome, outcome_of
from responses_api.overlays import delete_large_overlay, needs_row, save_large_overlay
from responses_api.tasks import spawn

logger = logging.getLogger("zg.generation")

FOLLOW_UP_TIMEOUT = 5.0
"""Seconds that a response which only thought waits for the language server's next call."""
_LAST_COUNT_TIMEOUT = 1.0
"""Seconds that a cancelled exchange waits for the interceptor's last usage count."""

_settling: set[asyncio.Task[None]] = set()


class Generation:
    """The making of one response."""

    def __init__(self, request: CreateRequest, caller: Caller, call: ClientCall) -> None:
        self._request = request
        self._caller = caller
        started = time.monotonic()
        self._time_limit = request.timeout or settings.RESPONSE_TIMEOUT
        self._deadline = started + self._time_limit
        self._profile = model_catalogue().resolve(request.model)
        self.id = new_id("resp")
        blank = new_response(
            request, response_id=self.id, model=self._profile.name, created_at=int(time.time())
        )
        self._machine = ResponseStream(blank, new_id=new_id, now=lambda: int(time.time()))
        self._booking = Booking(request, caller, call, self._machine)
        self.adaptations: tuple[str, ...] = ()
        """What was dropped or approximated for this model."""
        self.failure: GatewayError | None = None
        """Why the response failed, for an answer whose headers have not been sent."""
        self._exchange: Exchange | None = None
        self._overlay_bytes = 0
        self._large_overlay = ""
        self._peeked: list[GenerationEvent] = []

    # --- the way in ---

    async def begin(self) -> None:
        """Everything up to the claim: load, translate, start the cascade, send the marker, pass the gate.

        Raises:
            GatewayError: the request cannot be served; booked already if it had become an exchange.
        """
        history = await self._load_history()
        said = self._booking.inputs = await self._load_inputs()
        overlay = build_overlay(self._request, [*history, *said], self._profile)
        self.adaptations = overlay.adaptations
        try:
            await self._open_exchange(overlay, len(history))
        except GatewayError as error:
            await self._settle(outcome_of(error), error)
            raise
        except Exception as error:
            failure = InternalError("The gateway failed to start this response.")
            await self._settle(Outcome.FAILED, failure)
            raise failure from error

    async def _load_history(self) -> list[ConversationItem]:
        previous = self._request.previous_response_id
        if previous is None:
            return []
        return await database.run(storage.load_chain, self._caller.owner_id, previous)

    async def _load_inputs(self) -> list[ConversationItem]:
        said = [ConversationItem(item) for item in self._request.input]
        if any(item.wire["type"] == "item_reference" for item in said):
            return await database.run(storage.resolve_references, self._caller.owner_id, said)
        return said

    async def _open_exchange(self, overlay: Overlay, history_items: int) -> None:
        language_server = current_client()
        opening = self._booking.open(overlay.adaptations, history_items)
        content, cascade_id, _ = await asyncio.gather(
            self._overlay_content(overlay), language_server.start_cascade(new_cascade_id()), opening
        )
        exchange = self._exchange = (await current_desk()).register(new_id("exch"), cascade_id, content)
        spawn(_annotate(language_server, cascade_id), name="annotate cascade")
        sent = time.monotonic()
        await language_server.send_message(cascade_id, f".<cid:{cascade_id}>")
        if not await exchange.wait_for_claim(settings.GATE_TIMEOUT):
            raise GateTimeout(
                f"The interceptor saw no request of the language server within {settings.GATE_TIMEOUT:g} s."
            )
        self._booking.gate_wait_ms = milliseconds_since(sent)

    async def _overlay_content(self, overlay: Overlay) -> OverlayContent:
        body = msgspec.json.encode(overlay.body)
        self._overlay_bytes = len(body)
        if needs_row(body):
            self._large_overlay = new_id("overlay")
            await database.run(save_large_overlay, self._large_overlay, body)
            body = b""
        return OverlayContent(self._caller.credential_ref, overlay.model, body, self._large_overlay)

    # --- the answer ---

    async def wait_for_answer(self, grace: float) -> None:
        """Wait up to ``grace`` seconds for the first thing the upstream says.

        So that an upstream's refusal, which comes at once, can still be an HTTP error.

        Raises:
            UpstreamFault: it refused; booked.
        """
        assert self._exchange is not None
        self._peeked = await self._exchange.next_events(grace)
        said = [event for event in self._peeked if not isinstance(event, AnswerStarted | UsageReported)]
        if said and isinstance(refusal := said[0], UpstreamFailed):
            # The client is told by an HTTP error; the machine runs only for what is booked.
            self._machine.start()
            for event in self._peeked:
                self._machine.send(event)
            fault = self.failure = fault_of(refusal)
            self._booking.unseen = True
            await self._settle(Outcome.UPSTREAM_ERROR, fault)
            raise fault

    async def batches(self) -> AsyncIterator[list[StreamEvent]]:
        """The events as they arrive; the last batch ends with the terminal event, after the commit."""
        yield self._machine.start()
        while not self._machine.ended:
            events = await self._next_events()
            if events is None:
                told = await self._time_out()
            elif not events:
                told = self._machine.heartbeat()
            else:
                told = await self._tell(events)
            if self._machine.ended:
                told = await self._end(told)
            if told:
                yield told

    def interrupt(self) -> None:
        """The process is about to stop: the response fails with its next event."""
        if self._exchange is not None:
            self._exchange.fail(SHUTTING_DOWN)

    async def _end(self, told: list[StreamEvent]) -> list[StreamEvent]:
        """Book the response, whose last events are ``told``; what cannot be kept is not called complete."""
        try:
            await self._settle(outcome_of(self.failure), self.failure)
        except Exception:
            logger.exception("response %s could not be booked", self.id)
            self.failure = InternalError("The response could not be stored. Please try again.")
            return failed_instead(told, self.failure.message)
        return told

    async def crash(self) -> list[StreamEvent]:
        """A bug of ours in mid-stream: end the response as failed, booked, with its terminal event."""
        self.failure = InternalError("The gateway failed in the middle of this response.")
        told = [] if self._machine.ended else self._machine.fail("server_error", self.failure.message)
        await self._settle(Outcome.FAILED, self.failure)
        return told

    @property
    def response(self) -> dict[str, Any]:
        """The response object so far."""
        return self._machine.response

    async def _next_events(self) -> list[GenerationEvent] | None:
        """What arrived; empty when it is time for a sign of life, None when time has run out."""
        if self._peeked:
            peeked, self._peeked = self._peeked, []
            return peeked
        assert self._exchange is not None
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            return None
        events = await self._exchange.next_events(min(remaining, settings.KEEPALIVE_INTERVAL))
        return events or ([] if time.monotonic() < self._deadline else None)

    async def _tell(self, events: list[GenerationEvent]) -> list[StreamEvent]:
        self._booking.mark_first_event()
        told: list[StreamEvent] = []
        for event in events:
            if isinstance(event, Finished):
                if event.outcome == "completed" and not self._machine.has_output:
                    if await self._follow_up_comes():
                        return told
                    event = ONLY_THOUGHTS
                await self._count_by_trajectory()
            if isinstance(event, Finished | UpstreamFailed):
                self._count_by_estimate()
                self.failure = failure_in(event)
            told += self._machine.send(event)
            if self._machine.ended:
                break
        return told

    async def _follow_up_comes(self) -> bool:
        """The model wrote nothing: whether it thought, and the language server calls again for the rest."""
        assert self._exchange is not None
        if not self._machine.thought_chars:
            return False
        self._exchange.expect_follow_up()
        return await self._exchange.wait_for_claim(FOLLOW_UP_TIMEOUT)

    async def _time_out(self) -> list[StreamEvent]:
        told = await self._take_last_events()
        self.failure = DeadlineExceeded(f"The response was not finished within {self._time_limit:g} s.")
        return told + self._machine.fail("timeout", self.failure.message, http_status=504)

    # --- usage, where the interceptor saw none ---

    async def _count_by_trajectory(self) -> None:
        """Second best: the language server's own count."""
        if self._machine.usage is not None or self._exchange is None:
            return
        try:
            counted = await current_client().usage(self._exchange.cascade_id)
        except LanguageServerFault as fault:
            logger.warning("no usage of cascade %s: %s", self._exchange.cascade_id, fault.message)
            return
        if counted is not None:
            self._machine.send(counted)
            self._booking.usage_source = UsageSource.TRAJECTORY

    def _count_by_estimate(self) -> None:
        """Last resort, where something was generated and nobody counted."""
        machine = self._machine
        if machine.usage is None and (machine.visible_chars or machine.thought_chars):
            machine.send(estimate_tokens(machine, self._overlay_bytes))
            self._booking.usage_source = UsageSource.ESTIMATE

    # --- the way out ---

    def leave(self) -> None:
        """The consumer is done: if the response has not ended, its client has gone.

        Returns at once; the upstream is closed and what was used is booked in the background.
        """
        if self._booking.opened and not self._booking.closing:
            self._booking.closing = True
            _settle_in_background(self._abandon())

    async def _abandon(self) -> None:
        await self._take_last_events()
        if not self._machine.ended:
            self._machine.cancel()
        await self._book(Outcome.CLIENT_DISCONNECT, None)

    async def _take_last_events(self) -> list[StreamEvent]:
        """Stop the upstream on our side; what it still said, its last usage count among it."""
        told: list[StreamEvent] = []
        for event in await self._stop_upstream():
            if self._machine.lifecycle is Lifecycle.ACTIVE and not isinstance(
                event, Finished | UpstreamFailed
            ):
                told += self._machine.send(event)
        if self._machine.lifecycle is Lifecycle.ACTIVE:
            self._count_by_estimate()
        return told

    async def _stop_upstream(self) -> list[GenerationEvent]:
        """Close the upstream connection; what arrives until then, the last usage count among it."""
        exchange = self._exchange
        if exchange is None:
            return []
        exchange.cancel()
        spawn(_stop_cascade(current_client(), exchange.cascade_id), name="stop cascade")
        arrived = self._peeked
        while exchange.open_call is not None:
            more = await exchange.next_events(_LAST_COUNT_TIMEOUT)
            if not more:
                break
            arrived += more
        return arrived + await exchange.next_events(0)

    async def _settle(self, outcome: Outcome | None, error: GatewayError | None) -> None:
        """Book the end, whatever becomes of the caller; ``outcome`` None lets the response speak."""
        if self._booking.opened and not self._booking.closing:
            self._booking.closing = True
            booked = self._book(outcome or natural_outcome(self._machine), error)
            await asyncio.shield(_settle_in_background(booked))

    async def _book(self, outcome: Outcome, error: GatewayError | None) -> None:
        exchange = self._exchange
        if exchange is not None and exchange.open_call is not None:
            await self._stop_upstream()
        try:
            await self._booking.close(outcome, error, exchange)
        finally:
            if exchange is not None:
                exchange.close()
            if self._large_overlay:
                await database.run(delete_large_overlay, self._large_overlay)


async def drain(patience: float) -> None:
    """Wait up to ``patience`` seconds until every ended response is booked."""
    if _settling:
        await asyncio.wait(set(_settling), timeout=patience)


def _settle_in_background(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = spawn(work, name="book response")
    _settling.add(task)
    task.add_done_callback(_settling.discard)
    return task


async def _annotate(language_server: LanguageServerClient, cascade_id: str) -> None:
    """Some language servers schedule a run only for a conversation that somebody looks at."""
    try:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await language_server.annotate_viewed(cascade_id, now)
    except LanguageServerFault as fault:
        logger.warning("annotations of cascade %s: %s", cascade_id, fault.message)


async def _stop_cascade(language_server: LanguageServerClient, cascade_id: str) -> None:
    try:
        await language_server.cancel(cascade_id)
    except LanguageServerFault as fault:
        logger.warning("cascade %s was not cancelled: %s", cascade_id, fault.message)
