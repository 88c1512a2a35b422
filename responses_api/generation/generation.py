"""One response from request to last event: joins the pure core to everything that does I/O.

``Generation`` is driven by a consumer::

    generation = await prepare(request, caller, call)
    try:
        await generation.begin()            # errors up to here are plain HTTP errors
        async for events in generation.batches():
            ...                             # the terminal batch comes after its commit
    finally:
        generation.leave()                  # a client that has gone: close the upstream, book what was used

One in the background is first queued (``queue``); the gateway that claims it prepares it anew
with its ``BackgroundTurn`` and drives it. What is told last is logged with the end.
Every way out books exactly one trace and one usage row.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.catalogue import current_catalogue
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import DeadlineExceeded, GatewayError, InternalError
from responses_api.core.failures import failed_instead
from responses_api.core.generation_events import Finished, GenerationEvent, UpstreamFailed
from responses_api.core.output_options import OutputOptions
from responses_api.core.response_object import new_response
from responses_api.core.response_stream import Lifecycle, ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.exchanges.exchange import SHUTTING_DOWN
from responses_api.gemini.models import ModelProfile
from responses_api.generation.answer_source import answer_source, check_servable
from responses_api.generation.booking import BackgroundTurn, Booking, ClientCall, QueuedResponse
from responses_api.generation.compaction import fitted
from responses_api.generation.conversation_loading import Conversation, load_conversation
from responses_api.generation.estimate import estimated
from responses_api.generation.outcomes import fail_with, failure_in, fault_of, natural_outcome, outcome_of
from responses_api.generation.upstream_calls import is_silent
from responses_api.models import Outcome
from responses_api.runtime.identifiers import new_id
from responses_api.runtime.settling import settle
from responses_api.seals.reasoning_seal import seal

logger = logging.getLogger("zg.generation")

_LAST_COUNT_TIMEOUT = 1.0
"""Seconds of silence until the interceptor's last usage count is not waited for any more."""


async def prepare(
    request: CreateRequest,
    caller: Caller,
    call: ClientCall,
    *,
    response_id: str | None = None,
    remembered: Mapping[str, Sequence[ConversationItem]] | None = None,
    turn: BackgroundTurn | None = None,
) -> "Generation":
    """Load what the request goes on from and translate it; nothing has been started yet.

    Args:
        request: what is wanted.
        caller: who wants it.
        call: how the request came.
        response_id: None for a new one.
        remembered: unstored responses that only the client's connection knows, as the items
            of the whole chain up to each; ``previous_response_id`` is looked up there first.
        turn: of a response that was queued and is to be made now.

    Raises:
        GatewayError: the request cannot be served.
    """
    check_servable(request)
    profile = (await current_catalogue()).restricted_to(caller.models).resolve(request.model)
    conversation = await load_conversation(caller.owner_id, request, remembered=remembered)
    conversation = await fitted(request, caller, profile, conversation)
    return Generation(request, caller, call, profile, conversation, response_id or new_id("resp"), turn)


class Generation:
    """The making of one response; ``prepare`` makes it."""

    def __init__(
        self,
        request: CreateRequest,
        caller: Caller,
        call: ClientCall,
        profile: ModelProfile,
        conversation: Conversation,
        response_id: str,
        turn: BackgroundTurn | None,
    ) -> None:
        self._request = request
        self._conversation = conversation
        self._time_limit = request.timeout or settings.RESPONSE_TIMEOUT
        self._deadline = (time.monotonic() if turn else call.began) + self._time_limit
        self._turn = turn
        self.id = response_id
        self._source = answer_source(request, conversation, profile, caller.credential_ref)
        created_at = turn.created_at if turn else int(time.time())
        blank = new_response(request, response_id=self.id, model=profile.name, created_at=created_at)
        self._machine = ResponseStream(
            blank, new_id=new_id, now=lambda: int(time.time()), options=self._output_options()
        )
        if turn:
            self._machine.queue()  # told already
        self._profile = profile
        self.admission = Admission(caller.allowances, self.id, background=request.background)
        """Its place within its caller's limits."""
        if turn:
            self.admission.resume()
        self._booking = Booking(
            request,
            caller,
            call,
            self._machine,
            conversation.said,
            turn,
            admission=self.admission,
            prices=profile.prices,
        )
        self._booking.usage_source = self._source.usage_source
        self.failure: GatewayError | None = None
        """Why the response failed, for an answer whose headers have not been sent."""
        self._peeked: list[GenerationEvent] = []
        self._cancelled = False

    @property
    def adaptations(self) -> tuple[str, ...]:
        """What was dropped or approximated for this model."""
        return self._source.adaptations

    def _output_options(self) -> OutputOptions:
        include = frozenset(self._request.include)
        return OutputOptions(
            tools=self._source.client_tools,
            include=include,
            stateless=not self._request.store or "reasoning.encrypted_content" in include,
            seal=seal,
            upstream_model=self._source.upstream_model,
        )

    # --- the way in ---

    async def queue(self) -> QueuedResponse:
        """Do not begin: what is to be stored of a response that waits for its turn.

        Raises:
            LimitReached: it does not fit into its caller's limits.
        """
        await self._reserve()
        return self._booking.queued(self._machine.queue(), self.adaptations, len(self._conversation.history))

    async def begin(self) -> None:
        """Everything up to the claim: start the cascade, send the marker, pass the gate.

        Raises:
            LimitReached: it does not fit into its caller's limits; nothing was begun.
            GatewayError: the exchange could not begin; booked.
        """
        if self._turn is None:
            await self._reserve()
        try:
            await self._ask()
        except GatewayError as error:
            await self._settle(outcome_of(error), error, self._refuse(error))
            raise
        except Exception as error:
            failure = InternalError("The gateway failed to start this response.")
            await self._settle(Outcome.FAILED, failure, self._refuse(failure))
            raise failure from error

    async def _reserve(self) -> None:
        if self.admission.is_limited:
            await self.admission.reserve(estimated(self._request, self._profile, self._conversation))

    def _refuse(self, error: GatewayError) -> list[StreamEvent]:
        """Where the client has an id already, it is told by the stream; else by an HTTP error."""
        return fail_with(self._machine, error) if self._machine.lifecycle is Lifecycle.QUEUED else []

    async def _ask(self) -> None:
        opening = self._booking.open(self.adaptations, len(self._conversation.history))
        await self._source.begin(opening, self._booking.capture_order)
        self._booking.remedies = self._source.remedies
        self._booking.gate_wait_ms = self._source.gate_wait_ms
        self._booking.mark_begun()

    # --- the answer ---

    async def wait_for_answer(self, grace: float) -> None:
        """Wait up to ``grace`` seconds for the first thing the upstream says.

        So that an upstream's refusal, which comes at once, can still be an HTTP error.

        Raises:
            UpstreamFault: it refused; booked.
        """
        self._peeked = await self._source.next_events(grace)
        said = [event for event in self._peeked if not is_silent(event)]
        if said and isinstance(refusal := said[0], UpstreamFailed):
            # The client is told by an HTTP error; the machine runs only for what is booked.
            self._machine.start()
            for event in self._peeked:
                self._machine.send(event)
            fault = self.failure = fault_of(refusal)
            self._booking.unseen = True
            await self._settle(Outcome.UPSTREAM_ERROR, fault, [])
            raise fault

    async def batches(self) -> AsyncIterator[list[StreamEvent]]:
        """The events as they arrive; the last batch ends with the terminal event, after the commit."""
        yield self._booking.note_sent(self._machine.start())
        while not self._machine.ended:
            events = [] if self._cancelled else await self._next_events()
            if self._cancelled:
                self._peeked += events or []
                told = await self._take_last_events() + self._machine.cancel()
            elif events is None:
                told = await self._time_out()
            elif not events:
                told = self._machine.heartbeat()
            else:
                told = await self._tell(events)
            self._booking.note_sent(told)
            if self._machine.ended:
                told = await self._end(told)
            if told:
                yield told

    @property
    def ended(self) -> bool:
        """Whether the batch that came last is the one with the terminal event."""
        return self._machine.ended

    def cancel(self) -> None:
        """The client does not want the response any more: it ends as cancelled, with its next event."""
        self._cancelled = True
        self._source.wake()

    def put_back(self) -> None:
        """Forget a response in the background that is to wait again; nothing of it was told or booked."""
        self._booking.closing = True
        self._source.abandon()
        settle(self._source.close())

    def interrupt(self) -> None:
        """The process is about to stop: the response fails with its next event."""
        self._source.fail(SHUTTING_DOWN)

    async def _end(self, told: list[StreamEvent]) -> list[StreamEvent]:
        """Book the response, whose last events are ``told``; what cannot be kept is not called complete."""
        try:
            await self._settle(outcome_of(self.failure), self.failure, told)
        except Exception:
            logger.exception("response %s could not be booked", self.id)
            self.failure = InternalError("The response could not be stored. Please try again.")
            return failed_instead(told, self.failure.message)
        return told

    async def crash(self) -> list[StreamEvent]:
        """A bug of ours in mid-stream: end the response as failed, booked, with its terminal event."""
        self.failure = InternalError("The gateway failed in the middle of this response.")
        told = [] if self._machine.ended else self._machine.fail("server_error", self.failure.message)
        await self._settle(Outcome.FAILED, self.failure, self._booking.note_sent(told))
        return told

    @property
    def response(self) -> dict[str, Any]:
        """The response object so far."""
        return self._machine.response

    @property
    def conversation(self) -> Conversation:
        """What the model was asked to answer, or to sum up."""
        return self._conversation

    @property
    def chain(self) -> list[ConversationItem]:
        """Everything said up to now, this response's items among it, as a next turn goes on from it."""
        own = [*self._conversation.said, *self._machine.items]
        own = [item if item.response_id else replace(item, response_id=self.id) for item in own]
        return [*self._conversation.history, *own]

    async def _next_events(self) -> list[GenerationEvent] | None:
        """What arrived; empty when it is time for a sign of life, None when time has run out."""
        if self._peeked:
            peeked, self._peeked = self._peeked, []
            return peeked
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            return None
        events = await self._source.next_events(min(remaining, settings.KEEPALIVE_INTERVAL))
        return events or ([] if time.monotonic() < self._deadline else None)

    async def _tell(self, events: list[GenerationEvent]) -> list[StreamEvent]:
        self._booking.mark_first_event()
        self._booking.note(events)
        told: list[StreamEvent] = []
        for event in events:
            if isinstance(event, Finished | UpstreamFailed):
                if isinstance(event, Finished):
                    await self._booking.count_by_trajectory(self._source)
                self._booking.count_by_estimate(self._source.sent_bytes)
                self.failure = failure_in(event)
            told += self._machine.send(event)
            if self._machine.ended:
                break
        return told

    async def _time_out(self) -> list[StreamEvent]:
        told = await self._take_last_events()
        self.failure = DeadlineExceeded(f"The response was not finished within {self._time_limit:g} s.")
        return told + self._machine.fail("timeout", self.failure.message, http_status=504)

    # --- the way out ---

    def leave(self) -> None:
        """The consumer is done: if the response has not ended, its client has gone.

        Returns at once; the upstream is closed and what was used is booked in the background.
        """
        if self._booking.opened and not self._booking.closing:
            self._booking.closing = True
            settle(self._abandon())
        elif not self._booking.opened:
            self.admission.release()

    async def _abandon(self) -> None:
        told = await self._take_last_events()
        if not self._machine.ended:
            told += self._machine.cancel()
        await self._book(Outcome.CANCELLED if self._turn else Outcome.CLIENT_DISCONNECT, None, told)

    async def _take_last_events(self) -> list[StreamEvent]:
        """Stop the upstream on our side; what it still said, its last usage count among it."""
        told: list[StreamEvent] = []
        for event in await self._stop_upstream():
            if self._source.hides(event):
                continue
            if self._machine.lifecycle is Lifecycle.ACTIVE and not isinstance(
                event, Finished | UpstreamFailed
            ):
                told += self._machine.send(event)
        if self._machine.lifecycle is Lifecycle.ACTIVE:
            self._booking.count_by_estimate(self._source.sent_bytes)
        return told

    async def _stop_upstream(self) -> list[GenerationEvent]:
        """Close the upstream connection; what arrives until then, the last usage count among it."""
        return self._peeked + await self._source.stop(_LAST_COUNT_TIMEOUT)

    async def _settle(
        self, outcome: Outcome | None, error: GatewayError | None, told: list[StreamEvent]
    ) -> None:
        """Book the end, whatever becomes of the caller: ``outcome`` None lets the response speak.

        ``told`` are the last events, which the log of a response in the background has not got yet.
        """
        if self._booking.opened and not self._booking.closing:
            self._booking.closing = True
            booked = self._book(outcome or natural_outcome(self._machine), error, told)
            await asyncio.shield(settle(booked))

    async def _book(self, outcome: Outcome, error: GatewayError | None, told: list[StreamEvent]) -> None:
        if self._source.in_flight:
            await self._stop_upstream()
        try:
            await self._booking.close(outcome, error, self._source, told)
        finally:
            await self._source.close()
