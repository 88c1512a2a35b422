import asyncio
import gc
import logging
import weakref

import pytest

from responses_api.runtime.tasks import spawn


async def test_the_result_is_the_coroutines() -> None:
    async def answer() -> int:
        return 42

    assert await spawn(answer(), name="answer") == 42


async def test_a_task_that_nobody_holds_survives_the_garbage_collector() -> None:
    done = asyncio.Event()

    async def work(wait_here: list[asyncio.Future[None]]) -> None:
        # Only the task holds this future, and only the future holds the task.
        future = asyncio.get_running_loop().create_future()
        wait_here.append(future)
        await future
        done.set()

    futures: list[asyncio.Future[None]] = []
    spawn(work(futures), name="unheld")
    await asyncio.sleep(0)
    future = weakref.ref(futures.pop())
    gc.collect()
    held = future()
    assert held is not None
    held.set_result(None)
    await done.wait()


async def test_a_failure_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR, logger="zg.tasks"):
        task = spawn(fail(), name="doomed")
        await asyncio.wait([task])
        await asyncio.sleep(0)
    (record,) = caplog.records
    assert "doomed" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


async def test_a_cancellation_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    task = spawn(asyncio.sleep(3600), name="sleeper")
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert task.cancelled()
    assert not caplog.records


async def test_the_task_bears_the_name() -> None:
    task = spawn(asyncio.sleep(0), name="sweeper")
    assert task.get_name() == "sweeper"
    await task
