"""One exchange without an interceptor: the cascade is followed while the language server answers.

The reactive update stream says when to look at the steps. Where it is refused, ends early or stays
silent while the steps change, a timer does.
"""

import asyncio
import logging
import time
from contextlib import suppress

from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
from responses_api.exchanges import cascades
from responses_api.exchanges.arrivals import Arrivals
from responses_api.exchanges.cascade_reading import CascadeReader
from responses_api.exchanges.connect_protocol import LanguageServerFault, LanguageServerUnreachable
from responses_api.exchanges.exchange import SHUTTING_DOWN
from responses_api.exchanges.language_server import current_client
from responses_api.gemini.errors import protocol_failure
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.exchange")

POLL_INTERVAL = 0.2
"""Seconds between two looks that nothing has announced."""
_MISTRUST_INTERVAL = 1.0
"""The same while there is an update stream, which may have fallen silent."""
_LEAST_INTERVAL = 0.02
"""Seconds between two looks at most as often as updates come: each reads the texts as a whole."""
_UNREACHABLE_PATIENCE = 5.0
"""Seconds that the language server may be away in the middle of an answer."""

_NOT_TAKEN_UP = protocol_failure(
    "NOT_TAKEN_UP", "The language server took the message and did not begin to answer it."
)


class FollowedCascade(Arrivals):
    """The events of one cascade's run, in order, as ``exchange.Exchange`` gives those of its calls.

    Args:
        cascade_id: a fresh cascade.
        thoughts: whether the client is to see the model's thoughts.
        start_patience: seconds that the run may take to begin.
    """

    def __init__(self, cascade_id: str, *, thoughts: bool, start_patience: float) -> None:
        super().__init__()
        self.cascade_id = cascade_id
        self._reader = CascadeReader(thoughts=thoughts)
        self._start_patience = start_patience
        self._changed = asyncio.Event()
        self._announced = False
        """Whether an update stream is open and has not been found to be silent."""
        self._follower: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._failed = False
        self._closed = asyncio.Event()

    @property
    def turns(self) -> int:
        """Model calls so far."""
        return self._reader.turns

    @property
    def in_flight(self) -> bool:
        """Whether the run may still go on."""
        return not (self._failed or self._reader.ended)

    def begin(self) -> None:
        """Follow from now on. Call it before the message is sent: some servers run only what is watched."""
        _followed.add(self)
        self._watcher = spawn(self._watch(), name="watch cascade")
        self._follower = spawn(self._follow(), name="follow cascade")

    def fail(self, failure: UpstreamFailed) -> None:
        """End from our side, with ``failure`` as the last event."""
        if self.in_flight:
            self.abandon()
            self._arrive([failure])

    def abandon(self) -> None:
        """Stop the run and wait for nothing."""
        if self.in_flight:
            self._failed = True
            spawn(cascades.stop(self.cascade_id), name="stop cascade")
        self._stop_following()

    async def stop(self, patience: float) -> list[GenerationEvent]:
        """Stop the run; what it has brought until then, its count of tokens among it."""
        if not self.in_flight:
            return await self.next_events(0)
        self._stop_following()
        stopping = spawn(cascades.stop(self.cascade_id), name="stop cascade")
        with suppress(TimeoutError, LanguageServerFault):
            async with asyncio.timeout(patience):
                await asyncio.shield(stopping)
                steps = await current_client().steps(self.cascade_id, self._reader.offset)
                self._arrive(self._reader.break_off(steps))
        self._failed = True
        self._hurried = True
        return await self.next_events(0)

    def close(self) -> None:
        """Nothing more is wanted."""
        self._stop_following()
        _followed.discard(self)
        self._closed.set()

    async def closed(self) -> None:
        """Return once nothing more is wanted."""
        await self._closed.wait()

    # --- following ---

    async def _follow(self) -> None:
        began = seen = time.monotonic()
        news = True
        while self.in_flight:
            announced = await self._pause()
            try:
                events = await self._look(ask_for_run=not news)
            except LanguageServerUnreachable as fault:
                if time.monotonic() - seen < _UNREACHABLE_PATIENCE:
                    continue
                return self._break(fault)
            except LanguageServerFault as fault:
                return self._break(fault)
            seen = time.monotonic()
            news = bool(events)
            if news and not announced:
                self._announced = False
            if not self._reader.turns and self.in_flight and seen - began > self._start_patience:
                events = [_NOT_TAKEN_UP]
                self._failed = True
                spawn(cascades.stop(self.cascade_id), name="stop cascade")
            self._arrive(events)
        self._stop_watching()

    async def _pause(self) -> bool:
        """Wait for a reason to look; whether an update gave it."""
        await asyncio.sleep(_LEAST_INTERVAL)
        try:
            async with asyncio.timeout(_MISTRUST_INTERVAL if self._announced else POLL_INTERVAL):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    async def _look(self, *, ask_for_run: bool) -> list[GenerationEvent]:
        client = current_client()
        # First the status, then the steps: so a status of rest is not older than the last step.
        run = await client.run(self.cascade_id) if ask_for_run else None
        return self._reader.read(await client.steps(self.cascade_id, self._reader.offset), run)

    async def _watch(self) -> None:
        try:
            self._announced = True
            async for _ in current_client().updates(self.cascade_id):
                self._changed.set()
        except LanguageServerFault as fault:
            logger.info("cascade %s is polled: %s", self.cascade_id, fault.message)
        finally:
            self._announced = False
            self._changed.set()

    def _break(self, fault: LanguageServerFault) -> None:
        self._failed = True
        self._stop_watching()
        code = fault.code or "server_error"
        self._arrive([UpstreamFailed(fault.http_status, fault.type, code, fault.message)])

    def _stop_following(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
        self._stop_watching()

    def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()


_followed: set[FollowedCascade] = set()


async def finish_all(patience: float) -> None:
    """The process is about to stop: fail what is followed and wait until it has been booked."""
    followed = list(_followed)
    for cascade in followed:
        cascade.fail(SHUTTING_DOWN)
    try:
        async with asyncio.timeout(patience):
            for cascade in followed:
                await cascade.closed()
    except TimeoutError:
        logger.error("%d responses did not end in time", len(_followed))
