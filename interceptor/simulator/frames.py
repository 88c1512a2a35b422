"""Chunks -> what is written to the connection, with the faults that directives ask for. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
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
    STALL = auto()


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


def stream_writes(chunks: list[JsonObject], directives: Directives, framing: Framing, model: str) -> Writes:
    """One write per frame.

    A fault replaces everything after its position; it always comes before the last chunk, which
    bears the finish reason.
    """
    writes: list[bytes] = []
    encode = msgspec.json.encode
    fault_position, fault = _fault(directives, framing, model, len(chunks) - 1)
    for position in range(len(chunks) + 1):
        if fault is not None and position == fault_position:
            return Writes((*writes, *fault.writes), fault.ending)
        if position == directives.garbage:
            writes.append(framing.frame(b'{"candidates": [{"content": {"par', first=not writes))
        if position < len(chunks):
            writes.append(framing.frame(encode(chunks[position]), first=not writes))
    if framing.end:
        writes.append(framing.end)
    return Writes(tuple(writes), Ending.COMPLETE)


def _fault(directives: Directives, framing: Framing, model: str, latest: int) -> tuple[int, Writes | None]:
    """Where the stream breaks and what is written there; None: nowhere."""
    if directives.cut is not None:
        return min(directives.cut, latest), Writes((), Ending.CUT)
    if directives.stall is not None:
        return min(directives.stall, latest), Writes((), Ending.STALL)
    if directives.error_mid is not None:
        position = min(directives.error_mid, latest)
        data = framing.frame(_error(directives, model), first=position == 0) + framing.end
        return position, Writes((data,), Ending.COMPLETE)
    if directives.raw_error_mid is not None:
        pretty = msgspec.json.format(_error(directives, model), indent=2) + b"\n"
        return min(directives.raw_error_mid, latest), Writes((pretty,), Ending.COMPLETE)
    return 0, None


def _error(directives: Directives, model: str) -> bytes:
    return msgspec.json.encode(of_status(directives.error_code, model, None, per_day=False).body())


def whole_answer(chunks: list[JsonObject], directives: Directives, model: str) -> bytes | ApiError | Ending:
    """The body of a single answer, or the fault that comes instead; positions do not matter then."""
    if directives.cut is not None:
        return Ending.CUT
    if directives.stall is not None:
        return Ending.STALL
    if directives.error_mid is not None or directives.raw_error_mid is not None:
        return of_status(directives.error_code, model, None, per_day=False)
    body = msgspec.json.encode(merged(chunks))
    return body if directives.garbage is None else body[: len(body) // 2]


def stamped(data: bytes, microseconds: int) -> bytes:
    """``data`` with a time in the place of each ``STAMP``."""
    return data.replace(STAMP, b"%016d" % microseconds)


def pauses(directives: Directives, number: int) -> Iterator[float]:
    """Seconds to wait before each of ``number`` writes."""
    for index in range(number):
        yield (directives.delay_ms if index else directives.first_delay_ms) / 1000
