"""The one place where background tasks are started.

asyncio itself keeps only weak references to tasks: one that nobody holds may be collected in
mid-flight, and the exception of one that nobody awaits stays unseen until then. ``spawn``
closes both holes.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger("zg.tasks")

_running: set[asyncio.Task[Any]] = set()


def spawn[T](coroutine: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Start ``coroutine`` on the running loop, keep it alive until it is done, log if it fails.

    Args:
        coroutine: Runs from the loop's next step on.
        name: Says in logs and debuggers what the task is for.

    Returns:
        The task, for cancelling or awaiting. An exception other than a cancellation is logged
        with its traceback even if the caller awaits the task and handles it.

    Raises:
        RuntimeError: no event loop is running in this thread.
    """
    task = asyncio.create_task(coroutine, name=name)  # noqa: TID251
    _running.add(task)
    task.add_done_callback(_finished)
    return task


def _finished(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if task.cancelled():
        return
    if (error := task.exception()) is not None:
        logger.error("task %s failed", task.get_name(), exc_info=error)
