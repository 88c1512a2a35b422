"""The Gemini protocol's answer as typed values: every response field name lives here.

Pure. Second step of the path: one SSE payload (or one whole JSON body) in, ``Chunk`` or
``ErrorStatus`` values out. Unknown fields are ignored and enum values stay strings, because
the upstream adds both without notice.

Source: Gemini API reference (v1beta ``GenerateContentResponse``, ``google.rpc.Status``), and
the Code Assist variant that wraps a chunk in ``{"response": ..., "traceId": ...}``.
"""

import re
from typing import Any

import msgspec

_STRAY_COMMA = re.compile(r",(?=\s*[,}\]])")

DONE_PAYLOAD = b"[DONE]"
"""End mark of some compatible backends; the protocol itself has none."""


class UnreadableChunk(Exception):
    """A payload is not JSON, or not of the protocol's shape."""


class _Struct(msgspec.Struct, frozen=True, rename="camel"):
    """Base of all wire structures."""


class FunctionCall(_Struct, frozen=True):
    """A call that the model wants made; ``args`` is a JSON object, absent for none."""

    name: str = ""
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"null")


class Part(_Struct, frozen=True):
    """One part of the answer: text, a thought, a call, or something else by name."""

    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    function_response: dict[str, Any] | None = None
    inline_data: dict[str, Any] | None = None
    file_data: dict[str, Any] | None = None
    executable_code: dict[str, Any] | None = None
    code_execution_result: dict[str, Any] | None = None
    tool_call: dict[str, Any] | None = None
    tool_response: dict[str, Any] | None = None
    audio_transcription: dict[str, Any] | None = None

    def other_kind(self) -> str | None:
        """Wire name of the member that is neither text nor a function call, if there is one."""
        return next((wire for attribute, wire in _OTHER_KINDS if getattr(self, attribute) is not None), None)


_OTHER_KINDS = (
    ("function_response", "functionResponse"),
    ("inline_data", "inlineData"),
    ("file_data", "fileData"),
    ("executable_code", "executableCode"),
    ("code_execution_result", "codeExecutionResult"),
    ("tool_call", "toolCall"),
    ("tool_response", "toolResponse"),
    ("audio_transcription", "audioTranscription"),
)


class Content(_Struct, frozen=True):
    """Parts in the order in which the model wrote them."""

    parts: tuple[Part, ...] = ()


class Candidate(_Struct, frozen=True):
    """One answer; only the first of a chunk counts."""

    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    grounding_metadata: dict[str, Any] | None = None


class PromptFeedback(_Struct, frozen=True):
    """Whether the prompt itself was blocked."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class UsageMetadata(_Struct, frozen=True):
    """Token counts; a running total, so the last one of a stream counts."""

    prompt_token_count: int = 0
    cached_content_token_count: int = 0
    tool_use_prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0


class ErrorStatus(_Struct, frozen=True):
    """``google.rpc.Status`` in its REST form; ``code`` is the HTTP status."""

    code: int | str = 0
    message: str = ""
    status: str = ""
    details: tuple[msgspec.Raw, ...] | None = None


class QuotaViolation(_Struct, frozen=True):
    """One exceeded quota of a ``QuotaFailure``."""

    quota_id: str = ""
    quota_metric: str = ""
    quota_value: int | str | None = None


class FieldViolation(_Struct, frozen=True):
    """One refused field of a ``BadRequest``."""

    field: str = ""
    description: str = ""


class HelpLink(_Struct, frozen=True):
    """One link of a ``Help``."""

    url: str = ""


class ErrorDetail(_Struct, frozen=True):
    """Any entry of ``details``: the members of all ``google.rpc`` kinds that are read."""

    kind: str = msgspec.field(name="@type", default="")
    reason: str = ""
    retry_delay: str = ""
    violations: tuple[QuotaViolation, ...] = ()
    field_violations: tuple[FieldViolation, ...] = ()
    links: tuple[HelpLink, ...] = ()


class Chunk(_Struct, frozen=True):
    """One ``GenerateContentResponse``, whose parts are what came since the last one."""

    candidates: tuple[Candidate, ...] = ()
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: UsageMetadata | None = None
    model_version: str | None = None
    response_id: str | None = None


class _Payload(Chunk, frozen=True):
    """A chunk, a wrapped chunk or an error: what may stand in one frame."""

    error: ErrorStatus | str | None = None
    error_description: str | None = msgspec.field(name="error_description", default=None)
    response: Chunk | None = None
    trace_id: str | None = None


type Message = Chunk | ErrorStatus

_decoder = msgspec.json.Decoder(_Payload | tuple[_Payload, ...])
_detail_decoder = msgspec.json.Decoder(ErrorDetail)


def decode_payload(payload: bytes) -> tuple[Message, ...]:
    """Read one SSE payload or one whole JSON body.

    Args:
        payload: UTF-8 JSON text: a chunk, a wrapped chunk, ``{"error": ...}``, or an array of
            them (the form of a streaming call without ``alt=sse``). Surrounding white space
            and stray commas are forgiven.

    Raises:
        UnreadableChunk: not UTF-8, not JSON, or not of these shapes.
    """
    if payload.strip() in (b"", DONE_PAYLOAD):
        return ()
    try:
        decoded = _decode(payload.decode("utf-8").strip(" \t\r\n,"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableChunk(str(error)) from error
    return tuple(_message(entry) for entry in (decoded if isinstance(decoded, tuple) else (decoded,)))


def decode_details(status: ErrorStatus) -> tuple[ErrorDetail, ...]:
    """The details of ``status`` that can be read; others are left out."""
    return tuple(detail for raw in status.details or () if (detail := _detail(raw)) is not None)


def arguments_json(call: FunctionCall) -> str:
    """The arguments of ``call`` as compact JSON text of an object, numbers to the digit as sent.

    Raises:
        UnreadableChunk: ``args`` is no object.
    """
    raw = bytes(call.args).strip()
    if raw == b"null":
        return "{}"
    if not raw.startswith(b"{"):
        raise UnreadableChunk(f"args of function call {call.name!r} is not an object")
    compact: bytes = msgspec.json.format(raw, indent=-1)
    return compact.decode()


def _decode(text: str) -> Any:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return _decoder.decode(_STRAY_COMMA.sub("", text))


def _detail(raw: msgspec.Raw) -> ErrorDetail | None:
    try:
        return _detail_decoder.decode(raw)
    except msgspec.DecodeError:
        return None


def _message(payload: _Payload) -> Message:
    match payload.error:
        case ErrorStatus() as status:
            return status
        case str() as text:
            return ErrorStatus(message=payload.error_description or text)
        case None:
            pass
    if payload.response is None:
        return payload
    if payload.response.response_id is None:
        return msgspec.structs.replace(payload.response, response_id=payload.trace_id)
    return payload.response
