"""Wakes a waiting loop from any thread: somebody wrote work into the database."""

import asyncio
import threading
from weakref import WeakKeyDictionary


class Doorbell:
    """Rung where work is made, heard where work is done, within one process.

    Work that other processes make is found by looking now and then: hence the timeout.
    """

    def __init__(self) -> None:
        self._events: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Event] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def ring(self) -> None:
        """Wake whoever waits, or will wait next. Safe in every thread."""
        with self._lock:
            waiting = list(self._events.items())
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait(self, seconds: float) -> None:
        """Return at the next ring, at once if there was one since the last wait, or after ``seconds``."""
        event = self._event()
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        event.clear()

    def _event(self) -> asyncio.Event:
        with self._lock:
            return self._events.setdefault(asyncio.get_running_loop(), asyncio.Event())
