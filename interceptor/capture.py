"""The interceptor's side of a capture: what the language server sent, what went out, what came back.

Where a gateway wants it. Collecting happens where the content passes; cleaning, compressing and
writing on other threads, in a bounded queue: what does not fit is not captured, and never waited for.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from django.conf import settings
from mitmproxy import http

from responses_api.captures.cleaning import Cleaner
from responses_api.captures.panes import CapturedPane, Pane
from responses_api.captures.recording import StreamRecord, document_pane
from responses_api.exchanges.channel_messages import CaptureOrder
from responses_api.gemini.sse import SseDecoder
from responses_api.runtime import database
from responses_api.runtime.tasks import spawn
from responses_api.storage import captures

logger = logging.getLogger("zg.captures")

QUEUE_BYTES = 64 * 1024 * 1024
"""Content that may wait to be written; one request or answer may be larger if nothing else waits."""
_SECRET_HEADERS = ("authorization", "x-goog-api-key")
_ROOM_FOR_MEDIA = 8
"""Bytes read of a body that is not streamed, in multiples of those that are kept of it."""
FLUSH_SECONDS = 5.0
"""What writing may take at the end of the process."""


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it passed by."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, request: http.Request) -> Self:
        """As it is now; it may be changed afterwards."""
        headers = tuple(request.headers.items(multi=True))
        return cls(request.method, request.url, headers, request.get_content(strict=False) or b"")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credentials in its headers, by themselves."""
        return tuple(
            value.rpartition(" ")[2] for name, value in self.headers if name.lower() in _SECRET_HEADERS
        )


@dataclass(frozen=True, slots=True)
class _Job:
    trace_id: str
    make: Callable[[], list[CapturedPane]]
    size: int


class CaptureWriter:
    """Makes panes of what was collected and writes them, one after the other."""

    def __init__(self) -> None:
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._waiting = 0
        self._worker: asyncio.Task[None] | None = None

    def begin(self, order: CaptureOrder | None, request: http.Request) -> "CallCapture | None":
        """The capture of a call that has just been claimed, by the language server's ``request``.

        None if no capture is wanted.
        """
        return None if order is None else CallCapture(order, request, self.submit)

    def submit(self, trace_id: str, make: Callable[[], list[CapturedPane]], size: int) -> None:
        """Have panes made and written soon.

        Args:
            trace_id: whose they are.
            make: makes them, in another thread.
            size: bytes that wait in it.
        """
        if self._waiting and self._waiting + size > QUEUE_BYTES:
            logger.warning("%d bytes of trace %s are not captured: too much waits", size, trace_id)
            return
        self._waiting += size
        self._jobs.put_nowait(_Job(trace_id, make, size))
        if self._worker is None or self._worker.done():
            self._worker = spawn(self._work(), name="write captures")

    async def close(self) -> None:
        """Write what waits, for a bounded time."""
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=FLUSH_SECONDS)
            self._worker.cancel()

    async def _work(self) -> None:
        """Runs while something waits."""
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            try:
                panes = await asyncio.to_thread(job.make)
                await database.run_patiently(captures.insert, job.trace_id, panes)
            except Exception:  # whatever it was, the next one may succeed
                logger.exception("content of trace %s could not be captured", job.trace_id)
            finally:
                self._waiting -= job.size


class CallCapture:
    """One upstream call as it passes by.

    Args:
        order: what is wanted; it has arrived just now.
        request: the language server's.
        submit: takes what is to be written (``CaptureWriter.submit``).
    """

    def __init__(
        self,
        order: CaptureOrder,
        request: http.Request,
        submit: Callable[[str, Callable[[], list[CapturedPane]], int], None],
    ) -> None:
        self._order = order
        self._before: SeenRequest | None = SeenRequest.of(request)
        self._submit = submit
        self._began = time.monotonic() - order.elapsed_ms / 1000
        self._secrets: tuple[str, ...] = ()
        self._head: dict[str, Any] = {}
        self._frames: SseDecoder | _WholeBody = _WholeBody()
        self._record = StreamRecord(settings.CAPTURE_MAX_BYTES, Cleaner(order.mode))
        self._ended = False

    def rewritten(self, request: http.Request) -> None:
        """The request as it goes out; the credentials in its headers are taken out of the answer, too."""
        before, after = self._before, SeenRequest.of(request)
        if before is None:
            return
        self._before = None  # it may be large
        self._secrets = (*before.secrets, *after.secrets)
        make = partial(_request_panes, self._order, before, after, self._secrets)
        self._submit(self._order.trace_id, make, len(before.body) + len(after.body))

    def answered(self, response: http.Response, *, streaming: bool) -> None:
        """The head of the answer; ``streaming`` if its body is server-sent events, unless it is a refusal."""
        status, headers = response.status_code, response.headers.items(multi=True)
        streaming = streaming and 200 <= status < 300
        cleaner = Cleaner(self._order.mode, self._secrets)
        self._head = {"status": status, "headers": cleaner.headers(headers), "streaming": streaming}
        self._record = StreamRecord(settings.CAPTURE_MAX_BYTES, cleaner)
        self._frames = SseDecoder() if streaming else _WholeBody()

    def chunk(self, data: bytes) -> None:
        """A piece of the answer's body, decompressed, cut anywhere; ``b""`` at its end."""
        if self._ended:
            return
        try:
            self._add(data)
        except Exception:  # it must not cost the exchange its answer
            logger.exception("the rest of an answer in trace %s is not captured", self._order.trace_id)
            data = b""
        if not data:
            self._ended = True
            make = partial(_answer_panes, self._order, self._record, self._head)
            self._submit(self._order.trace_id, make, self._record.kept)

    def broke_off(self, reason: str) -> None:
        """Nothing follows; where the answer has ended already, nothing happens.

        Args:
            reason: why, for people.
        """
        if not self._ended:
            self._head = {**self._head, "broke_off": reason}
            self.chunk(b"")

    def _add(self, data: bytes) -> None:
        at = (time.monotonic() - self._began) * 1000
        for payload in self._frames.feed(data):
            self._record.add(at, payload)


class _WholeBody:
    """Collects a body that is not streamed and hands it over at its end, as far as it may be kept."""

    def __init__(self) -> None:
        # More than is kept: pictures go, once the whole has been read.
        self._room: int = _ROOM_FOR_MEDIA * settings.CAPTURE_MAX_BYTES
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        if not data:
            return [b"".join(self._pieces)] if self._pieces else []
        data = data[: self._room]
        self._room -= len(data)
        self._pieces.append(data)
        return []


def _request_panes(
    order: CaptureOrder, before: SeenRequest, after: SeenRequest, secrets: tuple[str, ...]
) -> list[CapturedPane]:
    return [
        _request_pane(Pane.REQUEST_BEFORE, order, before, secrets),
        _request_pane(Pane.REQUEST_AFTER, order, after, secrets),
    ]


def _request_pane(
    pane: Pane, order: CaptureOrder, seen: SeenRequest, secrets: tuple[str, ...]
) -> CapturedPane:
    cleaner = Cleaner(order.mode, secrets)
    head = {"method": seen.method, "url": cleaner.url(seen.url), "headers": cleaner.headers(seen.headers)}
    limit: int = settings.CAPTURE_MAX_BYTES
    return document_pane(pane, order.call, order.mode, head, seen.body, limit=limit, cleaner=cleaner)


def _answer_panes(order: CaptureOrder, record: StreamRecord, head: dict[str, Any]) -> list[CapturedPane]:
    return [record.pane(Pane.ANSWER, order.call, order.mode, head)]
