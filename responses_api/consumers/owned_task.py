"""HTTP consumers whose work runs in a task of their own.

``AsyncHttpConsumer.handle`` blocks the consumer's dispatch, so that a disconnect is never
seen while it runs; and an exception after the headers hangs the client. Here the request
starts one owned task and returns at once, the task's outermost ``except`` always ends the
answer, and a disconnect cancels the task.
"""

import asyncio
import logging
import math
import time
from typing import Any

import msgspec
from asgiref.typing import HTTPDisconnectEvent, HTTPRequestEvent
from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.http import AsyncHttpConsumer
from django.conf import settings

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.call_headers import CallMarks, answer_headers, read_marks
from responses_api.consumers.client_requests import authenticate, client_address
from responses_api.core.errors import GatewayError, InternalError, PayloadTooLarge, error_body
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.http")

WIND_DOWN_TIMEOUT = 3.0
"""Seconds that an answer gets to end when the server shuts down."""


class OwnedTaskConsumer(AsyncHttpConsumer):
    """Base of the API's HTTP endpoints; subclasses implement ``respond``."""

    # Nothing is sent to these consumers over the channel layer: they need no channel of their own.
    channel_layer_alias = "none"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chunks: list[bytes] = []
        self._received = 0
        self._work: asyncio.Task[None] | None = None
        self._answered = False
        self._began = time.monotonic()
        self.marks = CallMarks("", None)
        """By what the request is found again."""
        self.admission: Admission | None = None
        """The request's place within its caller's limits: once it is known, answers tell what is left."""

    async def respond(self, body: bytes) -> None:
        """Answer the request whose whole body is ``body``. A ``GatewayError`` raised here is rendered."""
        raise NotImplementedError

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application: one instance, one request."""
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            # The server shuts down; it waits for the applications that it has cancelled.
            if self._work is not None and not self._work.done():
                self.wind_down()
                await asyncio.wait([self._work], timeout=WIND_DOWN_TIMEOUT)
            raise
        finally:
            if self._work is not None:
                self._work.cancel()

    def wind_down(self) -> None:
        """The process is about to stop: bring the answer to its end soon."""

    async def dispatch(self, message: Any) -> None:
        """Call the message's handler.

        Without channels' closing of old database connections, which costs a thread switch
        for each message: these consumers use the database only through its own threads.
        """
        await getattr(self, get_handler_name(message))(message)

    async def http_request(self, message: HTTPRequestEvent) -> None:
        """A piece of the body; the last one starts the work."""
        if self._work is not None:
            return
        chunk = message.get("body", b"")
        message["body"] = b""  # the message lives on in the server's task for as long as the answer takes
        self._received += len(chunk)
        if self._received > settings.MAX_REQUEST_BYTES:
            self._chunks.clear()
            self._start(_too_large())
        elif message.get("more_body"):
            self._chunks.append(chunk)
        else:
            self._chunks.append(chunk)
            body = b"".join(self._chunks)
            self._chunks.clear()
            self._start(self.respond(body))

    async def http_disconnect(self, message: HTTPDisconnectEvent) -> None:
        """The client has gone, or the answer is complete."""
        if self._work is not None:
            self._work.cancel()
        raise StopConsumer

    def header(self, name: bytes) -> str | None:
        """A request header; ``name`` in lower case."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value.decode("latin-1"))
        return None

    async def authenticate(self) -> Caller:
        """The caller behind the request's API key. Raises what ``client_requests.authenticate`` raises."""
        return await authenticate(self.header(b"authorization"), client_address(self.scope))

    async def start_answer(
        self, status: int, content_type: bytes, extra: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        """Send status and headers; everything after this must be body."""
        self._answered = True
        usual = answer_headers(self.marks, self._began)
        if self.admission is not None:
            usual |= self.admission.headers
        headers = [
            (b"content-type", content_type),
            *((name.encode("ascii"), value.encode("ascii")) for name, value in usual.items()),
            *(extra or []),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def send_json(
        self, status: int, document: object, extra: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        """A complete JSON answer."""
        body = msgspec.json.encode(document)
        length = (b"content-length", str(len(body)).encode("ascii"))
        await self.start_answer(status, b"application/json", [length, *(extra or [])])
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    async def send_error(self, error: GatewayError) -> None:
        """A complete error answer."""
        extra = []
        if error.retry_after is not None:
            extra.append((b"retry-after", str(max(1, math.ceil(error.retry_after))).encode("ascii")))
        await self.send_json(error.http_status, error_body(error), extra)

    def _start(self, work: Any) -> None:
        self.marks = read_marks(lambda name: self.header(name.encode("ascii")))
        self._work = spawn(self._guard(work), name="http request")

    async def _guard(self, work: Any) -> None:
        """Runs the work; whatever happens, the answer ends."""
        try:
            await work
        except GatewayError as error:
            await self._end_with(error)
        except Exception:
            logger.exception("request %s failed", self.marks.request_id)
            await self._end_with(InternalError("The gateway failed to process this request."))

    async def _end_with(self, error: GatewayError) -> None:
        if self._answered:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self.send_error(error)


async def _too_large() -> None:
    limit = settings.MAX_REQUEST_BYTES
    raise PayloadTooLarge(f"The request body is larger than the {limit:,} bytes that this gateway accepts.")
