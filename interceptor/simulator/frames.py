"""Chunks -> what is written to the connection, with the faults that directives ask for. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

import msgspec

from .directives import Directives
from .errors import ApiError, of_status
from .script import merged
from .values import JsonObject

STAMP = b"~" * 16
"""Text that ``[[stamp]]`` replaces by the time of sending."""
_SSE_END = b"\r\n\r\n"


class Ending(Enum):
    """How a stream ends."""

    COMPLETE = auto()
    CUT = auto()
    """The connection is closed."""
    RESET = auto()
    """It is reset: what the client has not read yet may be lost."""
    STALL = auto()
    """Silence, until the client closes."""


class Framing(Enum):
    """The two forms of ``streamGenerateContent``: ``alt=sse``, and a JSON array."""

    SSE = auto()
    ARRAY = auto()

    def frame(self, data: bytes, *, first: bool) -> bytes:
        """One value of the stream."""
        match self:
            case Framing.SSE:
                return b"data: " + data + _SSE_END
            case Framing.ARRAY:
                return (b"[" if first else b",\r\n") + data

    @property
    def end(self) -> bytes:
        """What a complete stream closes with."""
        return b"" if self is Framing.SSE else b"]"


@dataclass(frozen=True, slots=True)
class Writes:
    """The writes of one stream and its end."""

    writes: tuple[bytes, ...]
    ending: Ending
    torn: bytes = b""
    """After them: announced as a whole, of which only the first half is sent."""


def stream_writes(chunks: list[JsonObject], directives: Directives, framing: Framing, model: str) -> Writes:
    """One write per frame.

    A fault replaces everything after its position; it always comes before the last chunk, which
    bears the finish reason.
    """
    writes: list[bytes] = []
    encode = msgspec.json.encode
    fault_position, fault = _fault(chunks, directives, framing, model)
    for position in range(len(chunks) + 1):
        if fault is not None and position == fault_position:
            return replace(fault, writes=(*writes, *fault.writes))
        if position == directives.garbage:
            writes.append(framing.frame(b'{"candidates": [{"content": {"par', first=not writes))
        if position < len(chunks):
            writes.append(framing.frame(encode(chunks[position]), first=not writes))
    if framing.end:
        writes.append(framing.end)
    return Writes(tuple(writes), Ending.COMPLETE)


def _fault(
    chunks: list[JsonObject], directives: Directives, framing: Framing, model: str
) -> tuple[int, Writes | None]:
    """Where the stream breaks and what is written there; None: nowhere."""
    latest = len(chunks) - 1
    for asked, ending in (
        (directives.cut, Ending.CUT),
        (directives.reset, Ending.RESET),
        (directives.stall, Ending.STALL),
    ):
        if asked is not None:
            return min(asked, latest), Writes((), ending)
    if directives.cut_line is not None:
        position = min(directives.cut_line, latest)
        return position, Writes((_half(_frame_at(position, chunks, framing)),), Ending.CUT)
    if directives.cut_transfer is not None:
        position = min(directives.cut_transfer, latest)
        return position, Writes((), Ending.CUT, torn=_frame_at(position, chunks, framing))
    if directives.error_mid is not None:
        position = min(directives.error_mid, latest)
        data = framing.frame(_error(directives, model), first=position == 0) + framing.end
        return position, Writes((data,), Ending.COMPLETE)
    if directives.raw_error_mid is not None:
        pretty = msgspec.json.format(_error(directives, model), indent=2) + b"\n"
        return min(directives.raw_error_mid, latest), Writes((pretty,), Ending.COMPLETE)
    return 0, None


def _frame_at(position: int, chunks: list[JsonObject], framing: Framing) -> bytes:
    return framing.frame(msgspec.json.encode(chunks[position]), first=position == 0)


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _error(directives: Directives, model: str) -> bytes:
    return msgspec.json.encode(of_status(directives.error_code, model, None, per_day=False).body())


def whole_answer(chunks: list[JsonObject], directives: Directives, model: str) -> bytes | ApiError | Ending:
    """The body of a single answer, or the fault that comes instead; positions do not matter then."""
    if _any_cut(directives):
        return Ending.CUT
    if directives.reset is not None:
        return Ending.RESET
    if directives.stall is not None:
        return Ending.STALL
    if directives.error_mid is not None or directives.raw_error_mid is not None:
        return of_status(directives.error_code, model, None, per_day=False)
    body = msgspec.json.encode(merged(chunks))
    return body if directives.garbage is None else _half(body)


def _any_cut(directives: Directives) -> bool:
    cuts = (directives.cut, directives.cut_line, directives.cut_transfer)
    return any(position is not None for position in cuts)


def transfer_chunk_begun(data: bytes) -> bytes:
    """A chunk of HTTP/1.1's transfer coding that announces ``data`` and holds the first half of it."""
    return b"%x\r\n" % len(data) + _half(data)


def stamped(data: bytes, microseconds: int) -> bytes:
    """``data`` with a time in the place of each ``STAMP``."""
    return data.replace(STAMP, b"%016d" % microseconds)


def pauses(directives: Directives, number: int) -> Iterator[float]:
    """Seconds to wait before each of ``number`` writes."""
    for index in range(number):
        yield (directives.delay_ms if index else directives.first_delay_ms) / 1000
