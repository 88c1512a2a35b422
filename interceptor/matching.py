"""Which requests of the language server are ours, and what is sent in their place. Pure.

A marker counts only if it is the *whole* text of a part in the *last* user turn of a
generate call. Text that merely contains one, or one in an earlier turn, does nothing.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import msgspec

from responses_api.gemini.wire import NOT_THAT_JSON

_GENERATE = re.compile(r"/models/(?P<model>[^/:]+):(?P<method>generateContent|streamGenerateContent)$")
_WRAPPED_GENERATE = re.compile(r"/v1internal:(?P<method>generateContent|streamGenerateContent)$")
_MARKER = re.compile(r"\.<cid:([A-Za-z0-9_-]{8,128})>")

CREDENTIAL_HEADERS = ("authorization", "x-goog-api-key", "x-goog-user-project")
"""Whatever the language server put there is removed before ours is set."""

CREDENTIAL_PARAMETERS = frozenset({"key", "access_token", "oauth_token", "quotaUser", "userProject"})
"""The same in the query. Source: https://cloud.google.com/apis/docs/system-parameters."""


class AnswerForm(Enum):
    """In which form a generate call is answered."""

    DOCUMENT = "document"
    """One JSON object."""
    EVENTS = "events"
    """Server-sent events, one JSON object each."""
    ARRAY = "array"
    """A JSON array of what would be the events; so a streaming call is answered without ``alt=sse``."""


@dataclass(frozen=True, slots=True)
class GenerateCall:
    """A request that asks a model for an answer."""

    form: AnswerForm
    wrapped: bool
    """The Gemini request sits inside ``{"model": …, "request": {…}}``."""
    model: str = ""
    """As the path names it; empty if the body does."""


@dataclass(frozen=True, slots=True)
class Match:
    """A generate call that carries a marker."""

    call: GenerateCall
    cascade_id: str | None
    """None: the turn has several different markers, so it is nobody's."""
    wrapper: dict[str, Any] | None
    """The outer object of a wrapped body, without its ``request``."""


def generate_call(method: str, path: str) -> GenerateCall | None:
    """What kind of generate call ``method path`` is; None if it is none."""
    if method != "POST":
        return None
    target = urlsplit(path)
    if found := _GENERATE.search(target.path):
        return GenerateCall(_answer_form(found["method"], target.query), wrapped=False, model=found["model"])
    if found := _WRAPPED_GENERATE.search(target.path):
        return GenerateCall(_answer_form(found["method"], target.query), wrapped=True)
    return None


def _answer_form(method: str, query: str) -> AnswerForm:
    if method == "generateContent":
        return AnswerForm.DOCUMENT
    return AnswerForm.EVENTS if parse_qs(query).get("alt") == ["sse"] else AnswerForm.ARRAY


class _Named(msgspec.Struct):
    model: str = ""


_named = msgspec.json.Decoder(_Named)


def called_model(call: GenerateCall, body: bytes) -> str:
    """The model that a call without a marker asks for; empty if it does not say."""
    if not call.wrapped:
        return call.model
    try:
        return _named.decode(body).model
    except NOT_THAT_JSON:
        return ""


def match(call: GenerateCall, body: bytes) -> Match | None:
    """The marker in ``body``, the decoded JSON body of a generate call; None if it has none."""
    if b"cid:" not in body:
        return None
    try:
        document = msgspec.json.decode(body)
    except NOT_THAT_JSON:
        return None
    if not isinstance(document, dict):
        return None
    request = document.get("request") if call.wrapped else document
    cascade_ids = _cascades_of_last_user_turn(request)
    if not cascade_ids:
        return None
    wrapper = {key: value for key, value in document.items() if key != "request"} if call.wrapped else None
    return Match(call, cascade_ids.pop() if len(cascade_ids) == 1 else None, wrapper)


def rewritten_body(found: Match, model: str, overlay: bytes) -> bytes:
    """The body to send upstream: the overlay, wrapped as the original was."""
    if found.wrapper is None:
        return overlay
    return msgspec.json.encode({**found.wrapper, "model": model, "request": msgspec.Raw(overlay)})


def rewritten_path(path: str, model: str) -> str:
    """``path`` with the overlay's model, and without a credential in its query."""
    bare, _, query = path.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not _is_credential(pair))
    renamed = re.sub(r"(/models/)[^/:]+(:)", lambda m: f"{m[1]}{model}{m[2]}", bare)
    return f"{renamed}?{kept}" if kept else renamed


def _is_credential(pair: str) -> bool:
    return unquote_plus(pair.partition("=")[0]) in CREDENTIAL_PARAMETERS


def _cascades_of_last_user_turn(request: object) -> set[str]:
    if not isinstance(request, dict):
        return set()
    contents = request.get("contents")
    if not isinstance(contents, list) or not contents:
        return set()
    turn = contents[-1]
    if not isinstance(turn, dict) or turn.get("role", "user") != "user":
        return set()
    parts = turn.get("parts")
    texts = [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    markers = (_MARKER.fullmatch(text.strip()) for text in texts if isinstance(text, str))
    return {marker[1] for marker in markers if marker is not None}
