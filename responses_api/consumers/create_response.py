"""``POST /v1/responses``: JSON and server-sent events."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings

from responses_api import access, database
from responses_api.booking import ClientCall
from responses_api.consumers.owned_task import OwnedTaskConsumer, logger
from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.sse_encoding import DONE, encode_events
from responses_api.core.stream_events import StreamEvent
from responses_api.generation import Generation

_EVENT_STREAM = b"text/event-stream; charset=utf-8"
_STREAM_HEADERS = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
_LONGEST_HEADER = 1000


class CreateResponseConsumer(OwnedTaskConsumer):
    """Creates one response and answers with it, whole or as it is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._generation: Generation | None = None

    def wind_down(self) -> None:
        """Fail the response now, so that its stream gets its terminal event."""
        if self._generation is not None:
            self._generation.interrupt()

    async def respond(self, body: bytes) -> None:
        """Authenticate, validate, generate."""
        received_at = datetime.now(UTC)
        if self.scope["method"] != "POST":
            raise InvalidRequest(
                f"Not allowed to {self.scope['method']} on /v1/responses (HINT: Perhaps you meant POST?)",
                code="method_not_allowed",
                http_status=405,
            )
        authorization = self.header(b"authorization")
        caller = access.authenticate_cached(authorization)
        if caller is None:
            caller = await database.run(access.authenticate, authorization)
        size = len(body)
        request = parse_create_request(_decoded(body))
        del body  # an answer may take minutes, and a request with images is large
        call = ClientCall(self.request_id, (self.header(b"user-agent") or "")[:200], size, received_at)
        generation = self._generation = Generation(request, caller, call)
        try:
            await generation.begin()
            await self._answer(request, generation)
        finally:
            generation.leave()

    async def _answer(self, request: CreateRequest, generation: Generation) -> None:
        if request.stream:
            await generation.wait_for_answer(settings.STREAM_OPEN_GRACE)
            await self.start_answer(200, _EVENT_STREAM, [*_STREAM_HEADERS, *_notes(generation)])
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
                await self._write(events)
        except Exception:  # noqa: BLE001 - headers are out: the stream must still end in a terminal event
            logger.exception("response %s failed in mid-stream", generation.id)
            await self._write(await generation.crash())
        await self.send({"type": "http.response.body", "body": DONE, "more_body": False})

    async def _write(self, events: list[StreamEvent]) -> None:
        await self.send({"type": "http.response.body", "body": encode_events(events), "more_body": True})


def _decoded(body: bytes) -> object:
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidRequest(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
            "using your HTTP library correctly. The API expects a JSON payload, but what was sent "
            "was not valid JSON.)"
        ) from None
    return document


def _notes(generation: Generation) -> list[tuple[bytes, bytes]]:
    """What was dropped or approximated for this model, told in a header."""
    if not generation.adaptations:
        return []
    said: Any = "; ".join(generation.adaptations).encode("ascii", "replace").replace(b"\n", b" ")
    return [(b"x-zg-adaptations", said[:_LONGEST_HEADER])]
