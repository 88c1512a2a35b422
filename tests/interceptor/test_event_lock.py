"""The lock that is waited for to the end."""

import asyncio

import pytest

from interceptor.event_lock import PatientLock


async def test_a_cancelled_task_gets_the_lock_and_is_cancelled_where_it_waits_next() -> None:
    lock, told = PatientLock(), []

    async def tell() -> None:
        async with lock:
            told.append("in the lock")
        await asyncio.sleep(0)
        told.append("behind it")

    async with lock:
        waiting = asyncio.create_task(tell())
        for number in range(3):
            await asyncio.sleep(0)
            waiting.cancel(f"reason {number}")
    with pytest.raises(asyncio.CancelledError, match="reason 2"):
        await waiting
    assert told == ["in the lock"]
    assert not lock.locked()


async def test_one_that_is_not_cancelled_waits_for_its_turn() -> None:
    lock, told = PatientLock(), []

    async def tell(number: int) -> None:
        async with lock:
            await asyncio.sleep(0)
            told.append(number)

    await asyncio.gather(*(tell(number) for number in range(5)))
    assert told == list(range(5))
