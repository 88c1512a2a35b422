"""The panes of a capture, as they are kept: one compressed text each, and what stands above it.

A document pane is JSON (or the start of it, where it was cut, or other text). A stream pane
is lines of JSON: ``{"at": 12.3, "data": …}`` for each piece, ``at`` in milliseconds since the
request came, and ``{"left_out": 7}`` in the place of what did not fit.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import msgspec

type CaptureMode = Literal["off", "preview", "full"]
"""How much is kept: nothing, the start of each text, or all."""

MODES: tuple[CaptureMode, ...] = ("off", "preview", "full")


class Pane(StrEnum):
    """Which of an exchange's texts it is."""

    CLIENT_REQUEST = "client_request"
    SENT = "sent"
    REQUEST_BEFORE = "request_before"
    REQUEST_AFTER = "request_after"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class CapturedPane:
    """One pane at rest.

    Attributes:
        pane: which.
        call: the upstream call that it belongs to, from 1; 0 for the exchange's own.
        mode: how much of each text it holds.
        head: request line or status, and headers; no secret is among them.
        body: compressed.
        size: bytes that passed by, before anything was taken out.
        cut: whether it did not fit.
    """

    pane: Pane
    call: int
    mode: CaptureMode
    head: dict[str, Any]
    body: bytes
    size: int
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a stream.

    Attributes:
        at: milliseconds since the client's request came; as exact as the way of a channel message.
        data: JSON, or text where it was none.
    """

    at: float
    data: Any


@dataclass(frozen=True, slots=True)
class Gap:
    """Pieces that did not fit."""

    left_out: int


def effective_mode(wanted: str, default: str) -> CaptureMode:
    """What an API key's own ``wanted`` ("inherit" or a mode) and the installation's ``default`` come to."""
    chosen = default if wanted == "inherit" else wanted
    return next((mode for mode in MODES if mode == chosen), "off")


def pack(text: bytes) -> bytes:
    """The form at rest."""
    return zlib.compress(text, 6)


def unpack(body: bytes) -> str:
    """What was packed. A character that the bound has cut in two is left out."""
    return zlib.decompress(body).decode("utf-8", "ignore")


def pack_stream(pieces: Sequence[Piece | Gap]) -> bytes:
    """The form at rest of a stream."""
    return pack(b"\n".join(msgspec.json.encode(piece) for piece in pieces))


def unpack_stream(body: bytes) -> tuple[Piece | Gap, ...]:
    """What was packed, in order."""
    lines = [msgspec.json.decode(line) for line in unpack(body).split("\n") if line]
    return tuple(
        Gap(line["left_out"]) if "left_out" in line else Piece(line["at"], line["data"]) for line in lines
    )


def as_body(pieces: Iterable[Mapping[str, Any]], *, streaming: bool) -> bytes:
    """The upstream's answer as it could come over the wire again.

    Args:
        pieces: a stream's, as decoded JSON; gaps are passed over.
        streaming: whether it is to be server-sent events.
    """
    encoded = [
        piece["data"].encode() if isinstance(piece["data"], str) else msgspec.json.encode(piece["data"])
        for piece in pieces
        if "data" in piece
    ]
    return b"".join(b"data: %b\r\n\r\n" % each for each in encoded) if streaming else b"".join(encoded)


def readable(text: str) -> str:
    """``text`` with line breaks and indentation if it is JSON, else as it is."""
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:
        return text
