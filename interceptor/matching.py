"""Which requests of the language server are ours, and what is sent in their place. Pure.

A marker counts only if it is the *whole* text of a part in the *last* user turn of a
generate call. Text that merely contains one, or one in an earlier turn, does nothing.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

_GENERATE = re.compile(r"/models/(?P<model>[^/:]+):(?P<method>generateContent|streamGenerateContent)$")
_WRAPPED_GENERATE = re.compile(r"/v1internal:(?P<method>generateContent|streamGenerateContent)$")
_MARKER = re.compile(r"\.<cid:([A-Za-z0-9_-]{8,128})>")

CREDENTIAL_HEADERS = ("authorization", "x-goog-api-key", "x-goog-user-project")
"""Whatever the language server put there is removed before ours is set."""


@dataclass(frozen=True, slots=True)
class GenerateCall:
    """A request that asks a model for an answer."""

    streaming: bool
    wrapped: bool
    """The Gemini request sits inside ``{"model": …, "request": {…}}``."""


@dataclass(frozen=True, slots=True)
class Match:
    """A generate call that carries a marker."""

    call: GenerateCall
    cascade_id: str
    wrapper: dict[str, Any] | None
    """The outer object of a wrapped body, without its ``request``."""


def generate_call(method: str, path: str) -> GenerateCall | None:
    """What kind of generate call ``method path`` is; None if it is none."""
    if method != "POST":
        return None
    bare = urlsplit(path).path
    if found := _GENERATE.search(bare):
        return GenerateCall(found["method"] == "streamGenerateContent", wrapped=False)
    if found := _WRAPPED_GENERATE.search(bare):
        return GenerateCall(found["method"] == "streamGenerateContent", wrapped=True)
    return None


def match(call: GenerateCall, body: bytes) -> Match | None:
    """The marker in ``body``, the decoded JSON body of a generate call; None if it has none."""
    if b"cid:" not in body:
        return None
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(document, dict):
        return None
    request = document.get("request") if call.wrapped else document
    cascade_id = _cascade_of_last_user_turn(request)
    if cascade_id is None:
        return None
    wrapper = {key: value for key, value in document.items() if key != "request"} if call.wrapped else None
    return Match(call, cascade_id, wrapper)


def rewritten_body(found: Match, model: str, overlay: bytes) -> bytes:
    """The body to send upstream: the overlay, wrapped as the original was."""
    if found.wrapper is None:
        return overlay
    return msgspec.json.encode({**found.wrapper, "model": model, "request": msgspec.Raw(overlay)})


def rewritten_path(path: str, model: str) -> str:
    """``path`` with the overlay's model, and without an API key in its query."""
    bare, _, query = path.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not pair.startswith("key="))
    renamed = re.sub(r"(/models/)[^/:]+(:)", lambda m: f"{m[1]}{model}{m[2]}", bare)
    return f"{renamed}?{kept}" if kept else renamed


def _cascade_of_last_user_turn(request: object) -> str | None:
    if not isinstance(request, dict):
        return None
    contents = request.get("contents")
    if not isinstance(contents, list) or not contents:
        return None
    turn = contents[-1]
    if not isinstance(turn, dict) or turn.get("role", "user") != "user":
        return None
    parts = turn.get("parts")
    for part in parts if isinstance(parts, list) else ():
        text = part.get("text") if isinstance(part, dict) else None
        if isinstance(text, str) and (found := _MARKER.fullmatch(text.strip())):
            return found[1]
    return None
