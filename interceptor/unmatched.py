"""Generate calls without a marker: passed on untouched, and traced with their usage.

So that ``HTTPS_PROXY`` in front of any Gemini tool gives its traces. Of what is said nothing is kept.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta

from mitmproxy import http

from interceptor.matching import AnswerForm, GenerateCall, called_model
from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.gemini.errors import connection_failure
from responses_api.models import Outcome
from responses_api.runtime import database
from responses_api.runtime.identifiers import new_id
from responses_api.runtime.tasks import spawn
from responses_api.storage.unmatched_traces import UnmatchedTrace, record_unmatched

logger = logging.getLogger("zg.interceptor")

_MOST_WAITING = 5_000
"""Traces that wait for the database; further ones are lost, and counted in the log."""
_BATCH = 500
_GATHERING = 0.2
"""Seconds in which what ends is written together."""
_LAST_WRITE = 5.0


class UnmatchedTraces:
    """Writes the traces of unmatched calls, off the hot path."""

    def __init__(self) -> None:
        self._waiting: list[UnmatchedTrace] = []
        self._lost = 0
        self._writer: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def begin(self, flow: http.HTTPFlow, kind: GenerateCall, body: bytes) -> "UnmatchedCall":
        """Follow a call whose request is complete.

        Args:
            flow: The call.
            kind: What it is.
            body: Its decoded body; empty where it cannot be read.
        """
        return UnmatchedCall(self, flow, kind, called_model(kind, body))

    def add(self, trace: UnmatchedTrace) -> None:
        """Have ``trace`` written soon."""
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(trace)
        if self._writer is None or self._writer.done():
            self._writer = spawn(self._write(), name="unmatched traces")

    async def close(self) -> None:
        """Write what waits; what cannot be written within seconds is lost."""
        self._hurry.set()
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=_LAST_WRITE)

    async def _write(self) -> None:
        while self._waiting:
            try:
                async with asyncio.timeout(_GATHERING):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            batch = self._waiting[:_BATCH]
            try:
                await database.run_patiently(record_unmatched, batch)
            except Exception as error:  # noqa: BLE001 - whatever the database raises: the next batch may fare better
                logger.error("traces of %d unmatched calls are lost: %s", len(batch), error)
            del self._waiting[: len(batch)]
            if self._lost:
                logger.error("traces of %d unmatched calls are lost: the database is too slow", self._lost)
                self._lost = 0


class UnmatchedCall:
    """Listens to one call, and makes its trace of what it hears."""

    def __init__(self, traces: UnmatchedTraces, flow: http.HTTPFlow, kind: GenerateCall, model: str) -> None:
        request = flow.request
        self._traces = traces
        self._began = time.monotonic()
        self._streams = kind.form is not AnswerForm.DOCUMENT
        self._host = request.host if request.port == 443 else f"{request.host}:{request.port}"
        self._requested_model = model
        self._facts = {
            "user_agent": request.headers.get("user-agent", "")[:256],
            "body_bytes": len(request.raw_content or b""),
            "stream": self._streams,
        }
        self._status: int | None = None
        self._first_event_ms: float | None = None
        self._served_model = ""
        self._called = False
        self._usage: UsageReported | None = None

    def answered(self, status: int) -> None:
        """The head of the answer is there."""
        self._status = status

    def hear(self, events: list[GenerationEvent], *, last: bool) -> None:
        """What has come."""
        if events and self._first_event_ms is None:
            self._first_event_ms = self._milliseconds()
        for event in events:
            match event:
                case AnswerStarted():
                    self._served_model = event.model_version or ""
                case UsageReported():
                    self._usage = event
                case ToolCall():
                    self._called = True
                case Finished():
                    self._end(self._outcome(event), None)
                case UpstreamFailed():
                    self._end(Outcome.UPSTREAM_ERROR, event)

    def broke_off(self, usage: list[GenerationEvent], *, by_client: bool) -> None:
        """The answer ends before its end."""
        self.hear(usage, last=False)
        if by_client:
            self._end(Outcome.CLIENT_DISCONNECT, None)
        else:
            self._end(Outcome.UPSTREAM_ERROR, connection_failure("reset"))

    def _outcome(self, end: Finished) -> Outcome:
        match end.outcome:
            case "completed":
                return Outcome.TOOL_CALL if self._called else Outcome.COMPLETED
            case "max_output_tokens" | "content_filter":
                return Outcome.INCOMPLETE
            case "failed":
                return Outcome.UPSTREAM_ERROR

    def _end(self, outcome: Outcome, failure: UpstreamFailed | None) -> None:
        duration = self._milliseconds()
        ended_at = datetime.now(UTC)
        self._traces.add(
            UnmatchedTrace(
                id=new_id("trace"),
                started_at=ended_at - timedelta(milliseconds=duration),
                ended_at=ended_at,
                outcome=str(outcome),
                host=self._host,
                model=self._requested_model or self._served_model,
                upstream_model=self._served_model,
                stream=self._streams,
                request=self._facts,
                upstream_status=self._status,
                first_event_ms=self._first_event_ms,
                duration_ms=duration,
                failure=failure,
                usage=self._usage,
            )
        )

    def _milliseconds(self) -> float:
        return round((time.monotonic() - self._began) * 1000, 2)
