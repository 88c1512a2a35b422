"""A stream of stamped pieces as its reader sees it: which came, how late each was. Pure."""

import re

_PIECE = re.compile(rb'"(?:delta|text)":"<(\d{5})@(\d{16})>"')
_LONGEST = 64
"""Bytes, more than a piece takes: what may be the beginning of one is kept for the next read."""


class Trail:
    """Takes what is read, and keeps numbers only.

    Args:
        pieces: how many there must be.
    """

    def __init__(self, pieces: int) -> None:
        self._pieces = pieces
        self._rest = b""
        self._next = 0
        self._first = self._last = 0
        self._first_sent = self._last_sent = 0
        self.delays: list[float] = []
        """Seconds from the sending of each piece to its arrival."""
        self.status = 0
        self.failure = ""

    def take(self, data: bytes, now: int) -> None:
        """Bytes that were read at ``now``, in microseconds of the monotonic clock."""
        data = self._rest + data
        end = 0
        for found in _PIECE.finditer(data):
            end = found.end()
            number, sent = int(found[1]), int(found[2])
            if number != self._next and not self.failure:
                self.failure = f"piece {number} came instead of {self._next}"
            self._next = number + 1
            self._first, self._last = self._first or now, now
            self._first_sent, self._last_sent = self._first_sent or sent, sent
            self.delays.append((now - sent) / 1e6)
        self._rest = data[max(end, len(data) - _LONGEST) :]

    @property
    def duration(self) -> float:
        """Seconds from the first piece to the last."""
        return (self._last - self._first) / 1e6

    @property
    def stretch(self) -> float:
        """That time, as a multiple of the time in which the upstream sent the same pieces."""
        return (self._last - self._first) / max(1, self._last_sent - self._first_sent)

    @property
    def problem(self) -> str | None:
        """What was wrong with the stream, if anything was."""
        if self.failure:
            return self.failure
        if self.status != 200:
            return f"HTTP {self.status}"
        return None if self._next == self._pieces else f"{self._next} pieces instead of {self._pieces}"
