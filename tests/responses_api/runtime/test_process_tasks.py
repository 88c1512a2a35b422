import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from responses_api.runtime import process_tasks
from responses_api.runtime.process_tasks import register, start_once, starting, stop


@pytest.fixture(autouse=True)
async def _alone(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Only the loops that the test registers."""
    monkeypatch.setattr(process_tasks, "_loops", {})
    yield
    await stop()


class Loop:
    """A loop that counts its lives."""

    def __init__(self, failures: int = 0) -> None:
        self.begun = 0
        self.ended = 0
        self._failures = failures
        self.alive = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        try:
            if self.begun <= self._failures:
                raise ZeroDivisionError("broken")
            self.alive.set()
            await asyncio.Event().wait()
        finally:
            self.ended += 1


async def test_each_loop_is_started_once_also_one_that_registers_late() -> None:
    early, late = Loop(), Loop()
    register("early", early)
    start_once()
    start_once()
    await early.alive.wait()
    register("late", late)
    start_once()
    await late.alive.wait()
    assert (early.begun, late.begun) == (1, 1)


async def test_stopping_waits_for_the_end_and_allows_a_new_start() -> None:
    loop = Loop()
    register("loop", loop)
    start_once()
    await loop.alive.wait()
    await stop()
    assert (loop.begun, loop.ended) == (1, 1)
    loop.alive.clear()
    start_once()
    await loop.alive.wait()
    assert loop.begun == 2


async def test_stopping_what_was_never_started_does_nothing() -> None:
    register("loop", Loop())
    await stop()


async def test_a_loop_that_fails_is_logged_and_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process_tasks, "RESTART_PAUSE", 0)
    broken, sound = Loop(failures=2), Loop()
    register("broken", broken)
    register("sound", sound)
    start_once()
    await broken.alive.wait()
    assert (broken.begun, sound.begun) == (3, 1)
    assert [record.getMessage().split(",")[0] for record in caplog.records] == ["broken failed"] * 2


async def test_an_application_starts_them_with_its_first_event() -> None:
    loop = Loop()
    register("loop", loop)
    scopes = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    started = starting(application)
    for scope in ({"type": "http"}, {"type": "websocket"}):
        await started(scope, None, None)
    await loop.alive.wait()
    assert scopes == [{"type": "http"}, {"type": "websocket"}]
    assert loop.begun == 1
