"""The gateway's side of a capture: the client's request, and what the client was sent.

Only where content is to be kept at all; a capture that fails costs the response nothing.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.conf import settings

from responses_api.access.callers import Caller
from responses_api.captures.cleaning import Cleaner
from responses_api.captures.panes import CapturedPane, CaptureMode, Pane, effective_mode
from responses_api.captures.recording import StreamRecord, document_pane
from responses_api.core.stream_events import StreamEvent
from responses_api.exchanges.channel_messages import CaptureOrder
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.captures")


def record_for(
    caller: Caller,
    began: float,
    head: dict[str, Any],
    headers: Iterable[tuple[bytes, bytes]],
    document: object,
) -> "ExchangeRecord | None":
    """A record of a request's exchange; None if this caller's content is not kept.

    Args:
        caller: whose API key or installation says what is kept.
        began: when the request came, on the monotonic clock, seconds.
        head: its request line.
        headers: its headers.
        document: its decoded body. It is read by another thread: do not change it.
    """
    mode = effective_mode(caller.capture, settings.CONTENT_CAPTURE)
    if mode == "off":
        return None
    named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    head = {**head, "headers": Cleaner(mode).headers(named)} if named else head
    return ExchangeRecord(mode, began, head, document)


class ExchangeRecord:
    """What is kept of one exchange. Make it on the event loop: a thread cleans the request at once."""

    def __init__(self, mode: CaptureMode, began: float, head: dict[str, Any], document: object) -> None:
        self._mode = mode
        self._began = began
        self._sent = StreamRecord(settings.CAPTURE_MAX_BYTES, Cleaner(mode))
        # Now, so that a request full of images is not kept for as long as its answer takes.
        self._request = spawn(asyncio.to_thread(self._request_pane, head, document), name="capture request")

    def order(self, trace_id: str, call: int) -> CaptureOrder:
        """What the interceptor is told, now, to keep of upstream call number ``call``, counted from 1."""
        return CaptureOrder(trace_id, call, self._mode, self._elapsed())

    def sent(self, events: Sequence[StreamEvent]) -> None:
        """The client is sent ``events`` now."""
        at = self._elapsed()
        for event in events:
            self._sent.add(at, msgspec.json.encode(event))

    async def panes(self, answer: object | None) -> list[CapturedPane]:
        """What was captured.

        Args:
            answer: what the client is told where it was sent no events; None if it is told nothing.
        """
        if self._sent.empty and answer is not None:
            self._sent.add(self._elapsed(), msgspec.json.encode(answer))
        try:
            request, sent = await asyncio.gather(self._request, asyncio.to_thread(self._sent_pane))
        except Exception:
            logger.exception("content could not be captured")
            return []
        return [request, sent]

    def _elapsed(self) -> float:
        return (time.monotonic() - self._began) * 1000

    def _request_pane(self, head: dict[str, Any], document: object) -> CapturedPane:
        cleaner, limit = Cleaner(self._mode), settings.CAPTURE_MAX_BYTES
        return document_pane(Pane.CLIENT_REQUEST, 0, self._mode, head, document, limit=limit, cleaner=cleaner)

    def _sent_pane(self) -> CapturedPane:
        return self._sent.pane(Pane.SENT, 0, self._mode, {})
