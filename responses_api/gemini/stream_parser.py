"""The upstream's answer, from wire bytes to generation events.

Pure; the only producer of generation events from bytes. A body that is not streamed is one
chunk on the same path, and an error answer is a body that is collected and translated, so
that there is no second translator to keep in step.
"""

from typing import assert_never

from responses_api.core.generation_events import Finished, GenerationEvent, UpstreamFailed
from responses_api.gemini.answer import Answer
from responses_api.gemini.chunks import Chunk, Message, UnreadableChunk, decode_payload
from responses_api.gemini.errors import (
    UNREADABLE_ANSWER,
    LocalProtocolError,
    blocked_prompt,
    failure_from_body,
    failure_from_status,
    protocol_failure,
)
from responses_api.gemini.sse import SseDecoder
from responses_api.gemini.status import ErrorStatus

ERROR_BODY_LIMIT = 64 * 1024
"""Bytes kept of an error answer; the rest is read and thrown away."""

_UNREADABLE = "The upstream sent something that cannot be read as an answer of its protocol."
_NO_BLOCK = frozenset({"", "BLOCKED_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"})


class GeminiStreamParser:
    """One answer of the upstream, fed as it arrives.

    The events of one answer end with exactly one ``Finished`` or ``UpstreamFailed``, directly
    after at most one ``UsageReported`` (tokens; the upstream's last running total), and that
    after at most one ``Grounded``.
    """

    def __init__(self, *, http_status: int = 200, streaming: bool = True) -> None:
        """Prepare for one answer.

        Args:
            http_status: Status of the upstream's answer. Anything but 2xx is a failure, whose
                body says why.
            streaming: Whether the body is SSE; else it is one JSON document.
        """
        self._http_status = http_status
        self._is_refused = not 200 <= http_status < 300
        self._frames = self._framer(streaming)
        self._answer = Answer()
        self._is_over = False
        self._body_ended = False

    def feed(self, data: bytes) -> list[GenerationEvent]:
        """Consume one network read; return what the model did in it, in order.

        Args:
            data: Response-body bytes cut anywhere, also inside a UTF-8 character.
                ``b""`` = end of body, which brings the terminal event if none came before.

        Returns:
            Zero or more events. After the terminal event, always none. No bytes of the
            upstream's make this raise: nonsense is an ``UpstreamFailed`` (502).

        Raises:
            LocalProtocolError: bytes after ``b""`` (a bug of ours).
        """
        if self._body_ended and data:
            raise LocalProtocolError("bytes were fed to a stream parser after the end of the body")
        self._body_ended = not data
        if self._is_over:
            return []
        events: list[GenerationEvent] = []
        for payload in self._frames.feed(data):
            if not self._is_over:
                events += self._payload(payload)
        if self._body_ended and not self._is_over:
            events += self._terminal(self._answer.ending())
        return events

    def abort(self) -> list[GenerationEvent]:
        """Close an answer that is cut short on our side.

        Returns:
            The usage reported so far, if any, and no terminal event: the caller knows why it
            stopped. Bytes that still arrive are swallowed.
        """
        if self._is_over:
            return []
        self._is_over = True
        return self._answer.usage_events()

    def _framer(self, streaming: bool) -> "SseDecoder | _WholeBody":
        if self._is_refused:
            return _WholeBody(limit=ERROR_BODY_LIMIT)
        return SseDecoder() if streaming else _WholeBody(limit=None)

    def _payload(self, payload: bytes) -> list[GenerationEvent]:
        if self._is_refused:
            return self._terminal(failure_from_body(self._http_status, payload))
        events: list[GenerationEvent] = []
        try:
            for message in decode_payload(payload):
                if not self._is_over:
                    events += self._message(message)
        except UnreadableChunk:
            events += self._terminal(self._unreadable(payload))
        return events

    def _unreadable(self, payload: bytes) -> Finished | UpstreamFailed:
        """What it means that ``payload`` cannot be read: it was cut off with the body, or is nonsense."""
        if payload == self._frames.unfinished:
            return self._answer.ending()
        return protocol_failure(UNREADABLE_ANSWER, _UNREADABLE)

    def _message(self, message: Message) -> list[GenerationEvent]:
        match message:
            case ErrorStatus():
                return self._terminal(failure_from_status(message))
            case Chunk():
                events = self._answer.chunk(message)
                blocked = _blocked(message)
                return events if blocked is None else events + self._terminal(blocked)
            case _:
                assert_never(message)

    def _terminal(self, event: Finished | UpstreamFailed) -> list[GenerationEvent]:
        self._is_over = True
        return [*self._answer.closing_events(), event]


class _WholeBody:
    """Collects a body and hands it over as one payload at its end."""

    unfinished = None
    """A body that is not streamed has no frames that could break off."""

    def __init__(self, *, limit: int | None) -> None:
        self._pieces: list[bytes] = []
        self._room = limit

    def feed(self, data: bytes) -> list[bytes]:
        if not data:
            return [b"".join(self._pieces)]
        if self._room is not None:
            data = data[: self._room]
            self._room -= len(data)
        self._pieces.append(data)
        return []


def _blocked(chunk: Chunk) -> UpstreamFailed | None:
    feedback = chunk.prompt_feedback
    if feedback is None or (feedback.block_reason or "") in _NO_BLOCK:
        return None
    return blocked_prompt(feedback.block_reason or "", feedback.block_reason_message)
