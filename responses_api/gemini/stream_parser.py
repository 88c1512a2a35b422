"""The upstream's answer, from wire bytes to generation events.

Pure; the only producer of generation events from bytes. A body that is not streamed is one
chunk on the same path, and an error answer is a body that is collected and translated, so
that there is no second translator to keep in step.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.gemini.chunks import (
    Candidate,
    Chunk,
    ErrorStatus,
    FunctionCall,
    Message,
    Part,
    UnreadableChunk,
    UsageMetadata,
    arguments_json,
    decode_payload,
)
from responses_api.gemini.errors import (
    STREAM_ENDED_EARLY,
    UNREADABLE_ANSWER,
    LocalProtocolError,
    blocked_prompt,
    failure_from_body,
    failure_from_status,
    protocol_failure,
)
from responses_api.gemini.finish import finished, finished_empty
from responses_api.gemini.sse import SseDecoder

ERROR_BODY_LIMIT = 64 * 1024
"""Bytes kept of an error answer; the rest is read and thrown away."""

_UNREADABLE = "The upstream sent something that cannot be read as an answer of its protocol."
_NO_BLOCK = frozenset({"", "BLOCKED_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"})


class GeminiStreamParser:
    """One answer of the upstream, fed as it arrives.

    The events of one answer end with exactly one ``Finished`` or ``UpstreamFailed``, directly
    after at most one ``UsageReported`` (tokens; the upstream's last running total).
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
        self._feed_frames = self._framer(streaming)
        self._answer = _Answer()
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
        for payload in self._feed_frames(data):
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

    def _framer(self, streaming: bool) -> Callable[[bytes], list[bytes]]:
        if self._is_refused:
            return _WholeBody(limit=ERROR_BODY_LIMIT).feed
        return SseDecoder().feed if streaming else _WholeBody(limit=None).feed

    def _payload(self, payload: bytes) -> list[GenerationEvent]:
        if self._is_refused:
            return self._terminal(failure_from_body(self._http_status, payload))
        events: list[GenerationEvent] = []
        try:
            for message in decode_payload(payload):
                if not self._is_over:
                    events += self._message(message)
        except UnreadableChunk:
            events += self._terminal(protocol_failure(UNREADABLE_ANSWER, _UNREADABLE))
        return events

    def _message(self, message: Message) -> list[GenerationEvent]:
        match message:
            case ErrorStatus():
                return self._terminal(failure_from_status(message))
            case Chunk():
                events = list(self._answer.chunk(message))
                blocked = _blocked(message)
                return events if blocked is None else events + self._terminal(blocked)
            case _:
                assert_never(message)

    def _terminal(self, event: Finished | UpstreamFailed) -> list[GenerationEvent]:
        self._is_over = True
        return [*self._answer.usage_events(), event]


class _WholeBody:
    """Collects a body and hands it over as one payload at its end."""

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


class _Answer:
    """What the chunks have said so far, as far as the ending depends on it."""

    def __init__(self) -> None:
        self._started = False
        self._has_content = False
        self._ignored: tuple[str, ...] = ()
        self._usage: UsageMetadata | None = None
        self._finish: Candidate | None = None

    def chunk(self, chunk: Chunk) -> Iterator[GenerationEvent]:
        if not self._started:
            self._started = True
            yield AnswerStarted(model_version=chunk.model_version, upstream_id=chunk.response_id)
        if chunk.usage_metadata is not None:
            self._usage = chunk.usage_metadata
        for candidate in chunk.candidates[:1]:
            yield from self._candidate(candidate)

    def usage_events(self) -> list[GenerationEvent]:
        return [] if self._usage is None else [_usage_reported(self._usage)]

    def ending(self) -> Finished | UpstreamFailed:
        """What the end of the body means."""
        if self._finish is None or not self._finish.finish_reason:
            return protocol_failure(
                STREAM_ENDED_EARLY, "The upstream's answer ended before the model said that it was done."
            )
        terminal = finished(self._finish.finish_reason, self._finish.finish_message)
        if terminal.outcome == "completed" and not self._has_content:
            return finished_empty(terminal.raw_reason, self._ignored)
        return terminal

    def _candidate(self, candidate: Candidate) -> Iterator[GenerationEvent]:
        if candidate.content is not None:
            for part in candidate.content.parts:
                for event in _part_events(part):
                    self._note(event)
                    yield event
        if candidate.grounding_metadata is not None:
            yield PartIgnored("groundingMetadata")
        if candidate.finish_reason:
            self._finish = candidate

    def _note(self, event: GenerationEvent) -> None:
        if isinstance(event, PartIgnored):
            self._ignored += (event.kind,)
        else:
            self._has_content = True


def _part_events(part: Part) -> Iterator[GenerationEvent]:
    if part.function_call is not None:
        yield _tool_call(part.function_call, part.thought_signature)
        return
    if part.text:
        yield ThoughtDelta(part.text) if part.thought else TextDelta(part.text)
    elif (kind := part.other_kind()) is not None:
        yield PartIgnored(kind)
        return
    if part.thought_signature:
        yield PartSigned(part.thought_signature)


def _tool_call(call: FunctionCall, signature: str | None) -> ToolCall | PartIgnored:
    if not call.name:
        return PartIgnored("functionCall")
    return ToolCall(
        name=call.name,
        arguments=arguments_json(call),
        upstream_call_id=call.id or None,
        signature=signature or None,
    )


def _blocked(chunk: Chunk) -> UpstreamFailed | None:
    feedback = chunk.prompt_feedback
    if feedback is None or (feedback.block_reason or "") in _NO_BLOCK:
        return None
    return blocked_prompt(feedback.block_reason or "", feedback.block_reason_message)


def _usage_reported(usage: UsageMetadata) -> UsageReported:
    return UsageReported(
        input_tokens=usage.prompt_token_count + usage.tool_use_prompt_token_count,
        cached_tokens=usage.cached_content_token_count,
        output_tokens=usage.candidates_token_count + usage.thoughts_token_count,
        reasoning_tokens=usage.thoughts_token_count,
    )
