"""Which thread a request's synchronous parts run on."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async

from responses_api.runtime.lasting_threads import on_lasting_threads


class Views:
    """An ASGI application as Django is one; notes the thread of each request."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with ThreadSensitiveContext():
            await sync_to_async(self._view)(scope)
            await sync_to_async(self._view)(scope)

    def _view(self, scope: Any) -> None:
        self.threads.append(threading.current_thread())
        self.entered.release()
        assert self.open.wait(5)
        if scope == "crash":
            raise ZeroDivisionError


@pytest.fixture
def views() -> Views:
    return Views()


async def test_one_request_after_the_other_runs_on_the_same_thread(views: Views) -> None:
    application = on_lasting_threads(views)
    for _ in range(3):
        await application({}, None, None)
    assert len(set(views.threads)) == 1
    assert views.threads[0].is_alive()


async def test_a_request_that_fails_gives_its_thread_back(views: Views) -> None:
    application = on_lasting_threads(views, count=1)
    with pytest.raises(ZeroDivisionError):
        await application("crash", None, None)
    await application({}, None, None)
    assert len(set(views.threads)) == 1


async def test_requests_at_once_do_not_wait_for_each_other(views: Views) -> None:
    application = on_lasting_threads(views, count=2)
    views.open.clear()
    async with asyncio.TaskGroup() as requests:
        for _ in range(4):
            requests.create_task(application({}, None, None))  # type: ignore[arg-type]  # a coroutine, if any awaitable
        for _ in range(4):
            assert await asyncio.to_thread(views.entered.acquire, timeout=5)
        views.open.set()
    alive = [thread for thread in set(views.threads) if thread.is_alive()]
    assert (len(set(views.threads)), len(alive)) == (4, 2)


async def test_nothing_is_left_of_a_request_in_its_task(views: Views) -> None:
    await on_lasting_threads(views)({}, None, None)
    assert SyncToAsync.thread_sensitive_context.get(None) is None
