"""The background loops of a gateway process: started once with its first request, kept running.

Modules ``register`` their loops when they are imported; ``start_once`` starts them, since an
ASGI server such as daphne tells an application neither that it begins nor that it ends::

    application = starting(ProtocolTypeRouter(...))
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from weakref import WeakKeyDictionary

from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.process_tasks")

RESTART_PAUSE = 5.0
"""Seconds until a loop that failed is started again."""

STOP_TIMEOUT = 5.0
"""Seconds that the loops together get to clean up."""

type Loop = Callable[[], Coroutine[Any, Any, None]]
"""Runs until it is cancelled; a loop that returns is done."""
type Application = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""

_loops: dict[str, Loop] = {}
_started: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Task[None]]] = WeakKeyDictionary()


def register(name: str, loop: Loop) -> None:
    """Have ``loop`` run in every gateway process. Call it at import.

    Args:
        name: unique; says in logs what the loop is for.
        loop: a coroutine function without arguments. If it raises, that is logged and it is
            called again after a pause. At the end of the process it is cancelled and may take
            a moment to clean up.
    """
    _loops[name] = loop


def start_once() -> None:
    """Start what is registered on the running event loop; what runs there already is left alone.

    Raises:
        RuntimeError: no event loop is running in this thread.
    """
    running = _started.setdefault(asyncio.get_running_loop(), {})
    if len(running) == len(_loops):
        return
    for name, loop in _loops.items():
        if name not in running:
            running[name] = spawn(_keep_running(name, loop), name=name)


async def stop() -> None:
    """Cancel the loops of the running event loop and wait until they have ended, for a bounded time.

    Afterwards ``start_once`` starts them anew.
    """
    tasks = list(_started.pop(asyncio.get_running_loop(), {}).values())
    for task in tasks:
        task.cancel()
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=STOP_TIMEOUT)
        for task in late:
            logger.error("%s did not stop in time: %s", task.get_name(), task.get_stack(limit=3))


def starting(application: Application) -> Application:
    """``application``, with the loops started by its first event."""

    async def start_and_serve(scope: Any, receive: Any, send: Any) -> None:
        start_once()
        await application(scope, receive, send)

    return start_and_serve


async def _keep_running(name: str, loop: Loop) -> None:
    while True:
        try:
            await loop()
            return
        except Exception:
            logger.exception("%s failed, starting again in %g s", name, RESTART_PAUSE)
        await asyncio.sleep(RESTART_PAUSE)
