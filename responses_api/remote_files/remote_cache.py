"""A small memory of fetched files: a conversation that repeats its images need not fetch them each turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from responses_api.core.remote_files import FetchedFile, RemoteKind

type CacheKey = tuple[int, str, RemoteKind]
"""Owner, URL, kind: no owner is served what another one has fetched."""

LONGEST_LIFETIME = 300.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class _Entry:
    file: FetchedFile
    kept_at: float
    good_until: float
    size: int


class RemoteCache:
    """The newest files, up to a number of bytes. Not for use from several threads.

    Args:
        max_bytes: bound of contents and URLs together.
        now: a clock in seconds that never goes back.
    """

    def __init__(self, max_bytes: int, now: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._now = now
        self._entries: dict[CacheKey, _Entry] = {}  # oldest first
        self._bytes = 0

    def get(self, key: CacheKey) -> FetchedFile | None:
        """The file, if it is here and still good."""
        entry = self._entries.get(key)
        return entry.file if entry is not None and self._now() < entry.good_until else None

    def put(self, key: CacheKey, file: FetchedFile, lifetime: float) -> None:
        """Keep ``file`` for ``lifetime`` seconds, at most ``LONGEST_LIFETIME``; 0 keeps nothing."""
        self._drop(key)
        size = len(file.data) + len(key[1])
        lifetime = min(lifetime, LONGEST_LIFETIME)
        if lifetime <= 0 or size > self._max_bytes:
            return
        now = self._now()
        self._entries[key] = _Entry(file, now, now + lifetime, size)
        self._bytes += size
        while self._bytes > self._max_bytes or self._oldest().kept_at + LONGEST_LIFETIME <= now:
            self._drop(next(iter(self._entries)))

    def _oldest(self) -> _Entry:
        return next(iter(self._entries.values()))

    def _drop(self, key: CacheKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size
