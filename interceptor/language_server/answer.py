"""Reading a model's answer: bytes of the SSE body -> the planner step that grows.

Pure. It reads the wire for the language server, as a foreign one would, and so shares nothing
with the interceptor's reading of the same bytes. Only what a step shows is decoded.
"""

from dataclasses import dataclass

import msgspec

from .steps import PlannerResponse, StepStatus, StopReason, TokenUsage, ToolRequest

STOP_REASONS = {
    "STOP": StopReason.STOP,
    "MAX_TOKENS": StopReason.MAX_TOKENS,
    "CONTINUATION": StopReason.MAX_TOKENS,
    "SAFETY": StopReason.CONTENT_FILTER,
    "RECITATION": StopReason.CONTENT_FILTER,
    "BLOCKLIST": StopReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": StopReason.CONTENT_FILTER,
    "SPII": StopReason.CONTENT_FILTER,
    "LANGUAGE": StopReason.CONTENT_FILTER,
}
"""Finish reasons after which what was written stands; every other one is a failure."""

_MAX_RAW_BYTES = 64 * 1024


class ModelCallFailed(Exception):
    """The model did not answer, or broke off.

    Attributes:
        message: for the user: the upstream's own words where it has some.
        short: a few words naming the kind of failure.
    """

    def __init__(self, message: str, short: str) -> None:
        super().__init__(message)
        self.message = message
        self.short = short


@dataclass(frozen=True, slots=True)
class Answered:
    """The model is done: it wrote something, or had nothing to say."""


@dataclass(frozen=True, slots=True)
class OnlyThought:
    """The model thought and wrote nothing; it may go on when asked again."""


@dataclass(frozen=True, slots=True)
class WantsTools:
    """The model calls functions."""

    names: tuple[str, ...]


type AnswerEnd = Answered | OnlyThought | WantsTools


class _Wire(msgspec.Struct, rename="camel"):
    """Unknown members are ignored: the upstream adds some without notice."""


class _FunctionCall(_Wire):
    name: str = ""
    id: str = ""
    args: msgspec.Raw = msgspec.Raw(b"{}")


class _Part(_Wire):
    text: str = ""
    thought: bool = False
    thought_signature: str = ""
    function_call: _FunctionCall | None = None


class _Content(_Wire):
    parts: list[_Part] = []


class _Candidate(_Wire):
    content: _Content | None = None
    finish_reason: str | None = None
    finish_message: str = ""


class _UsageMetadata(_Wire):
    prompt_token_count: int = 0
    tool_use_prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0


class _PromptFeedback(_Wire):
    block_reason: str = ""


class _Status(_Wire):
    code: int = 0
    message: str = ""
    status: str = ""


class _Chunk(_Wire):
    candidates: list[_Candidate] = []
    usage_metadata: _UsageMetadata | None = None
    model_version: str = ""
    prompt_feedback: _PromptFeedback | None = None
    error: _Status | None = None


class _ErrorBody(_Wire):
    error: _Status


_chunks = msgspec.json.Decoder(_Chunk)
_error_bodies = msgspec.json.Decoder(_ErrorBody | list[_ErrorBody])


class AnswerReader:
    """Folds the bytes of one answer into one planner step, as they arrive."""

    def __init__(self, step: PlannerResponse) -> None:
        self._step = step
        self._tail = b""
        self._data: list[bytes] = []
        self._raw = bytearray()
        self._finish: tuple[str, str] | None = None

    def feed(self, data: bytes) -> None:
        """Take in one network read, cut anywhere.

        Raises:
            ModelCallFailed: an error instead of an answer, a blocked prompt, or not the protocol.
        """
        lines = (self._tail + data).splitlines(keepends=True)
        # A CR at the very end may be half of a CRLF.
        self._tail = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for line in lines:
            self._line(line.rstrip(b"\r\n"))

    def end(self) -> AnswerEnd:
        """Close the step after the last byte and judge the answer.

        Raises:
            ModelCallFailed: the answer has no end, or one that is not an answer.
        """
        self._line(self._tail.rstrip(b"\r\n"))
        self._line(b"")
        if self._finish is None:
            raise self._ended_early()
        reason, message = self._finish
        if (stop_reason := STOP_REASONS.get(reason)) is None:
            self._step.stop_reason = StopReason.ERROR
            raise ModelCallFailed(message or f"The model stopped with {reason}.", reason)
        self._step.stop_reason = stop_reason
        self._step.status = StepStatus.DONE
        if self._step.calls:
            return WantsTools(tuple(call.name for call in self._step.calls))
        if stop_reason is StopReason.STOP and self._step.thoughts and not self._step.text:
            return OnlyThought()
        return Answered()

    def _line(self, line: bytes) -> None:
        if not line:
            if self._data:
                frame, self._data = b"\n".join(self._data), []
                self._frame(frame)
        elif line.startswith(b"data:"):
            self._data.append(line[5:])
        elif not line.startswith((b":", b"event:", b"id:", b"retry:")):
            # Errors can come as bare JSON between the frames.
            self._raw += line[: _MAX_RAW_BYTES - len(self._raw)]

    def _frame(self, frame: bytes) -> None:
        try:
            chunk = _chunks.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _unreadable() from None
        if chunk.error is not None:
            raise _refusal(chunk.error)
        if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason:
            reason = chunk.prompt_feedback.block_reason
            raise ModelCallFailed(f"The prompt was blocked: {reason}.", reason)
        if (usage := chunk.usage_metadata) is not None:
            self._step.usage = TokenUsage(
                prompt=usage.prompt_token_count + usage.tool_use_prompt_token_count,
                answer=usage.candidates_token_count,
                thoughts=usage.thoughts_token_count,
            )
        self._step.model_version = chunk.model_version or self._step.model_version
        if chunk.candidates:
            self._candidate(chunk.candidates[0])

    def _candidate(self, candidate: _Candidate) -> None:
        for part in candidate.content.parts if candidate.content else ():
            self._part(part)
        if candidate.finish_reason:
            self._finish = (candidate.finish_reason, candidate.finish_message)

    def _part(self, part: _Part) -> None:
        if part.text:
            (self._step.thoughts if part.thought else self._step.text).append(part.text)
        if part.thought_signature:
            self._step.signature = part.thought_signature
        if (call := part.function_call) is not None:
            self._step.calls.append(ToolRequest(call.id, call.name, _text(call.args)))

    def _ended_early(self) -> ModelCallFailed:
        if self._raw:
            return refusal_of(200, bytes(self._raw))
        return ModelCallFailed("The model's answer broke off.", "answer broke off")


def refusal_of(http_status: int, body: bytes) -> ModelCallFailed:
    """The failure that an HTTP error answer tells of.

    Args:
        http_status: Status of the answer.
        body: What could be read of it; ``{"error": ...}``, the same in a list, or anything.
    """
    try:
        decoded = _error_bodies.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        decoded = []
    errors = decoded if isinstance(decoded, list) else [decoded]
    if errors and errors[0].error.message:
        return _refusal(errors[0].error)
    return ModelCallFailed(
        f"The model's endpoint answered with HTTP status {http_status}.", f"HTTP {http_status}"
    )


def _text(json: msgspec.Raw) -> str:
    try:
        return bytes(json).decode()
    except UnicodeDecodeError:
        # Raw members are passed over, not checked, when their frame is decoded.
        raise _unreadable() from None


def _unreadable() -> ModelCallFailed:
    return ModelCallFailed("The model's endpoint sent something unreadable.", "bad answer")


def _refusal(status: _Status) -> ModelCallFailed:
    short = f"HTTP {status.code} {status.status}".strip()
    return ModelCallFailed(status.message or f"The model's endpoint failed with {short}.", short)
