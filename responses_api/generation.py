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
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings

from responses_api import database, storage
from responses_api.access import Caller
from responses_api.booking import (
    ClientCall,
    count_tokens,
    describe_error,
    describe_request,
    describe_response,
    estimate_tokens,
    natural_outcome,
)
from responses_api.catalogue import model_catalogue
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import (
    DeadlineExceeded,
    GateTimeout,
    GatewayError,
    InternalError,
    UpstreamFault,
)
from responses_api.core.generation_events import Finished, GenerationEvent, UpstreamFailed
from responses_api.core.input_items import stored_input_item
from responses_api.core.response_object import new_response
from responses_api.core.response_stream import ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.exchanges import Exchange, OverlayContent, current_desk
from responses_api.gemini.overlay import Overlay, build_overlay
from responses_api.identifiers import new_cascade_id, new_id
from responses_api.language_server import LanguageServerClient, LanguageServerFault, current_client
from responses_api.models import Outcome, Trace, UsageSource
from responses_api.overlays import delete_large_overlay, needs_row, save_large_overlay
from responses_api.tasks import spawn

logger = logging.getLogger("zg.generation")

FOLLOW_UP_TIMEOUT = 5.0
"""Seconds that a response which only thought waits for the language server's next call."""
_LAST_COUNT_TIMEOUT = 1.0
"""Seconds that a cancelled exchange waits for the interceptor's last usage count."""

_leaving: set[asyncio.Task[None]] = set()


class Generation:
    """The making of one response."""

    def __init__(self, request: CreateRequest, caller: Caller, call: ClientCall) -> None:
        self._request = request
        self._caller = caller
        self._call = call
        self._started = time.monotonic()
        self._deadline = self._started + (request.timeout or settings.RESPONSE_TIMEOUT)
        self._profile = model_catalogue().resolve(request.model)
        self._machine = ResponseStream(
            new_response(
                request, response_id=new_id("resp"), model=self._profile.name, created_at=int(time.time())
            ),
            new_id=new_id,
            now=lambda: int(time.time()),
        )
        self.id: str = self._machine.response["id"]
        self.adaptations: tuple[str, ...] = ()
        """What was dropped or approximated for this model."""
        self.failure: GatewayError | None = None
        """Why the response failed, for an answer whose headers have not been sent."""
        self._trace_id = new_id("trace")
        self._trace_open = False
        self._closing = False
        self._exchange: Exchange | None = None
        self._overlay_bytes = 0
        self._large_overlay = ""
        self._peeked: list[GenerationEvent] = []
        self._gate_wait_ms: float | None = None
        self._first_event_ms: float | None = None

    # --- the way in ---

    async def begin(self) -> None:
        """Everything up to the claim: load, translate, start the cascade, send the marker, pass the gate.

        Raises:
            GatewayError: the request cannot be served; booked already if it had become an exchange.
        """
        conversation = await self._load_conversation()
        overlay = build_overlay(self._request, conversation, self._profile)
        self.adaptations = overlay.adaptations
        try:
            await self._open_exchange(overlay, history_items=len(conversation) - len(self._request.input))
        except GatewayError as error:
            await self._close(_outcome_of(error), error)
            raise
        except Exception as error:
            await self._close(Outcome.FAILED, InternalError("The gateway failed to start this response."))
            raise InternalError("The gateway failed to start this response.") from error

    async def _load_conversation(self) -> list[ConversationItem]:
        history: list[ConversationItem] = []
        previous = self._request.previous_response_id
        if previous is not None:
            history = await database.run(storage.load_chain, self._caller.owner_id, previous)
        said = [ConversationItem(item) for item in self._request.input]
        if any(item.wire["type"] == "item_reference" for item in said):
            said = await database.run(storage.resolve_references, self._caller.owner_id, said)
        self._inputs = said
        return history + said

    async def _open_exchange(self, overlay: Overlay, history_items: int) -> None:
        language_server = current_client()
        desk, (cascade_id, _) = await asyncio.gather(
            current_desk(),
            asyncio.gather(
                language_server.start_cascade(new_cascade_id()), self._open_trace(overlay, history_items)
            ),
        )
        exchange = self._exchange = desk.register(
            new_id("exch"), cascade_id, await self._overlay_content(overlay)
        )
        spawn(_annotate(language_server, cascade_id), name="annotate cascade")
        sent = time.monotonic()
        await language_server.send_message(cascade_id, f".<cid:{cascade_id}>")
        if not await exchange.wait_for_claim(settings.GATE_TIMEOUT):
            raise GateTimeout(
                f"The interceptor saw no request of the language server within {settings.GATE_TIMEOUT:g} s."
            )
        self._gate_wait_ms = (time.monotonic() - sent) * 1000

    async def _open_trace(self, overlay: Overlay, history_items: int) -> None:
        trace = Trace(
            id=self._trace_id,
            response_id=self.id,
            owner_id=self._caller.owner_id,
            api_key_id=self._caller.api_key_id,
            started_at=self._call.received_at,
            model=self._profile.name,
            stream=self._request.stream,
            simulated=settings.UPSTREAM_SIMULATED,
            client_request=describe_request(self._request, self._call, history_items),
            adaptations=list(overlay.adaptations),
        )
        await database.run(storage.open_trace, trace)
        self._trace_open = True

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
        failed = next((event for event in self._peeked if isinstance(event, UpstreamFailed)), None)
        if failed is not None and isinstance(self._peeked[0], UpstreamFailed):
            fault = _fault(failed)
            await self._close(Outcome.UPSTREAM_ERROR, fault)
            raise fault

    async def batches(self) -> AsyncIterator[list[StreamEvent]]:
        """The events as they arrive; the last batch ends with the terminal event, after the commit."""
        yield self._machine.start()
        while not self._machine.ended:
            events = await self._next_events()
            if events is None:
                told = self._time_out()
            elif not events:
                told = self._machine.heartbeat()
            else:
                told = await self._tell(events)
            if self._machine.ended:
                await self._close(None, self.failure)
            if told:
                yield told

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
        if self._first_event_ms is None:
            self._first_event_ms = (time.monotonic() - self._started) * 1000
        told: list[StreamEvent] = []
        for event in events:
            if isinstance(event, Finished) and event.outcome == "completed" and not self._machine.has_output:
                if await self._follow_up_comes():
                    return told
                event = _ONLY_THOUGHTS
            told += self._machine.send(event)
            if isinstance(event, UpstreamFailed):
                self.failure = _fault(event)
            elif isinstance(event, Finished) and event.outcome == "failed":
                self.failure = UpstreamFault(event.message or "The model failed to answer.", code=event.code)
            if self._machine.ended:
                break
        return told

    async def _follow_up_comes(self) -> bool:
        """The model thought and wrote nothing: whether the language server calls again for the rest."""
        assert self._exchange is not None
        self._exchange.expect_follow_up()
        return await self._exchange.wait_for_claim(FOLLOW_UP_TIMEOUT)

    async def crash(self) -> list[StreamEvent]:
        """A bug of ours in mid-stream: end the response as failed, booked, with its terminal event."""
        self.failure = InternalError("The gateway failed in the middle of this response.")
        told = [] if self._machine.ended else self._machine.fail("server_error", self.failure.message)
        if self._exchange is not None:
            self._exchange.cancel()
        await self._close(Outcome.FAILED, self.failure)
        return told

    def _time_out(self) -> list[StreamEvent]:
        limit = self._deadline - self._started
        self.failure = DeadlineExceeded(f"The response was not finished within {limit:g} s.")
        return self._machine.fail("timeout", self.failure.message, http_status=504)

    # --- the way out ---

    def leave(self) -> None:
        """The consumer is done: if the response has not ended, its client has gone.

        Returns at once; the upstream is closed and what was used is booked in the background.
        """
        if self._trace_open and not self._closing:
            self._closing = True
            task = spawn(self._abandon(), name="abandon response")
            _leaving.add(task)
            task.add_done_callback(_leaving.discard)

    async def _abandon(self) -> None:
        if self._exchange is not None:
            self._exchange.cancel()
            spawn(_stop_cascade(current_client(), self._exchange.cascade_id), name="stop cascade")
            started = bool(self._machine.lifecycle.value != "new")
            last_events = self._peeked
            while self._exchange.open_call is not None:
                more = await self._exchange.next_events(_LAST_COUNT_TIMEOUT)
                if not more:
                    break
                last_events += more
            last_events += await self._exchange.next_events(0)
            if started:
                for event in last_events:
                    if not self._machine.ended and not isinstance(event, Finished | UpstreamFailed):
                        self._machine.send(event)
        if not self._machine.ended:
            self._machine.cancel()
        await self._book(Outcome.CLIENT_DISCONNECT, None)

    async def _close(self, outcome: Outcome | None, error: GatewayError | None) -> None:
        """Book the end; ``outcome`` None lets the response speak for itself."""
        if self._closing or not self._trace_open:
            return
        self._closing = True
        if isinstance(error, DeadlineExceeded):
            outcome = Outcome.TIMEOUT
        if self._exchange is not None and outcome in (Outcome.TIMEOUT, Outcome.MITM_TIMEOUT):
            self._exchange.cancel()
            spawn(_stop_cascade(current_client(), self._exchange.cascade_id), name="stop cascade")
        await self._book(outcome or natural_outcome(self._machine), error)

    async def _book(self, outcome: Outcome, error: GatewayError | None) -> None:
        try:
            await database.run(storage.close_exchange, await self._end(outcome, error))
        finally:
            if self._exchange is not None:
                self._exchange.close()
            if self._large_overlay:
                spawn(database.run(delete_large_overlay, self._large_overlay), name="drop overlay")

    async def _end(self, outcome: Outcome, error: GatewayError | None) -> storage.ExchangeEnd:
        machine = self._machine
        exchange = self._exchange
        ended_at = datetime.now(UTC)
        return storage.ExchangeEnd(
            trace_id=self._trace_id,
            owner_id=self._caller.owner_id,
            api_key_id=self._caller.api_key_id,
            model=self._profile.name,
            ended_at=ended_at,
            outcome=outcome,
            trace_fields={
                "cascade_id": exchange.cascade_id if exchange is not None else "",
                "upstream_model": machine.model_version or "",
                "gate_wait_ms": self._gate_wait_ms,
                "first_event_ms": self._first_event_ms,
                "duration_ms": (time.monotonic() - self._started) * 1000,
                "turns": exchange.turns if exchange is not None else 0,
                "response_summary": describe_response(machine),
                "error": describe_error(error) if error is not None else None,
            },
            usage=await self._count(outcome),
            response=self._stored_response(),
        )

    async def _count(self, outcome: Outcome) -> storage.TokenCounts:
        """Usage by the best source there is: intercepted, the trajectory's, an estimate."""
        machine = self._machine
        if machine.usage is not None:
            return count_tokens(machine.usage, UsageSource.INTERCEPTED)
        if not machine.visible_chars and not machine.thought_chars:
            return count_tokens(None, UsageSource.NONE)
        if outcome is not Outcome.CLIENT_DISCONNECT and self._exchange is not None:
            try:
                counted = await current_client().usage(self._exchange.cascade_id)
            except LanguageServerFault:
                counted = None
            if counted is not None:
                return count_tokens(counted, UsageSource.TRAJECTORY)
        return count_tokens(estimate_tokens(machine, self._overlay_bytes), UsageSource.ESTIMATE)

    def _stored_response(self) -> storage.StoredResponse | None:
        """What is kept of the content: nothing without ``store``, nothing that no client has seen begin."""
        if not self._request.store or self._machine.lifecycle.value == "new" or self._unseen_failure():
            return None
        inputs = [
            ConversationItem(
                stored_input_item(item.wire, new_id(_ITEM_PREFIXES.get(item.wire["type"], "item")))
            )
            for item in self._inputs
        ]
        return storage.StoredResponse(self._machine.response, inputs, self._machine.items)

    def _unseen_failure(self) -> bool:
        return self.failure is not None and not self._request.stream


_ITEM_PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "reasoning": "rs",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
}

_ONLY_THOUGHTS = Finished(
    outcome="failed",
    raw_reason="STOP",
    message="The model thought about the request but wrote no answer. Please try again.",
)


async def drain(patience: float) -> None:
    """Wait up to ``patience`` seconds for abandoned responses to be booked."""
    if _leaving:
        await asyncio.wait(set(_leaving), timeout=patience)


async def _annotate(language_server: LanguageServerClient, cascade_id: str) -> None:
    """Some language servers schedule a run only for a conversation that somebody looks at."""
    try:
        await language_server.annotate_viewed(
            cascade_id, datetime.now(UTC).isoformat().replace("+00:00", "Z")
        )
    except LanguageServerFault as fault:
        logger.warning("annotations of cascade %s: %s", cascade_id, fault.message)


async def _stop_cascade(language_server: LanguageServerClient, cascade_id: str) -> None:
    try:
        await language_server.cancel(cascade_id)
    except LanguageServerFault as fault:
        logger.warning("cascade %s was not cancelled: %s", cascade_id, fault.message)


def _fault(event: UpstreamFailed) -> UpstreamFault:
    return UpstreamFault(
        event.message,
        type=event.type,
        code=event.code,
        param=event.param,
        http_status=event.http_status,
        retry_after=event.retry_after,
    )


def _outcome_of(error: GatewayError) -> Outcome:
    match error:
        case GateTimeout():
            return Outcome.MITM_TIMEOUT
        case UpstreamFault():
            return Outcome.UPSTREAM_ERROR
        case _:
            return Outcome.FAILED
