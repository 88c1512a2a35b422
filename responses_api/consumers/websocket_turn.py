"""One ``response.create`` of a WebSocket connection, from the request to its last frame."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.access.limits.rules import only_requests
from responses_api.call_headers import CallMarks, answer_headers
from responses_api.consumers.client_requests import authenticate
from responses_api.core.chain_memory import ChainMemory
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import GatewayError, InternalError, InvalidRequest
from responses_api.core.stream_events import StreamEvent
from responses_api.core.websocket_frames import CreateFrame, error_frame, event_frame
from responses_api.generation.booking import ClientCall
from responses_api.generation.capturing import record_for
from responses_api.generation.generation import Generation, prepare
from responses_api.generation.requests import understand
from responses_api.generation.warm_up import warm_up
from responses_api.runtime.identifiers import new_id

logger = logging.getLogger("zg.websocket")

_CONTINUABLE = frozenset({"completed", "incomplete"})
_CONTENT = ("input", "previous_response_id", "conversation", "prompt")
_STAND_IN = "-"
"""Input for the check of a warm-up without content, which no other request may be."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who is at the other end of a connection, as its upgrade request said."""

    authorization: str | None
    address: str
    user_agent: str
    marks: CallMarks


class Turn:
    """Answers one frame; whatever happens, its last frame says how it ended."""

    def __init__(
        self,
        frame: CreateFrame,
        client: Client,
        memory: ChainMemory,
        send: Callable[[str], Awaitable[None]],
    ) -> None:
        self._frame = frame
        self._client = client
        self._memory = memory
        self._send = send
        self._generation: Generation | None = None
        self._admission: Admission | None = None
        self._began = time.monotonic()

    async def run(self) -> None:
        """Answer; a ``GatewayError`` is told in a frame of its own."""
        try:
            await self._respond()
        except GatewayError as error:
            await self._fail(error)
        except Exception:
            logger.exception("request %s failed", self._client.marks.request_id)
            await self._fail(InternalError("The gateway failed to process this request."))

    def interrupt(self) -> None:
        """The process is about to stop: the response fails with its next event."""
        if self._generation is not None:
            self._generation.interrupt()

    async def _fail(self, error: GatewayError) -> None:
        previous: Any = self._frame.body.get("previous_response_id")
        self._memory.forget(self._frame.stream_id, previous)
        headers = answer_headers(self._client.marks, self._began)
        if self._admission is not None:
            headers |= self._admission.headers
        await self._send(error_frame(error, self._frame.stream_id, headers))

    async def _respond(self) -> None:
        received_at, began = datetime.now(UTC), self._began
        client, frame = self._client, self._frame
        caller = await authenticate(client.authorization, client.address)
        marks = client.marks
        request = await self._understood(caller)
        line = {"method": "response.create", "path": "/v1/responses"}
        call = ClientCall(
            marks.request_id,
            client.user_agent,
            frame.size,
            received_at,
            began,
            marks.traceparent,
            record_for(caller, began, line, [], frame.body),
        )
        if frame.generate:
            await self._generate(request, caller, call)
        else:
            await self._warm_up(request, caller, call)

    async def _understood(self, caller: Caller) -> CreateRequest:
        body = self._frame.body
        if self._frame.generate or any(body.get(name) for name in _CONTENT):
            request = await understand(caller, body)
        else:
            request = await understand(caller, {**body, "input": _STAND_IN})
            request = request.model_copy(update={"input": ()})
        if request.store and request.previous_response_id in self._memory.chains:
            raise InvalidRequest(
                f"Response '{request.previous_response_id}' is not stored: no stored response can continue "
                "it. Set `store` to false throughout, or send the whole conversation as input.",
                param="store",
                code="invalid_value",
            )
        return request

    async def _warm_up(self, request: CreateRequest, caller: Caller, call: ClientCall) -> None:
        response_id = new_id("resp")
        self._admission = Admission(only_requests(caller.allowances), response_id)
        warm = await warm_up(request, caller, call, self._memory.chains, response_id, self._admission)
        if not request.store:
            self._memory.remember(self._frame.stream_id, warm.id, warm.chain)
        await self._tell(warm.events)

    async def _generate(self, request: CreateRequest, caller: Caller, call: ClientCall) -> None:
        generation = await prepare(request, caller, call, remembered=self._memory.chains)
        self._generation, self._admission = generation, generation.admission
        try:
            await generation.begin()
            await generation.wait_for_answer(settings.STREAM_OPEN_GRACE)
            await self._stream(request, generation)
        finally:
            generation.leave()

    async def _stream(self, request: CreateRequest, generation: Generation) -> None:
        try:
            async for events in generation.batches():
                if generation.ended and not request.store:
                    self._remember(generation)
                await self._tell(events)
        except Exception:
            # Begun: the stream must still end in a terminal event.
            logger.exception("response %s failed in mid-stream", generation.id)
            await self._tell(await generation.crash())

    def _remember(self, generation: Generation) -> None:
        if generation.response["status"] in _CONTINUABLE:
            self._memory.remember(self._frame.stream_id, generation.id, generation.chain)

    async def _tell(self, events: list[StreamEvent]) -> None:
        for event in events:
            await self._send(event_frame(event, self._frame.stream_id))
