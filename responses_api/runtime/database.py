"""Runs database functions off the event loop, on a few threads with one lasting connection each.

The functions are plain synchronous Django code and carry their own transactions. Our own
threads rather than asgiref's single thread-sensitive one: a slow admin page must not hold
up the API, and a commit that waits for the disk must not hold up the next one.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger("zg.database")

_PAUSES = (0.1, 0.3, 1.0, 2.0, 3.0, 3.0, 3.0)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.DATABASE_THREADS, thread_name_prefix="database")


async def run[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``function(*args, **kwargs)`` on a database thread.

    A connection that turns out dead (the server was restarted) is replaced and the
    function called once more, so it must be a single transaction.
    """
    return await asyncio.get_running_loop().run_in_executor(
        _threads(), lambda: _attempt(function, *args, **kwargs)
    )


async def run_patiently[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Like ``run``, but lasting through a restart of the server: tries again for several seconds.

    For what must not be lost; ``function`` must be safe to repeat even if it was committed.
    """
    for pause in _PAUSES:
        try:
            return await run(function, *args, **kwargs)
        except (InterfaceError, OperationalError) as error:
            logger.error("the database does not answer, trying again in %g s: %s", pause, error)
            await asyncio.sleep(pause)
    return await run(function, *args, **kwargs)


def _attempt[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return function(*args, **kwargs)
    except (InterfaceError, OperationalError) as error:
        if connection.connection is not None and connection.is_usable():
            raise
        logger.warning("database connection lost, trying once more: %s", error)
        connection.close()
        return function(*args, **kwargs)


def close() -> None:
    """End the threads and with them their connections."""
    _threads().shutdown(wait=True)
    _threads.cache_clear()
