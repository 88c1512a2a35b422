"""The Gemini protocol's answer as typed values: chunks, candidates, parts.

Pure. Second step of the path: one SSE payload (or one whole JSON body) in, ``Chunk`` or
``ErrorStatus`` values out. Field names of the upstream's answers live here, in ``attachments``
and in ``status``, and nowhere else.

Source: Gemini API reference (v1beta ``GenerateContentResponse``), and the Code Assist variant
that wraps a chunk in ``{"response": ..., "traceId": ...}``.
"""

import re
from typing import Any

import msgspec

from responses_api.gemini.status import ErrorStatus
from responses_api.gemini.wire import NOT_THAT_JSON, WireStruct, lenient

_STRAY_COMMA = re.compile(rb",(?=\s*[,}\]])")
_OUTER_NOISE = b" \t\r\n,"

DONE_PAYLOAD = b"[DONE]"
"""End mark of some compatible backends; the protocol itself has none."""


class UnreadableChunk(Exception):
    """A payload is not JSON, or not of the protocol's shape."""


class FunctionCall(WireStruct, frozen=True):
    """A call that the model wants made; ``args`` is a JSON object, absent for none."""

    name: str = ""
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"null")


class Blob(WireStruct, frozen=True):
    """A picture or a sound within the answer; ``data`` in base64, of either alphabet."""

    mime_type: str = ""
    data: str = ""


class ExecutableCode(WireStruct, frozen=True):
    """A program of the model's."""

    code: str = ""


class CodeExecutionResult(WireStruct, frozen=True):
    """How a program of the model's ended."""

    outcome: str = ""
    output: str = ""


class HostedInvocation(WireStruct, frozen=True):
    """A ``toolCall`` (with ``args``) or its ``toolResponse`` (with ``response``)."""

    id: str | None = None
    tool_type: str = ""
    args: dict[str, Any] | None = None
    response: dict[str, Any] | None = None


class Part(WireStruct, frozen=True):
    """One part of the answer: text, a thought, a call, or something else by name."""

    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    inline_data: Blob | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None
    tool_call: HostedInvocation | None = None
    tool_response: HostedInvocation | None = None
    function_response: dict[str, Any] | None = None
    file_data: dict[str, Any] | None = None
    audio_transcription: dict[str, Any] | None = None

    def foreign_kind(self) -> str | None:
        """Wire name of the member that no generation event stands for, if there is one."""
        return next(
            (wire for attribute, wire in _FOREIGN_KINDS if getattr(self, attribute) is not None), None
        )


_FOREIGN_KINDS = (
    ("function_response", "functionResponse"),
    ("file_data", "fileData"),
    ("audio_transcription", "audioTranscription"),
)


class Content(WireStruct, frozen=True):
    """Parts in the order in which the model wrote them, each still JSON (``decode_part``)."""

    parts: tuple[msgspec.Raw, ...] = ()


class Candidate(WireStruct, frozen=True):
    """One answer; of several, only that of index 0 counts."""

    content: Content | None = None
    index: int | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    continuation_token: str | None = None
    grounding_metadata: msgspec.Raw = msgspec.Raw()
    url_context_metadata: msgspec.Raw = msgspec.Raw()
    logprobs_result: msgspec.Raw = msgspec.Raw()


class PromptFeedback(WireStruct, frozen=True):
    """Whether the prompt itself was blocked."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class UsageMetadata(WireStruct, frozen=True):
    """Token counts; a running total, so the last one of a stream counts. Zeroes are left out."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None


class Chunk(WireStruct, frozen=True):
    """One ``GenerateContentResponse``, whose parts are what came since the last one."""

    candidates: tuple[Candidate, ...] = ()
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: UsageMetadata | None = None
    model_version: str | None = None
    response_id: str | None = None

    def candidate(self) -> Candidate | None:
        """The one answer that counts, if this chunk has a piece of it."""
        return next((candidate for candidate in self.candidates if not candidate.index), None)


class _Response(Chunk, frozen=True):
    """A chunk or an error."""

    error: ErrorStatus | str | None = None
    error_description: str | None = msgspec.field(name="error_description", default=None)


class _Payload(_Response, frozen=True):
    """What may stand in one frame: a response, or one wrapped as Code Assist wraps it."""

    response: _Response | None = None
    trace_id: str | None = None


type Message = Chunk | ErrorStatus

type _Payloads = _Payload | tuple[_Payload, ...]

_decoder: msgspec.json.Decoder[_Payloads] = msgspec.json.Decoder(_Payload | tuple[_Payload, ...])
_part_decoder = msgspec.json.Decoder(Part)
_read_bare_status = lenient(ErrorStatus)
_NOTHING_KNOWN = _Payload()


def decode_payload(payload: bytes) -> tuple[Message, ...]:
    """Read one SSE payload or one whole JSON body.

    Args:
        payload: UTF-8 JSON text: a chunk, a wrapped chunk, ``{"error": ...}``, a bare status, or
            an array of them (the form of a streaming call without ``alt=sse``). Surrounding
            white space and stray commas are forgiven.

    Raises:
        UnreadableChunk: not JSON, or not of these shapes.
    """
    text = payload.strip(_OUTER_NOISE)
    if text in (b"", DONE_PAYLOAD):
        return ()
    try:
        decoded = _decode(text)
    except NOT_THAT_JSON as error:
        raise UnreadableChunk(str(error)) from error
    if isinstance(decoded, tuple):
        return tuple(map(_message, decoded))
    return (_bare_status(text) or decoded,) if decoded == _NOTHING_KNOWN else (_message(decoded),)


def decode_part(raw: msgspec.Raw) -> Part:
    """Read one part of a candidate.

    Raises:
        UnreadableChunk: not of a part's shape.
    """
    try:
        return _part_decoder.decode(raw)
    except NOT_THAT_JSON as error:
        raise UnreadableChunk(str(error)) from error


def verbatim(raw: msgspec.Raw) -> dict[str, Any]:
    """A part with all its members, known or not, as it has to go back on the next turn.

    Raises:
        UnreadableChunk: no JSON object, or a number in it that is beyond any range.
    """
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except NOT_THAT_JSON as error:
        raise UnreadableChunk(str(error)) from error


def arguments_json(call: FunctionCall) -> str:
    """The arguments of ``call`` as compact JSON text of an object, numbers to the digit as sent.

    Raises:
        UnreadableChunk: ``args`` is no object, or not UTF-8.
    """
    raw = bytes(call.args).strip()
    if raw == b"null":
        return "{}"
    if not raw.startswith(b"{"):
        raise UnreadableChunk(f"args of function call {call.name!r} is not an object")
    compact: bytes = msgspec.json.format(raw, indent=-1)
    try:
        return compact.decode()
    except UnicodeDecodeError as error:
        raise UnreadableChunk(str(error)) from error


def _decode(text: bytes) -> _Payloads:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return _decoder.decode(_STRAY_COMMA.sub(b"", text))


def _message(payload: _Payload) -> Message:
    wrapped = payload.response
    error = _error(payload) or (_error(wrapped) if wrapped is not None else None)
    if error is not None:
        return error
    if wrapped is None:
        return payload
    if wrapped.response_id is None:
        return msgspec.structs.replace(wrapped, response_id=payload.trace_id)
    return wrapped


def _error(response: _Response) -> ErrorStatus | None:
    match response.error:
        case str() as text:
            return ErrorStatus(message=response.error_description or text)
        case status:
            return status


def _bare_status(text: bytes) -> ErrorStatus | None:
    """An error without its envelope, as some proxies of Google's send it."""
    status = _read_bare_status(msgspec.Raw(text))
    return status if status is not None and status.code and (status.message or status.status) else None
