import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from responses_api.models import Trace
from responses_api.retention import purging, schedule
from responses_api.runtime import process_tasks
from tests.responses_api.retention.conftest import MakeTrace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "FIRST_PAUSE", 0)
    monkeypatch.setattr(schedule, "INTERVAL", 0.01)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """The loop, for the length of the block; cancelled at its end."""
    loop = asyncio.ensure_future(schedule.keep_purging())
    yield
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


def test_it_purges_and_says_so(make_trace: MakeTrace, caplog: pytest.LogCaptureFixture) -> None:
    make_trace(100)
    caplog.set_level(logging.INFO, "zg.retention")

    async def run() -> None:
        async with running():
            await until(lambda: bool(caplog.messages))

    asyncio.run(run())
    assert caplog.messages[0] == "deleted by age: traces 1"
    assert Trace.objects.count() == 0


async def test_it_stops_in_the_middle_of_a_purge(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def purge(*, stopped: threading.Event) -> None:
        begun.set()
        stopped.wait(20)
        ended.set()

    monkeypatch.setattr(purging, "purge", purge)
    async with running():
        await until(begun.is_set)
        assert not ended.is_set()
    assert ended.is_set()


def test_every_gateway_process_does() -> None:
    assert "retention" in process_tasks._loops
