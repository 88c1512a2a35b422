"""Makes background responses in every gateway process: claims what waits, and what a dead gateway left.

One loop per process. Its leases are renewed in one statement; those of a process that died
run out, and whichever runner sees it first takes over.
"""

import asyncio
import logging
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError

from responses_api.background import ending, notices, queue
from responses_api.background.queue import Held
from responses_api.background.run import Run
from responses_api.core.errors import InternalError
from responses_api.exchanges.channel_messages import EventsLogged
from responses_api.models import Outcome
from responses_api.runtime import database, process_tasks
from responses_api.runtime.identifiers import new_id
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.background")

IDLE_INTERVAL = 1.0
"""Seconds after which a runner without work looks for what other processes have queued."""
RENEWAL = 3.0
LOOK_FOR_DEAD = 2.0
STOP_TIMEOUT = 2.0
"""Seconds that running responses get to end when the process stops."""

_GATEWAY_DIED = "The gateway stopped while this response was being made. Please try again."


class Runner:
    """This process's share of the work."""

    def __init__(self) -> None:
        self.id = new_id("gw")
        self._runs: dict[str, tuple[Run, asyncio.Task[None]]] = {}
        self._renewed = 0.0
        self._looked = 0.0

    async def work(self) -> None:
        """Run until cancelled; then end what is being made, and let wait again what has not begun."""
        inbox = notices.inbox()
        await inbox.open()
        try:
            while True:
                try:
                    await self._round()
                except (InterfaceError, OperationalError) as error:
                    logger.warning("background responses: the database does not answer: %s", error)
                await notices.queued.wait(notices.POLL_INTERVAL if self._runs else IDLE_INTERVAL)
        finally:
            await self._stop()
            await inbox.close()

    async def _round(self) -> None:
        """Whatever is due; own leases first, so that a standstill does not cost them."""
        now = time.monotonic()
        if self._runs:
            if now - self._renewed >= RENEWAL:
                await database.run(queue.renew, self.id, list(self._runs))
                self._renewed = now
            for response_id in await database.run(queue.cancelled, self.id):
                if response_id in self._runs:
                    self._runs[response_id][0].cancel()
        if now - self._looked >= LOOK_FOR_DEAD:
            self._looked = now
            for held in await database.run(queue.take_over, self.id):
                await self._bury(held)
        if (free := settings.BACKGROUND_CONCURRENCY - len(self._runs)) > 0:
            for held in await database.run(queue.claim, self.id, free):
                self._begin(held)

    def _begin(self, held: Held) -> None:
        run = Run(held, self.id)
        task = spawn(run.make(), name="background response")
        self._runs[held.id] = (run, task)
        task.add_done_callback(lambda _: self._done(held.id))

    def _done(self, response_id: str) -> None:
        del self._runs[response_id]
        notices.queued.ring()

    async def _bury(self, held: Held) -> None:
        logger.error("response %s was left by a gateway that died", held.id)
        if held.cancel_requested:
            await database.run_patiently(ending.end, held, self.id, Outcome.CANCELLED, None)
        else:
            error = InternalError(_GATEWAY_DIED)
            await database.run_patiently(ending.end, held, self.id, Outcome.FAILED, error)
        await notices.tell(EventsLogged(held.id))

    async def _stop(self) -> None:
        tasks = []
        for run, task in self._runs.values():
            tasks.append(task)
            if run.told:
                run.interrupt()
            else:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_TIMEOUT)
        try:
            await database.run(queue.release, self.id)
        except (InterfaceError, OperationalError) as error:
            logger.warning("background responses were not given back: %s", error)


async def _work() -> None:
    await Runner().work()


process_tasks.register("background responses", _work)
