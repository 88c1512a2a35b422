"""Takes the model's function calls out of what the language server is given. Pure.

The functions are the client's: the language server never declared them and could only fail on
them. To it, an answer that calls some is one that stops there. Everything else passes as it
is, byte for byte; what is edited is filled up with blanks, so that a Content-Length stays true.
"""

import re
from collections.abc import Callable
from typing import Protocol

import msgspec

from interceptor.matching import AnswerForm
from responses_api.gemini.wire import NOT_THAT_JSON

_FUNCTION_CALL = b'"functionCall"'
_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
_BLANKS = (b"\n\n", b"\n\r\n", b"\r\r")
"""Ends of lines that leave a line blank."""
_NOTHING_SAID = msgspec.Raw(b'{"text":""}')
_STOP = msgspec.Raw(b'"STOP"')

# Only taken apart where it has to be: what is not looked into stays as it was written.
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


class CallRemover(Protocol):
    """Edits one answer as it passes."""

    def feed(self, data: bytes) -> list[bytes]:
        """What to pass on now that ``data`` has come; ``b""`` is the end of the answer."""


def call_remover(form: AnswerForm) -> CallRemover:
    """For an answer in that form."""
    return _EventsEditor() if form is AnswerForm.EVENTS else _DocumentEditor()


class _EventsEditor:
    """Holds back no more than the event that is coming in: nobody can use a part of one."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        complete = _end_of_last_event(bytes(self._held[-2:]), data) if data else 0
        if complete is None:
            self._held += data
            return []
        events = bytes(self._held) + data[:complete]
        self._held = bytearray(data[complete:])
        if _FUNCTION_CALL not in events:
            return [events] if events else []
        return [b"".join(map(_edited_event, _split_events(events)))]


class _DocumentEditor:
    """Holds the document back: nobody can use a part of one."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        if data:
            self._held.append(data)
            return []
        document, self._held = b"".join(self._held), []
        edited = _without_calls(document)
        return [document if edited is None else edited.ljust(len(document))] if document else []


def _end_of_last_event(before: bytes, data: bytes) -> int | None:
    """Where the last event that ``data`` completes ends in it; ``before`` is what came directly before."""
    joined = before + data
    ends = [at + len(blank) for blank in _BLANKS if (at := joined.rfind(blank)) >= 0]
    end = max(ends, default=0) - len(before)
    return end if end > 0 else None


def _split_events(events: bytes) -> list[bytes]:
    ends = [blank_line.end() for blank_line in _BLANK_LINE.finditer(events)]
    return [events[start:end] for start, end in zip([0, *ends], [*ends, len(events)], strict=True)]


def _edited_event(event: bytes) -> bytes:
    lines = event.splitlines()
    data = [line[len(b"data:") :] for line in lines if line.startswith(b"data:")]
    edited = _without_calls(b"\n".join(data))
    if edited is None:
        return event
    ending = b"\r\n" if b"\r\n" in event else b"\n"
    others = [line + ending for line in lines if line and not line.startswith(b"data:")]
    rest = b"".join((*others, b"data:", edited))
    return rest.ljust(len(event) - 2 * len(ending)) + 2 * ending


def _without_calls(document: bytes) -> bytes | None:
    """``document`` without calls; None if there are none, or it is nothing that could be read."""
    if _FUNCTION_CALL not in document:
        return None
    try:
        if document.lstrip().startswith(b"["):
            return _members(document, _chunk)
        return _chunk(document)
    except NOT_THAT_JSON:
        return None


def _members(raw: bytes, edit: Callable[[bytes], bytes | None]) -> bytes | None:
    """An array with the members that ``edit`` made anew; None if it made none."""
    members = _array.decode(raw)
    edited = [edit(member) for member in members]
    if not any(edited):
        return None
    return msgspec.json.encode([msgspec.Raw(new or old) for new, old in zip(edited, members, strict=True)])


def _chunk(raw: bytes) -> bytes | None:
    chunk = _object.decode(raw)
    name = "response" if "response" in chunk else "candidates"
    if name not in chunk:
        return None
    edited = _chunk(chunk[name]) if name == "response" else _members(chunk[name], _candidate)
    return None if edited is None else msgspec.json.encode({**chunk, name: msgspec.Raw(edited)})


def _candidate(raw: bytes) -> bytes | None:
    candidate = _object.decode(raw)
    content = _object.decode(candidate.get("content", b"{}"))
    parts = _array.decode(content.get("parts", b"[]"))
    kept = [part for part in parts if "functionCall" not in _object.decode(part)]
    if len(kept) == len(parts):
        return None
    edited: dict[str, object] = {**candidate, "content": {**content, "parts": kept or [_NOTHING_SAID]}}
    if "finishReason" in candidate:
        edited["finishReason"] = _STOP
    return msgspec.json.encode(edited)
