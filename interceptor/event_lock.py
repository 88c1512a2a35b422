"""A lock that a task waits for to the end, also when it is cancelled meanwhile."""

import asyncio
from typing import Literal


class PatientLock(asyncio.Lock):
    """For mitmproxy, which handles the events of a client and all its upstream connections behind a lock.

    It cancels the task of a connection that it cannot write to. If the task waited for the lock
    just then, nobody would be told of the connection's end, and the answer on it would never end.
    So the task gets the lock all the same, and the cancellation where it waits next.
    """

    async def acquire(self) -> Literal[True]:
        """Return once the lock is this task's."""
        cancelled: asyncio.CancelledError | None = None
        while True:
            try:
                await super().acquire()
            except asyncio.CancelledError as error:
                cancelled = error
                continue
            if cancelled is not None and (task := asyncio.current_task()) is not None:
                task.cancel(*cancelled.args)
            return True
