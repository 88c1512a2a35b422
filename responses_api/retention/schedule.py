"""Purges regularly, in every gateway process; of several, one at a time does."""

import asyncio
import logging
import threading

from django.db import connection

from responses_api.retention import purging
from responses_api.runtime import process_tasks
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.retention")

FIRST_PAUSE = 60.0
"""Seconds that a process leaves to its start."""
INTERVAL = 600.0
"""Seconds between two purges of one process."""


async def keep_purging() -> None:
    """Purge until cancelled."""
    await asyncio.sleep(FIRST_PAUSE)
    while True:
        await _purge_once()
        await asyncio.sleep(INTERVAL)


async def _purge_once() -> None:
    """In a thread of its own, since it may take long, and the database threads are for the traffic."""
    stopped = threading.Event()
    purge = spawn(asyncio.to_thread(_purge, stopped), name="purge")
    try:
        deleted = await asyncio.shield(purge)
    except asyncio.CancelledError:
        stopped.set()
        await asyncio.wait([purge])  # until its present batch is done
        raise
    if deleted is not None and any(deleted.values()):
        said = ", ".join(f"{name} {number}" for name, number in deleted.items() if number)
        logger.info("deleted by age: %s", said)


def _purge(stopped: threading.Event) -> dict[str, int] | None:
    try:
        return purging.purge(stopped=stopped)
    finally:
        connection.close()


process_tasks.register("retention", keep_purging)
