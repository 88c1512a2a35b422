"""One background response being made by this process: from its claim to its end."""

import asyncio
import logging
import time
from functools import partial

from responses_api.access import callers
from responses_api.background import ending, event_log, notices
from responses_api.background.queue import Held
from responses_api.core.errors import AuthenticationFailed, GatewayError, InternalError
from responses_api.core.stream_events import StreamEvent
from responses_api.exchanges.channel_messages import CancelWanted, EventsLogged
from responses_api.generation.booking import BackgroundTurn, ClientCall
from responses_api.generation.capturing import record_for
from responses_api.generation.generation import Generation, prepare
from responses_api.generation.requests import understand
from responses_api.models import Outcome
from responses_api.runtime import database

logger = logging.getLogger("zg.background")

BATCH_INTERVAL = 0.05
"""Seconds between two writes to the log: what the model says meanwhile goes into one."""


class Run:
    """Makes one response that ``runner`` holds.

    Args:
        held: the response.
        runner: id of this process's runner.
    """

    def __init__(self, held: Held, runner: str) -> None:
        self._held = held
        self._runner = runner
        self._generation: Generation | None = None
        self._cancelled = held.cancel_requested
        self._told = False

    @property
    def told(self) -> bool:
        """Whether its log goes on: then it must end here, and cannot wait again."""
        return self._told

    async def make(self) -> None:
        """Do all of it. Whatever goes wrong, the response gets its end, from here or from another runner."""
        with notices.listening(CancelWanted, self._held.id, self.cancel):
            try:
                generation = self._generation = await self._prepared()
            except GatewayError as error:
                await self._refuse(Outcome.FAILED, error)
                return
            if self._cancelled:
                await self._refuse(Outcome.CANCELLED, None)
                return
            try:
                await self._follow(generation)
            except asyncio.CancelledError:
                if not self._told:
                    generation.put_back()
                raise
            finally:
                generation.leave()
                await notices.tell(EventsLogged(self._held.id))

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._cancelled = True
        if self._generation is not None:
            self._generation.cancel()

    def interrupt(self) -> None:
        """The process is about to stop: it fails with its next event."""
        if self._generation is not None:
            self._generation.interrupt()

    async def _prepared(self) -> Generation:
        held = self._held
        if held.api_key_id is None:
            raise AuthenticationFailed("The API key of this request was deleted.")
        try:
            caller = await database.run(callers.caller_of, held.api_key_id)
            request = await understand(caller, held.request)
            began = time.monotonic() - held.waited
            record = record_for(caller, began, {}, [], held.request)
            call = ClientCall("", "", 0, held.queued_at, began, record=record)
            turn = BackgroundTurn(
                self._runner,
                held.trace_id,
                held.created_at,
                held.stored_items,
                partial(event_log.append_on_close, held.id),
            )
            return await prepare(request, caller, call, response_id=held.id, turn=turn)
        except GatewayError:
            raise
        except Exception as error:
            logger.exception("response %s could not be prepared", held.id)
            raise InternalError("The gateway failed to start this response.") from error

    async def _follow(self, generation: Generation) -> None:
        try:
            await generation.begin()
        except GatewayError as error:
            logger.info("response %s could not begin: %s", self._held.id, error.message)
            return  # booked, and its log has been ended
        if self._cancelled:
            generation.cancel()
        try:
            async for events in generation.batches():
                # The last ones are in the log: they were booked together with the end.
                if not generation.ended and not await self._log(events):
                    logger.warning("response %s is another gateway's now, or deleted", self._held.id)
                    return
        except Exception:
            logger.exception("response %s failed in mid-stream", self._held.id)
            await generation.crash()

    async def _log(self, events: list[StreamEvent]) -> bool:
        self._told = True
        if not await database.run_patiently(event_log.append, self._held.id, self._runner, events):
            return False
        await notices.tell(EventsLogged(self._held.id))
        await asyncio.sleep(BATCH_INTERVAL)
        return True

    async def _refuse(self, outcome: Outcome, error: GatewayError | None) -> None:
        await database.run_patiently(ending.end, self._held, self._runner, outcome, error)
        await notices.tell(EventsLogged(self._held.id))
