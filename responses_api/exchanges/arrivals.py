"""What an exchange hands over: events that come when they come, taken by one reader."""

import asyncio
from collections.abc import Sequence

from responses_api.core.generation_events import GenerationEvent


class Arrivals:
    """Events in order, each taken once, all that are there at a time."""

    def __init__(self) -> None:
        self._arrived: list[GenerationEvent] = []
        self._wake = asyncio.Event()
        self._hurried = False

    async def next_events(self, patience: float) -> list[GenerationEvent]:
        """All events that have arrived since the last call; empty after ``patience`` seconds of silence."""
        if not self._arrived and not self._hurried:
            self._wake.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._wake.wait()
            except TimeoutError:
                return []
        self._hurried = False
        arrived, self._arrived = self._arrived, []
        return arrived

    def wake(self) -> None:
        """Let the present or next ``next_events`` return at once, with nothing if nothing has arrived."""
        self._hurried = True
        self._wake.set()

    def _arrive(self, events: Sequence[GenerationEvent]) -> None:
        if events:
            self._arrived += events
            self._wake.set()
