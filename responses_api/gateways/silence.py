"""Who counts as dead: judged by the observer's own monotonic clock, whatever any wall clock says."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Seen:
    beat: int
    since: float
    """When this process first saw that beat."""


class Silence:
    """Watches counters that count up as long as their owner lives.

    Args:
        patience: seconds without a change after which an owner counts as dead.
        longest_gap: seconds between two looks after which everything is observed anew: whatever
            kept this process from looking (it stood still, the database was away) may have kept
            the others from counting.
        clock: seconds, monotonic.
    """

    def __init__(
        self, patience: float, longest_gap: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience = patience
        self._longest_gap = longest_gap
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._looked = clock()

    def look(self, beats: Mapping[str, int]) -> list[str]:
        """Take in the counters as they are now; whose have not changed for too long."""
        now = self._clock()
        known = self._seen if now - self._looked <= self._longest_gap else {}
        self._looked = now
        self._seen = {
            owner: seen if (seen := known.get(owner)) is not None and seen.beat == beat else _Seen(beat, now)
            for owner, beat in beats.items()
        }
        return [owner for owner, seen in self._seen.items() if now - seen.since >= self._patience]
