"""The record of one exchange: its trace opened once, and closed once with its usage and its response.

Turns the state machine's final state into rows; decides nothing about the exchange itself.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from django.conf import settings
from django.db.backends.utils import CursorWrapper

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.access.limits.rules import NANODOLLARS, Amount
from responses_api.access.upstream_refusals import note_on_close
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import GatewayError, error_body
from responses_api.core.generation_events import GenerationEvent, UsageReported
from responses_api.core.response_stream import Lifecycle, ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.exchanges import cascades
from responses_api.exchanges.channel_messages import CaptureOrder
from responses_api.gemini.models import Prices
from responses_api.generation.capturing import ExchangeRecord
from responses_api.generation.course import Course
from responses_api.models import Outcome, UsageSource
from responses_api.runtime import database
from responses_api.runtime.identifiers import gateway_id, new_id
from responses_api.runtime.tasks import spawn
from responses_api.statistics.late_ends import count_anew_on_close
from responses_api.storage import captures, conversations, exchange_records
from responses_api.storage.said_items import with_new_ids
from responses_api.webhooks.reports import enqueue_on_close

CHARACTERS_PER_TOKEN = 4
"""Rule of thumb for the estimate that is used where nobody counted."""


@dataclass(frozen=True, slots=True)
class ClientCall:
    """The client's HTTP request, as far as the trace wants it."""

    request_id: str
    user_agent: str
    body_bytes: int
    received_at: datetime
    began: float
    """The same moment on the monotonic clock, seconds."""
    traceparent: str | None = None
    """The W3C trace that the request belongs to."""
    record: ExchangeRecord | None = None
    """Where its content is to be kept."""


@dataclass(frozen=True, slots=True)
class BackgroundTurn:
    """A queued response that this gateway has claimed; its row, inputs and trace exist already."""

    runner: str
    """Id of the gateway's runner: only what it holds may be ended by it."""
    trace_id: str
    created_at: int
    """Unix seconds."""
    stored_items: int
    log: Callable[[Sequence[StreamEvent]], Callable[[CursorWrapper], None]]
    """Makes the statement that appends the last events to the log, in the transaction of the end."""


@dataclass(frozen=True, slots=True)
class QueuedResponse:
    """What is stored of a response that waits for its turn."""

    response: exchange_records.StoredResponse
    trace: exchange_records.ExchangeBegin
    told: list[StreamEvent]


class Trip(Protocol):
    """What the trace wants to know of the exchange itself."""

    @property
    def cascade_id(self) -> str:
        """The language server's conversation; empty if there was none."""

    @property
    def turns(self) -> int:
        """Model calls."""


class Booking:
    """The rows of one exchange, from its first to its last."""

    def __init__(
        self,
        request: CreateRequest,
        caller: Caller,
        call: ClientCall,
        machine: ResponseStream,
        inputs: tuple[ConversationItem, ...],
        turn: BackgroundTurn | None = None,
        *,
        admission: Admission,
        prices: Prices | None,
    ) -> None:
        self._request = request
        self._caller = caller
        self._call = call
        self._machine = machine
        self._stored_inputs = with_new_ids(inputs) if request.store and turn is None else []
        self._turn = turn
        self._admission = admission
        self._prices = prices
        self._trace_id = turn.trace_id if turn else new_id("trace")
        self._opening: asyncio.Task[None] | None = None
        self._course = Course()
        self.closing = False
        """Whether the end is booked or being booked; it is booked once, by whoever comes first."""
        self.unseen = not request.stream and turn is None
        """Whether no client has seen the response begin: then it is not kept if it fails."""
        self.remedies: list[str] = []
        """What had to be done to get an answer."""
        self.gate_wait_ms: float | None = None
        self.first_event_ms: float | None = None
        self.usage_source = UsageSource.INTERCEPTED
        """Where the machine's usage comes from, if it has any."""

    @property
    def capture_order(self) -> Callable[[int], CaptureOrder] | None:
        """Makes the order to keep the content of an upstream call, by its number; None where none is kept."""
        record = self._call.record
        return partial(record.order, self._trace_id) if record is not None else None

    def note_sent(self, told: list[StreamEvent]) -> list[StreamEvent]:
        """These events go to the client now, unless it waits for the whole; gives them back."""
        if self._call.record is not None and (self._request.stream or self._turn is not None):
            self._call.record.sent(told)
        return told

    def mark_first_event(self) -> None:
        """The model said something; only the first time counts."""
        if self.first_event_ms is None:
            self.first_event_ms = milliseconds_since(self._call.began)

    def mark_begun(self) -> None:
        """The gate has been passed."""
        self._course.begun = milliseconds_since(self._call.began)

    def note(self, events: Sequence[GenerationEvent]) -> None:
        """What the model has just done."""
        at = milliseconds_since(self._call.began)
        for event in events:
            self._course.note(event, at)

    async def open(self, adaptations: tuple[str, ...], history_items: int) -> None:
        """Write the trace's first half, unless it was written when the response was queued."""
        if self._turn is not None:
            return
        begin = replace(self._trace(adaptations, history_items), gateway=gateway_id())
        # A task of its own: a client that leaves now must not leave behind a trace that nobody closes.
        self._opening = spawn(database.run_patiently(exchange_records.open_trace, begin), name="open trace")
        await asyncio.shield(self._opening)

    def queued(
        self, told: list[StreamEvent], adaptations: tuple[str, ...], history_items: int
    ) -> QueuedResponse:
        """The rows of a response that is made later: ``told`` says that it waits."""
        response = exchange_records.StoredResponse(self._machine.response, self._stored_inputs, [])
        return QueuedResponse(response, self._trace(adaptations, history_items), told)

    def _trace(self, adaptations: tuple[str, ...], history_items: int) -> exchange_records.ExchangeBegin:
        response = self._machine.response
        return exchange_records.ExchangeBegin(
            id=self._trace_id,
            response_id=response["id"],
            owner_id=self._caller.owner_id,
            api_key_id=self._caller.api_key_id,
            started_at=self._call.received_at,
            model=response["model"],
            stream=self._request.stream,
            simulated=settings.UPSTREAM_SIMULATED,
            client_request=describe_request(self._request, self._call, history_items),
            adaptations=adaptations,
        )

    # Usage, where the interceptor saw none.

    async def count_by_trajectory(self, exchange: Trip | None) -> None:
        """Second best: the language server's own count."""
        if self._machine.usage is None and exchange is not None:
            counted = await cascades.counted_usage(exchange.cascade_id)
            if counted is not None:
                self._machine.send(counted)
                self.usage_source = UsageSource.TRAJECTORY

    def count_by_estimate(self, overlay_bytes: int) -> None:
        """Last resort, where something was generated and nobody counted."""
        machine = self._machine
        if machine.usage is None and (machine.visible_chars or machine.thought_chars):
            machine.send(estimate_tokens(machine, overlay_bytes))
            self.usage_source = UsageSource.ESTIMATE

    @property
    def opened(self) -> bool:
        """Whether there is, or will be, a trace to close."""
        return self._opening is not None or self._turn is not None

    async def close(
        self,
        outcome: Outcome,
        error: GatewayError | None,
        exchange: Trip | None,
        told: Sequence[StreamEvent],
    ) -> None:
        """Write everything else, in one transaction. Call it once, with ``closing`` set.

        Args:
            outcome: how the exchange ended.
            error: why, if it failed.
            exchange: None if there was none yet.
            told: the last events of a response in the background, which are in no log yet.
        """
        if self._opening is not None:
            await asyncio.wait([self._opening])
        machine = self._machine
        response = machine.response
        stored = self._stored_response(response, error)
        turn = self._turn
        now = datetime.now(UTC)
        end = exchange_records.ExchangeEnd(
            trace_id=self._trace_id,
            model=response["model"],
            ended_at=now,
            outcome=outcome,
            trace_fields={
                "cascade_id": exchange.cascade_id if exchange is not None else "",
                "upstream_model": machine.model_version or "",
                "gate_wait_ms": self.gate_wait_ms,
                "first_event_ms": self.first_event_ms,
                "duration_ms": milliseconds_since(self._call.began),
                "turns": exchange.turns if exchange is not None else 0,
                "marks": self._course.marks(),
                "tools": self._course.tools,
                "response_summary": {**describe_response(machine), "remedies": self.remedies},
                "error": describe_error(error) if error is not None else None,
            },
            usage=count_tokens(machine.usage, self.usage_source, self._prices),
            response=stored,
            background=exchange_records.BackgroundRow(response["id"], turn.runner) if turn else None,
            also=(
                *self._also(stored, told),
                *note_on_close(self._caller.credential_ref, error),
                *await self._captured(outcome, error),
                *self._late(now),
            ),
        )
        booked = False
        try:
            await database.run_patiently(exchange_records.close_exchange, end)
            booked = True
        finally:
            # Before the client sees the end, so that its next request finds the room that this one had.
            used = amount_of(end.usage) if booked else Amount()
            await self._admission.settle(used, end.ended_at)

    def _stored_response(
        self, response: dict[str, Any], error: GatewayError | None
    ) -> exchange_records.StoredResponse | None:
        """What is kept of the content: nothing without ``store``, nothing that no client has seen begin."""
        failed_unseen = self.unseen and error is not None
        if not self._request.store or failed_unseen or self._machine.lifecycle is Lifecycle.NEW:
            return None
        if self._turn is not None:
            return exchange_records.StoredResponse(response, [], self._machine.items, self._turn.stored_items)
        return exchange_records.StoredResponse(response, self._stored_inputs, self._machine.items)

    async def _captured(
        self, outcome: Outcome, error: GatewayError | None
    ) -> tuple[Callable[[CursorWrapper], None], ...]:
        """What is kept of the content for the trace, whether the response is stored or not."""
        if self._call.record is None:
            return ()
        answer: object = error_body(error) if error is not None else self._machine.response
        reached = outcome is not Outcome.CLIENT_DISCONNECT and self._turn is None
        panes = await self._call.record.panes(answer if reached else None)
        return (captures.insert_on_close(self._trace_id, panes),) if panes else ()

    def _late(self, now: datetime) -> tuple[Callable[[CursorWrapper], None], ...]:
        """What an end needs that comes when nobody waits for it any more: it may be counted as lost."""
        late = (now - self._call.received_at).total_seconds() > settings.RESPONSE_TIMEOUT
        return (count_anew_on_close(self._trace_id),) if late else ()

    def _also(
        self, stored: exchange_records.StoredResponse | None, told: Sequence[StreamEvent]
    ) -> tuple[Callable[[CursorWrapper], None], ...]:
        """What else belongs to the end of a stored response."""
        if stored is None:
            return ()
        caller, wire = self._caller, stored.wire
        report = enqueue_on_close(
            caller.owner_id, caller.api_key_id, wire["id"], wire["status"], background=self._turn is not None
        )
        log = self._turn.log(told) if self._turn is not None and told else None
        joins = None
        if (conversation := wire.get("conversation")) is not None:
            joins = conversations.append_on_close(conversation["id"], wire["id"], wire["status"])
        return tuple(statement for statement in (joins, log, report) if statement is not None)


def milliseconds_since(began: float) -> float:
    """Time since ``began`` on the monotonic clock, as precise as anybody wants to read it."""
    return round((time.monotonic() - began) * 1000, 2)


def describe_request(request: CreateRequest, call: ClientCall, history_items: int) -> dict[str, Any]:
    """The trace's ``client_request``: counts, sizes and parameters, no content."""
    reasoning = request.reasoning
    return {
        "request_id": call.request_id,
        "traceparent": call.traceparent,
        "user_agent": call.user_agent,
        "body_bytes": call.body_bytes,
        "input_items": len(request.input),
        "history_items": history_items,
        "instructions": request.instructions is not None,
        "tools": len(request.tools),
        "stream": request.stream,
        "store": request.store,
        "background": request.background,
        "previous_response_id": request.previous_response_id,
        "conversation": request.conversation.id if request.conversation is not None else None,
        "prompt": request.prompt.id if request.prompt is not None else None,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_output_tokens": request.max_output_tokens,
        "reasoning_effort": reasoning.effort if reasoning is not None else None,
    }


def describe_response(machine: ResponseStream) -> dict[str, Any]:
    """The trace's ``response_summary``."""
    return {
        "status": machine.lifecycle.value,
        "items": [item.wire["type"] for item in machine.items],
        "text_characters": machine.visible_chars,
        "thought_characters": machine.thought_chars,
        "upstream_id": machine.upstream_id,
        "ignored_parts": machine.ignored_parts,
        "dropped_calls": [call.name for call in machine.dropped],
    }


def describe_error(error: GatewayError) -> dict[str, Any]:
    """The trace's ``error``."""
    return {
        "message": error.message,
        "type": error.type,
        "code": error.code,
        "param": error.param,
        "http_status": error.http_status,
        "retry_after": error.retry_after,
    }


def count_tokens(
    used: UsageReported | None, source: UsageSource, prices: Prices | None = None
) -> exchange_records.TokenCounts:
    """The usage row's counts, and what they cost; all zero where the model was never reached."""
    if used is None:
        return exchange_records.TokenCounts(UsageSource.NONE)
    return exchange_records.TokenCounts(
        source,
        input=used.input_tokens,
        cached=used.cached_tokens,
        output=used.output_tokens,
        reasoning=used.reasoning_tokens,
        cost=prices.cost(used.input_tokens, used.cached_tokens, used.output_tokens) if prices else None,
    )


def amount_of(used: exchange_records.TokenCounts) -> Amount:
    """What a booked response takes of its caller's limits."""
    return Amount(used.input + used.output, int((used.cost or 0) * NANODOLLARS))


def estimate_tokens(machine: ResponseStream, overlay_bytes: int) -> UsageReported:
    """Counts from text lengths, for an answer that broke off before anybody counted."""
    reasoning = machine.thought_chars // CHARACTERS_PER_TOKEN
    return UsageReported(
        input_tokens=overlay_bytes // CHARACTERS_PER_TOKEN,
        output_tokens=machine.visible_chars // CHARACTERS_PER_TOKEN + reasoning,
        reasoning_tokens=reasoning,
    )
