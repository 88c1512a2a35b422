"""Views on threads that outlive their request, and with them the threads' database connections.

Django serves each request under ASGI on a thread of its own, so that each makes a connection of
its own to the database, which costs both sides more than most requests do. Here a request takes
one of a few threads that last, while one is free; another thread is made for it otherwise.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

LASTING_THREADS = 8
"""Requests at once that reuse a thread; more than that is the admin of a large team."""

# asgiref leaves it untyped.
_new_thread: Callable[[], Any] = ThreadSensitiveContext

type Application = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""


def on_lasting_threads(application: Application, count: int = LASTING_THREADS) -> Application:
    """``application``, whose synchronous parts run on at most ``count`` lasting threads."""
    # The thread used last is used next: what is not needed stays idle.
    free = [_new_thread() for _ in range(count)]

    @asynccontextmanager
    async def thread() -> AsyncIterator[None]:
        if not free:
            async with _new_thread():
                yield
            return
        context = free.pop()
        # Django's own context does nothing inside of one.
        token = SyncToAsync.thread_sensitive_context.set(context)
        try:
            yield
        finally:
            SyncToAsync.thread_sensitive_context.reset(token)
            free.append(context)

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        async with thread():
            await application(scope, receive, send)

    return serve
