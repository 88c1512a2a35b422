"""Makes background responses in every gateway process: claims what waits, ends what a dead gateway left.

One loop per process, under the gateway's own name: who counts as dead is for
``responses_api.gateways`` to say.
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
from responses_api.gateways.silence import Silence
from responses_api.models import Outcome
from responses_api.runtime import database, process_tasks
from responses_api.runtime.identifiers import gateway_id
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.background")

IDLE_INTERVAL = 1.0
"""Seconds after which a runner without work looks for what other processes have queued."""
LOOK_INTERVAL = 2.0
"""Seconds after which a runner looks for what a dead gateway has left, and for what it holds itself."""
FORGOTTEN = 10.0
"""Seconds after which a runner gives up what it holds and does not make: its end could not be written."""
STOP_TIMEOUT = 2.0
"""Seconds that running responses get to end when the process stops."""

_NOBODY = ""
_GATEWAY_DIED = "The gateway stopped while this response was being made. Please try again."


class Runner:
    """This process's share of the work."""

    def __init__(self) -> None:
        self.id = gateway_id()
        self._runs: dict[str, tuple[Run, asyncio.Task[None]]] = {}
        self._forgotten = Silence(FORGOTTEN, 2 * LOOK_INTERVAL)
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
        """Whatever is due."""
        look = time.monotonic() - self._looked >= LOOK_INTERVAL
        if self._runs or look:
            held = await database.run(queue.held_by, self.id)
            for response_id, cancel in held.items():
                if cancel and response_id in self._runs:
                    self._runs[response_id][0].cancel()
        if look:
            self._looked = time.monotonic()
            forgotten = self._forgotten.look(dict.fromkeys(held.keys() - self._runs, 0))
            if forgotten:
                await database.run(queue.let_go, self.id, forgotten)
            for left in await database.run(queue.left):
                await self._bury(left)
        if (free := settings.BACKGROUND_CONCURRENCY - len(self._runs)) > 0:
            for claimed in await database.run(queue.claim, self.id, free):
                self._begin(claimed)

    def _begin(self, held: Held) -> None:
        run = Run(held, self.id)
        task = spawn(run.make(), name="background response")
        self._runs[held.id] = (run, task)
        task.add_done_callback(lambda _: self._done(held.id))

    def _done(self, response_id: str) -> None:
        del self._runs[response_id]
        notices.queued.ring()

    async def _bury(self, left: Held) -> None:
        logger.error("response %s was left by a gateway that died", left.id)
        if left.cancel_requested:
            await database.run_patiently(ending.end, left, _NOBODY, Outcome.CANCELLED, None)
        else:
            error = InternalError(_GATEWAY_DIED)
            await database.run_patiently(ending.end, left, _NOBODY, Outcome.FAILED, error)
        await notices.tell(EventsLogged(left.id))

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
