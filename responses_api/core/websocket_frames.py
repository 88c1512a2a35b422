"""Frames of the WebSocket mode: what a client may send, and how events and errors look there.

A client sends ``response.create`` frames: the body of a request for a response beside
``type`` and, if it likes, ``stream_id`` and ``generate``. It reads the events of a stream,
one in each frame, and errors that over HTTP would be answers of their own.

Sources: OpenAI's guide to WebSocket mode, whose error texts these are, and its
``ResponsesClientEvent`` and ``ResponsesServerEvent``; ``WebSocketErrorEvent`` of Open
Responses; ``WrappedWebsocketErrorEvent`` of Codex (codex-rs/codex-api); November 2026.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from responses_api.core.errors import GatewayError, InvalidRequest, error_body
from responses_api.core.stream_events import StreamEvent
from responses_api.core.validation import json_type, quoted

_STREAM_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_CREATE: Final = "response.create"
_OF_THE_FRAME: Final = frozenset({"type", "stream_id", "generate"})
_JSON: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class CreateFrame:
    """One request for a response."""

    stream_id: str | None
    """The lane: requests of one lane are answered one after the other. None is a lane as well."""
    generate: bool
    """False for a warm-up: the request is only remembered, and continued later."""
    body: dict[str, Any]
    """The request as over HTTP, streamed; not checked yet."""
    size: int
    """Length of the frame as it came."""


class FrameRefused(Exception):
    """What a client sent is no request.

    Attributes:
        error: why.
        stream_id: the lane that it was meant for, where that could be read.
    """

    def __init__(self, error: GatewayError, stream_id: str | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.stream_id = stream_id


def read_frame(message: str | bytes) -> CreateFrame:
    """The request in one message of a client's.

    Raises:
        FrameRefused: it is no JSON object, of another type, or has a member that WebSocket
            mode does not allow.
    """
    document = _decoded(message)
    stream_id = document.get("stream_id")
    if stream_id is not None and not (isinstance(stream_id, str) and _STREAM_ID.fullmatch(stream_id)):
        raise FrameRefused(
            InvalidRequest(
                "The 'stream_id' field must be a non-empty string with at most 256 characters and may only "
                "contain letters, numbers, underscores, hyphens, and periods.",
                param="stream_id",
                code="invalid_stream_id",
            )
        )
    try:
        _check_type(document)
        generate = _generates(document)
        body = _streamed(document)
    except InvalidRequest as error:
        raise FrameRefused(error, stream_id) from None
    return CreateFrame(stream_id, generate, body, len(message))


def event_frame(event: StreamEvent, stream_id: str | None) -> str:
    """One event of a response that was asked for on the lane ``stream_id``."""
    return _encoded(event if stream_id is None else {**event, "stream_id": stream_id})


def error_frame(error: GatewayError, stream_id: str | None, headers: Mapping[str, str] | None = None) -> str:
    """What would be an error answer over HTTP. Its ``code`` is always a string: clients ask for one.

    Args:
        error: why.
        stream_id: the lane.
        headers: what the answer would have, beside ``retry-after``; names in lower case. They
            stand in both places where clients look: in the error for OpenAI's, in the frame
            for Codex.
    """
    detail: dict[str, Any] = {**error_body(error)["error"], "code": error.code or error.type}
    frame: dict[str, Any] = {"type": "error", "status": error.http_status, "error": detail}
    told = dict(headers or {})
    if error.retry_after is not None:
        told["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    if told:
        detail["headers"] = frame["headers"] = told
    if stream_id is not None:
        frame["stream_id"] = stream_id
    return _encoded(frame)


def _encoded(frame: object) -> str:
    return _JSON.encode(frame).decode()


def _decoded(message: str | bytes) -> dict[str, Any]:
    try:
        document: object = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise FrameRefused(
            InvalidRequest("We could not parse the message: it is not valid JSON.", code="invalid_json")
        ) from None
    if not isinstance(document, dict):
        raise FrameRefused(
            InvalidRequest(
                f"Invalid message: expected an object, but got {json_type(document)} instead.",
                code="invalid_type",
            )
        )
    return document


def _check_type(document: dict[str, Any]) -> None:
    kind = document.get("type")
    if kind is None:
        raise InvalidRequest(
            "Missing required parameter: 'type'.", param="type", code="missing_required_parameter"
        )
    if kind != _CREATE:
        given = quoted(kind) if isinstance(kind, str) else json_type(kind)
        raise InvalidRequest(
            f"Invalid value: {given}. Supported values are: '{_CREATE}'.", param="type", code="invalid_value"
        )


def _generates(document: dict[str, Any]) -> bool:
    generate = document.get("generate")
    if generate is None:
        return True
    if not isinstance(generate, bool):
        raise InvalidRequest(
            f"Invalid type for 'generate': expected a boolean, but got {json_type(generate)} instead.",
            param="generate",
            code="invalid_type",
        )
    return generate


def _streamed(document: dict[str, Any]) -> dict[str, Any]:
    """The request. There is no choice of a transport here, so ``stream`` changes nothing."""
    if document.get("background") is True:
        raise InvalidRequest(
            "'background' is not available in WebSocket mode. Send the request over HTTP instead.",
            param="background",
            code="unsupported_parameter",
        )
    body = {name: value for name, value in document.items() if name not in _OF_THE_FRAME}
    if body.get("stream") is None or isinstance(body["stream"], bool):
        body["stream"] = True
    return body
