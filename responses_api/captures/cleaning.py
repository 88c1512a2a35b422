"""Takes out of captured content what must not be kept: secrets, sealed thoughts, media, and long texts.

Works on decoded JSON of either protocol and builds a new document; the old one is not touched.
"""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import msgspec

from responses_api.captures.panes import CaptureMode
from responses_api.gemini.redaction import secret_spans, without_secrets

PREVIEW_CHARACTERS = 200
"""Of each text, in the mode "preview"."""
REDACTED = "[redacted]"
_DEEPEST = 100
_SHORTEST_SECRET = 8
_SHOWN_OF_SEALED = 16

_SECRET_NAMES = frozenset({
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-goog-api-key", "x-api-key", "api-key",
    "api_key", "apikey", "access_token", "accesstoken", "refresh_token", "refreshtoken", "id_token",
    "client_secret", "clientsecret", "password", "x-codeium-csrf-token", "x-csrf-token",
})  # fmt: skip
_SEALED_NAMES = frozenset({"encrypted_content", "thoughtsignature", "thought_signature"})
_MEDIA_NAMES = frozenset({"data", "file_data", "b64_json", "partial_image_b64", "result"})
_LOG_PROBABILITIES = frozenset({"logprobs", "logprobsresult"})
_RUNNING_NAMES = frozenset({"", "delta", "text", "stringvalue", "code", "output"})
"""Where the pieces of a stream carry the next piece of a text."""
type _Whose = tuple[object, ...]
"""Which text of a stream it is."""

_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?[^,]{0,200};base64,")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{256,}={0,2}")


class Cleaner:
    """Cleans the documents of one pane, or the pieces of one stream.

    Args:
        mode: "preview" or "full".
        secrets: values that are known to be secret, whatever they look like.
    """

    def __init__(self, mode: CaptureMode, secrets: Iterable[str] = ()) -> None:
        self._preview = mode == "preview"
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len)
        self._secrets = re.compile("|".join(map(re.escape, reversed(known)))) if known else None
        self._running: dict[_Whose, list[str]] = {}
        """The texts that come in pieces: as they came, then as they are kept."""
        self._listening = False

    def document(self, document: object) -> Any:
        """A document that stands alone."""
        return self._clean(document, "", None, 0)

    def pieces(self, documents: Sequence[object]) -> list[Any]:
        """The pieces of a stream, all of them, in their order.

        Some are pieces of one text: a secret in it is found also where it is cut in two, and a
        preview shows its start once.
        """
        self._listening = True
        for document in documents:
            self._clean(document, "", _running_text(document), 0)
        self._listening = False
        for whose, texts in self._running.items():
            self._running[whose] = self._kept_of(texts)[::-1]
        return [self._clean(document, "", _running_text(document), 0) for document in documents]

    def body(self, body: bytes) -> bytes:
        """A body as it was on the wire: JSON is cleaned as a document, anything else as one text."""
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            document = body.decode("utf-8", "replace")
            return self._text("", document, None).encode()
        return msgspec.json.encode(self.document(document))

    def headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Headers in their order; the values of secret ones are gone."""
        return [(name, self._text(name.lower(), value, None)) for name, value in headers]

    def url(self, url: str) -> str:
        """An address without the keys in it."""
        return self._without_secrets(url)

    def _clean(self, value: object, name: str, running: _Whose | None, depth: int) -> Any:
        if depth > _DEEPEST:
            return "[too deep]"
        match value:
            case str():
                return self._text(name, value, running)
            case dict():
                return self._mapping(value, running, depth)
            case list() | tuple():
                if self._preview and name in _LOG_PROBABILITIES:
                    return f"[{len(value)} entries]"
                return [self._clean(each, name, running, depth + 1) for each in value]
            case _:
                return value

    def _mapping(self, value: dict[Any, Any], running: _Whose | None, depth: int) -> Any:
        if running is not None and value.get("thought") is True:
            running = (*running, "thought")
        cleaned: dict[str, Any] = {}
        for key, each in value.items():
            name = str(key).lower()
            if self._preview and name in _LOG_PROBABILITIES and isinstance(each, dict):
                cleaned[key] = "[left out]"
            elif isinstance(each, str) and name in _MEDIA_NAMES and _BASE64.fullmatch(each):
                cleaned[key] = _note(_media_type(value), each)
            else:
                cleaned[key] = self._clean(each, name, running, depth + 1)
        return cleaned

    def _text(self, name: str, text: str, running: _Whose | None) -> str:
        if name in _SECRET_NAMES:
            return REDACTED
        if name in _SEALED_NAMES:
            return _shortened(text, _SHOWN_OF_SEALED)
        if (uri := _DATA_URI.match(text)) is not None:
            return _note(uri[1] or "data", text[uri.end() :])
        if running is not None and name in _RUNNING_NAMES:
            return self._piece_of(text, (*running, name))
        text = self._without_secrets(text)
        return _shortened(text, PREVIEW_CHARACTERS) if self._preview else text

    def _piece_of(self, text: str, whose: _Whose) -> str:
        """The next piece of a text: taken note of, or as it is kept."""
        if not self._listening:
            return self._running[whose].pop()
        self._running.setdefault(whose, []).append(text)
        return text

    def _kept_of(self, texts: list[str]) -> list[str]:
        """The pieces of one text, without the secrets in the whole, and only its start in a preview."""
        whole = "".join(texts)
        spans = [*secret_spans(whole), *(found.span() for found in self._find_known(whole))]
        cleaned = _without_spans(texts, spans)
        if not self._preview:
            return cleaned
        ends = accumulate(map(len, cleaned), initial=0)
        room = [max(0, PREVIEW_CHARACTERS - shown) for shown in ends]
        return [_shortened(text, left) for text, left in zip(cleaned, room, strict=False)]

    def _find_known(self, text: str) -> Iterable[re.Match[str]]:
        return () if self._secrets is None else self._secrets.finditer(text)

    def _without_secrets(self, text: str) -> str:
        clean = without_secrets(text)
        return clean if self._secrets is None else self._secrets.sub(REDACTED, clean)


def _without_spans(texts: Iterable[str], spans: Iterable[tuple[int, int]]) -> list[str]:
    """The pieces of a text without what ``spans`` of the whole cover; each span leaves one mark."""
    waiting = deque(sorted(spans))
    cleaned, at, covered = [], 0, 0
    for text in texts:
        begin, end = at, at + len(text)
        kept = []
        while at < end:
            if at < covered:
                at = min(covered, end)
            elif waiting and waiting[0][0] <= at:
                first, last = waiting.popleft()
                kept += [REDACTED] if first == at else []
                covered = max(covered, last)
            else:
                until = min(waiting[0][0], end) if waiting else end
                kept.append(text[at - begin : until - begin])
                at = until
        cleaned.append("".join(kept))
    return cleaned


def _running_text(document: object) -> _Whose | None:
    """To which text the piece adds; None if its texts are whole."""
    if not isinstance(document, dict):
        return ()
    kind = document.get("type")
    if kind is None:
        return ()  # the upstream's chunks have no type, and only add
    if not str(kind).endswith(".delta"):
        return None
    return (kind, document.get("item_id"), document.get("content_index"), document.get("summary_index"))


def _shortened(text: str, shown: int) -> str:
    left = len(text) - shown
    return text if left <= 0 else f"{text[:shown]}… ({left} more characters)"


def _media_type(around: dict[Any, Any]) -> str:
    named = around.get("mimeType") or around.get("format")
    return named if isinstance(named, str) else "base64"


def _note(media_type: str, encoded: str) -> str:
    return f"[{media_type}, {len(encoded.rstrip('=')) * 3 // 4} bytes]"
