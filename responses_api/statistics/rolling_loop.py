"""Rolls up in every gateway process; the lock lets one of them at a time."""

import asyncio
import logging

from django.db import InterfaceError, OperationalError

from responses_api.runtime import database, process_tasks
from responses_api.statistics import rolling

logger = logging.getLogger("zg.statistics")

BATCH = 2_000
INTERVAL = 5.0
"""Seconds between two looks. What waits meanwhile is in the figures already."""
_BREATH = 0.2
"""Seconds between two batches of a backlog: requests come first."""


async def _roll_up() -> None:
    while True:
        rolled = 0
        try:
            rolled = await database.run(rolling.roll_up, BATCH)
        except (InterfaceError, OperationalError) as error:
            logger.warning("roll-ups: the database does not answer: %s", error)
        await asyncio.sleep(_BREATH if rolled == BATCH else INTERVAL)


process_tasks.register("roll-ups", _roll_up)
