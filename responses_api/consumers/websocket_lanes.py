"""Who is served when on one WebSocket connection: in order within a lane, at once across lanes."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from responses_api.core.errors import InvalidRequest, RateLimited
from responses_api.core.websocket_frames import CreateFrame
from responses_api.runtime.tasks import spawn

MAX_ACTIVE = 16
"""Responses of one connection that are made at once; further requests wait."""
MAX_NAMED_LANES = 32
"""Different ``stream_id`` on one connection."""
MAX_WAITING = 64
"""Requests of one connection that wait for their turn."""

type Serve = Callable[[CreateFrame], Awaitable[None]]


class Lanes:
    """The requests of one connection.

    Args:
        serve: answers one request. An exception from it would end its lane.
        when_idle: called after a request when no other waits or is being answered.
        max_waiting_size: bytes that all waiting requests may have together.
    """

    def __init__(self, serve: Serve, when_idle: Callable[[], Awaitable[None]], max_waiting_size: int) -> None:
        self._serve = serve
        self._when_idle = when_idle
        self._max_waiting_size = max_waiting_size
        self._named: set[str] = set()
        self._waiting: dict[str | None, deque[CreateFrame]] = {}
        """By lane, for each lane that is being served."""
        self._workers: set[asyncio.Task[None]] = set()
        self._active = asyncio.Semaphore(MAX_ACTIVE)

    @property
    def idle(self) -> bool:
        """Whether no request waits or is being answered."""
        return not self._waiting

    def put(self, frame: CreateFrame) -> None:
        """Answer ``frame`` when it is its turn.

        Raises:
            InvalidRequest: it asks for one lane too many.
            RateLimited: too much is waiting already.
        """
        lane = frame.stream_id
        if lane is not None and lane not in self._named and len(self._named) >= MAX_NAMED_LANES:
            raise InvalidRequest(
                "This WebSocket connection has reached its maximum number of distinct stream IDs "
                f"({MAX_NAMED_LANES}). Reuse an existing stream_id or open a new WebSocket connection.",
                param="stream_id",
                code="websocket_stream_limit_reached",
            )
        self._check_room(frame)
        if lane is not None:
            self._named.add(lane)
        if lane in self._waiting:
            self._waiting[lane].append(frame)
            return
        self._waiting[lane] = deque([frame])
        worker = spawn(self._work(lane), name="websocket lane")
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    def _check_room(self, frame: CreateFrame) -> None:
        waiting = [other for lane in self._waiting.values() for other in lane]
        size = frame.size + sum(other.size for other in waiting)
        if waiting and (len(waiting) >= MAX_WAITING or size > self._max_waiting_size):
            raise RateLimited(
                "Too many requests wait for their turn on this WebSocket connection. Wait for a response to "
                "end, or open another connection.",
                retry_after=1.0,
            )

    async def _work(self, lane: str | None) -> None:
        waiting = self._waiting[lane]
        try:
            while waiting:
                async with self._active:
                    if waiting:
                        await self._serve(waiting.popleft())
        finally:
            del self._waiting[lane]
        if self.idle:
            await self._when_idle()

    async def finish(self, patience: float) -> None:
        """Begin nothing more; wait up to ``patience`` seconds for what is being answered."""
        for waiting in self._waiting.values():
            waiting.clear()
        if self._workers:
            await asyncio.wait(set(self._workers), timeout=patience)

    def cancel(self) -> None:
        """The client has gone: give everything up."""
        for worker in list(self._workers):
            worker.cancel()
