"""Collects what passes by, within bounds, and makes panes of it.

Collecting is quick and is done where the content passes; making the pane cleans and compresses,
and is for another thread.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from responses_api.captures.cleaning import Cleaner
from responses_api.captures.panes import CapturedPane, CaptureMode, Gap, Pane, Piece, pack, pack_stream

_LARGE = 64 * 1024
"""Bytes of a piece that is cleaned at once: it may be a picture, of which only a note is kept."""


def document_pane(
    pane: Pane,
    call: int,
    mode: CaptureMode,
    head: Mapping[str, Any],
    body: bytes | object,
    *,
    limit: int,
    cleaner: Cleaner,
) -> CapturedPane:
    """The pane of one document: a body as it was on the wire, or one that is decoded already.

    Args:
        pane: which.
        call: of which upstream call; 0 for the exchange itself.
        mode: how much of it.
        head: its head, clean already.
        body: bytes, or decoded JSON.
        limit: bytes that are kept.
        cleaner: of this pane.
    """
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    clean = cleaner.body(body) if isinstance(body, bytes) else msgspec.json.encode(cleaner.document(body))
    return CapturedPane(
        pane, call, mode, dict(head), pack(clean[:limit]), size=len(raw), cut=len(clean) > limit
    )


class StreamRecord:
    """A stream as it passes by: its first pieces up to the bound, and its last one.

    Args:
        limit: bytes that are kept.
        cleaner: of this pane.
    """

    def __init__(self, limit: int, cleaner: Cleaner) -> None:
        self._room = limit
        self._limit = limit
        self._cleaner = cleaner
        self._size = 0
        self._kept: list[tuple[float, bytes, bool]] = []
        """When, what, and whether it is clean already."""
        self._last: tuple[float, bytes, bool] | None = None
        self._left_out = 0

    @property
    def empty(self) -> bool:
        """Whether nothing has passed by."""
        return self._size == 0

    @property
    def kept(self) -> int:
        """Bytes that are kept, the last piece aside."""
        return self._limit - self._room

    def add(self, at: float, payload: bytes) -> None:
        """The next piece.

        Args:
            at: milliseconds since the client's request came, on a monotonic clock.
            payload: JSON, or anything else.
        """
        self._size += len(payload)
        clean = len(payload) > _LARGE
        if clean:
            payload = msgspec.json.encode(self._cleaner.document(_decoded(payload)))
        if self._left_out == 0 and len(payload) <= self._room:
            self._room -= len(payload)
            self._kept.append((at, payload, clean))
            return
        self._left_out += 1
        self._last = (at, payload, clean) if len(payload) <= self._limit else None

    def pane(self, pane: Pane, call: int, mode: CaptureMode, head: Mapping[str, Any]) -> CapturedPane:
        """The pane of what has been added; cleans what is not clean yet. Call it once."""
        pieces: list[Piece | Gap] = self._pieces()
        gap = self._left_out - (self._last is not None)
        if gap:
            pieces.insert(len(self._kept), Gap(gap))
        body = pack_stream(pieces)
        return CapturedPane(pane, call, mode, dict(head), body, size=self._size, cut=gap > 0)

    def _pieces(self) -> list[Any]:
        kept = [*self._kept, *([self._last] if self._last is not None else [])]
        documents = [_decoded(payload) for _, payload, _ in kept]
        dirty = iter(
            self._cleaner.pieces(
                [document for document, (_, _, clean) in zip(documents, kept, strict=True) if not clean]
            )
        )
        return [
            Piece(round(at, 2), document if clean else next(dirty))
            for document, (at, _, clean) in zip(documents, kept, strict=True)
        ]


def _decoded(payload: bytes) -> Any:
    """JSON, or the text that it is."""
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return payload.decode("utf-8", "replace")
