"""``POST /v1/responses``: JSON and server-sent events."""

import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from responses_api import background
from responses_api.access.callers import Caller
from responses_api.consumers.client_requests import adaptation_headers, allow_only_post, decoded, request_line
from responses_api.consumers.event_streams import EVENT_STREAM, STREAM_HEADERS, pass_on
from responses_api.consumers.idempotent import IdempotentConsumer
from responses_api.consumers.owned_task import logger
from responses_api.core.sse_encoding import DONE, encode_events
from responses_api.core.stream_events import StreamEvent
from responses_api.generation.booking import ClientCall
from responses_api.generation.capturing import record_for
from responses_api.generation.generation import Generation, prepare
from responses_api.generation.requests import understand


class CreateResponseConsumer(IdempotentConsumer):
    """Creates one response and answers with it, whole or as it is made, or later."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._generation: Generation | None = None

    def wind_down(self) -> None:
        """Fail the response now, so that its stream gets its terminal event."""
        if self._generation is not None:
            self._generation.interrupt()

    async def respond(self, body: bytes) -> None:
        """Authenticate, validate, generate."""
        received_at, began = datetime.now(UTC), time.monotonic()
        allow_only_post(self.scope["method"], "/v1/responses")
        caller = await self.authenticate()
        if await self.answered_before(caller.owner_id, body):
            return
        size = len(body)
        document = decoded(body)
        del body  # an answer may take minutes, and a request with images is large
        request = await understand(caller, document)
        self.key.keeps_answer = request.store
        call = ClientCall(
            self.marks.request_id,
            (self.header(b"user-agent") or "")[:200],
            size,
            received_at,
            began,
            self.marks.traceparent,
            # One in the background is recorded by the gateway that makes it.
            None
            if request.background
            else record_for(caller, began, request_line(self.scope), self.scope["headers"], document),
        )
        generation = await prepare(request, caller, call)
        self.admission = generation.admission
        self.key.response_id = generation.id
        if request.background:
            await self._answer_later(caller, generation, document, stream=request.stream)
            return
        del document
        self._generation = generation
        try:
            await generation.begin()
            await self._answer(generation, stream=request.stream)
        finally:
            generation.leave()

    async def _answer(self, generation: Generation, *, stream: bool) -> None:
        if stream:
            await generation.wait_for_answer(settings.STREAM_OPEN_GRACE)
            await self.start_answer(200, EVENT_STREAM, [*STREAM_HEADERS, *_notes(generation)])
            await self._stream(generation)
            return
        async for _ in generation.batches():
            pass
        if generation.failure is not None:
            raise generation.failure
        await self.send_json(200, generation.response, _notes(generation))

    async def _stream(self, generation: Generation) -> None:
        try:
            async for events in generation.batches():
                if generation.ended:
                    await self._end(generation, events)
                else:
                    await self._write(encode_events(events))
        except Exception:  # noqa: BLE001 - headers are out: the stream must still end in a terminal event
            logger.exception("response %s failed in mid-stream", generation.id)
            await self._end(generation, await generation.crash())

    async def _end(self, generation: Generation, events: list[StreamEvent]) -> None:
        """The last events and the end in one message: before it leaves, the request's key is settled."""
        if generation.failure is not None:
            await self.key.free()
        await self._write(encode_events(events) + DONE, more=False)

    async def _answer_later(
        self, caller: Caller, generation: Generation, document: object, *, stream: bool
    ) -> None:
        self.key.goes_on = True
        queued = await background.submit(generation, document)
        if not stream:
            await self.send_json(200, queued, _notes(generation))
            return
        frames = await background.follow(caller.owner_id, generation.id, -1)
        await self.start_answer(200, EVENT_STREAM, [*STREAM_HEADERS, *_notes(generation)])
        await pass_on(frames, self.send)

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": more})


def _notes(generation: Generation) -> list[tuple[bytes, bytes]]:
    return adaptation_headers(generation.adaptations)
