import asyncio

from responses_api.runtime.doorbell import Doorbell

LONG = 30


async def test_a_ring_from_another_thread_wakes_the_waiting_loop() -> None:
    bell = Doorbell()
    waiting = asyncio.ensure_future(bell.wait(LONG))
    await asyncio.sleep(0)
    await asyncio.to_thread(bell.ring)
    async with asyncio.timeout(LONG / 2):
        await waiting


async def test_a_ring_between_two_waits_is_not_lost_and_counts_once() -> None:
    bell = Doorbell()
    await bell.wait(0)
    bell.ring()
    bell.ring()
    async with asyncio.timeout(LONG / 2):
        await bell.wait(LONG)
    again = asyncio.ensure_future(bell.wait(LONG))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not again.done()
    again.cancel()


async def test_without_a_ring_the_wait_ends_by_itself() -> None:
    await Doorbell().wait(0.01)


async def test_a_ring_where_nobody_listens_any_more_is_no_error() -> None:
    bell = Doorbell()
    await asyncio.to_thread(lambda: asyncio.run(bell.wait(0)))
    bell.ring()
