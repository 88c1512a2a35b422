"""Tells the others that this gateway lives, and ends what a dead one has left."""

import asyncio
import logging

from django.db import InterfaceError, OperationalError, transaction

from responses_api.gateways import registry
from responses_api.gateways.silence import Silence
from responses_api.runtime import database, process_tasks
from responses_api.runtime.identifiers import gateway_id
from responses_api.storage import orphans

logger = logging.getLogger("zg.gateways")

BEAT_INTERVAL = 2.0
PATIENCE = 10.0
"""Seconds without a beat after which a gateway counts as dead."""
_LONGEST_GAP = 2 * BEAT_INTERVAL
_UNOWNED_INTERVAL = 3600.0


async def watch() -> None:
    """Run until cancelled; then sign off."""
    own = gateway_id()
    silence = Silence(PATIENCE, _LONGEST_GAP)
    loop = asyncio.get_running_loop()
    look_for_unowned = loop.time()
    try:
        while True:
            try:
                beats = await database.run(registry.beat, own)
                for gateway in silence.look(beats):
                    await database.run(_bury, gateway, beats[gateway])
                if loop.time() >= look_for_unowned:
                    look_for_unowned = loop.time() + _UNOWNED_INTERVAL
                    await database.run(orphans.close_unowned)
            except (InterfaceError, OperationalError) as error:
                logger.warning("the database does not answer, so nobody knows this gateway alive: %s", error)
            await asyncio.sleep(BEAT_INTERVAL)
    finally:
        await _sign_off(own)


def _bury(gateway: str, last_beat: int) -> None:
    with transaction.atomic():
        if not registry.remove(gateway, last_beat):
            return
        closed = orphans.close_of(gateway)
    logger.error("gateway %s died; %d of its responses were cut off", gateway, closed)


async def _sign_off(own: str) -> None:
    try:
        await database.run(registry.remove, own)
    except (InterfaceError, OperationalError) as error:
        logger.warning("this gateway could not sign off: %s", error)


process_tasks.register("gateway watch", watch)
