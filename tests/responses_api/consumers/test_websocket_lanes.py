"""Lanes: in order within one, at once across them, and never too much at a time."""

import asyncio

import pytest

from responses_api.consumers.websocket_lanes import MAX_ACTIVE, MAX_NAMED_LANES, MAX_WAITING, Lanes
from responses_api.core.errors import InvalidRequest, RateLimited
from responses_api.core.websocket_frames import CreateFrame


def frame(lane: str | None = None, size: int = 1) -> CreateFrame:
    return CreateFrame(lane, True, {}, size)


class Service:
    """Serves frames when it is told to."""

    def __init__(self, max_waiting_size: int = 1_000_000) -> None:
        self.begun: list[CreateFrame] = []
        self.ended: list[CreateFrame] = []
        self.cancelled = 0
        self.idle = asyncio.Event()
        self.permits = asyncio.Semaphore(0)
        self.lanes = Lanes(self._serve, self._when_idle, max_waiting_size)

    async def _serve(self, frame: CreateFrame) -> None:
        self.begun.append(frame)
        try:
            await self.permits.acquire()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.ended.append(frame)

    async def _when_idle(self) -> None:
        assert self.lanes.idle
        self.idle.set()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def let(self, number: int) -> None:
        for _ in range(number):
            self.permits.release()
        await self.settle()


async def test_one_lane_is_served_in_order_and_never_twice_at_once() -> None:
    service, frames = Service(), [frame("a") for _ in range(3)]
    for each in frames:
        service.lanes.put(each)
    await service.settle()
    assert service.begun == frames[:1]

    await service.let(1)
    assert (service.ended, service.begun) == (frames[:1], frames[:2])
    assert not service.lanes.idle
    await service.let(2)
    assert service.ended == frames
    assert service.idle.is_set()


async def test_lanes_are_served_at_once() -> None:
    service = Service()
    for lane in (None, "a", "b"):
        service.lanes.put(frame(lane))
    await service.settle()

    assert [each.stream_id for each in service.begun] == [None, "a", "b"]
    await service.let(3)
    assert service.lanes.idle


async def test_a_lane_that_was_idle_is_served_again() -> None:
    service = Service()
    for number in range(3):
        service.lanes.put(frame())
        await service.let(1)
        assert len(service.ended) == number + 1


async def test_a_lane_that_never_waits_is_served_again_on_a_loop_with_eager_tasks() -> None:
    """mitmproxy makes tasks eager in the process that it shares with the gateway."""
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    served: list[CreateFrame] = []

    async def serve(frame: CreateFrame) -> None:
        served.append(frame)

    async def when_idle() -> None:
        pass

    lanes, frames = Lanes(serve, when_idle, 1000), [frame(), frame()]
    for each in frames:
        lanes.put(each)
        assert lanes.idle
    assert served == frames


async def test_so_many_responses_are_made_at_once() -> None:
    service = Service()
    for number in range(MAX_ACTIVE + 3):
        service.lanes.put(frame(f"lane-{number}"))
    await service.settle()
    assert len(service.begun) == MAX_ACTIVE

    await service.let(2)
    assert len(service.begun) == MAX_ACTIVE + 2
    await service.let(MAX_ACTIVE + 1)
    assert service.lanes.idle


async def test_so_many_lanes_may_have_a_name() -> None:
    service = Service()
    for number in range(MAX_NAMED_LANES):
        service.lanes.put(frame(f"lane-{number}"))
        await service.let(1)
    with pytest.raises(InvalidRequest) as caught:
        service.lanes.put(frame("one-more"))

    assert (caught.value.code, caught.value.param) == ("websocket_stream_limit_reached", "stream_id")
    service.lanes.put(frame("lane-0"))
    service.lanes.put(frame(None))
    await service.let(2)
    assert len(service.ended) == MAX_NAMED_LANES + 2


async def test_so_many_requests_may_wait() -> None:
    service = Service()
    service.lanes.put(frame())
    await service.settle()
    for _ in range(MAX_WAITING):
        service.lanes.put(frame())
    with pytest.raises(RateLimited):
        service.lanes.put(frame())

    await service.let(1)
    service.lanes.put(frame())
    service.lanes.cancel()


async def test_waiting_requests_may_be_so_large_together() -> None:
    service = Service(max_waiting_size=100)
    service.lanes.put(frame(size=100))
    await service.settle()
    service.lanes.put(frame(size=100))
    with pytest.raises(RateLimited):
        service.lanes.put(frame(size=1))
    service.lanes.cancel()


async def test_a_refused_request_takes_no_name() -> None:
    service = Service(max_waiting_size=10)
    service.lanes.put(frame(size=10))
    await service.settle()
    service.lanes.put(frame(size=10))
    for number in range(MAX_NAMED_LANES + 1):
        with pytest.raises(RateLimited):
            service.lanes.put(frame(f"lane-{number}"))
    service.lanes.cancel()


async def test_finishing_drops_what_waits_and_waits_for_what_runs() -> None:
    service = Service()
    service.lanes.put(frame())
    service.lanes.put(frame())
    await service.settle()
    finishing = asyncio.ensure_future(service.lanes.finish(5))
    await service.let(2)
    await finishing

    assert (len(service.begun), len(service.ended)) == (1, 1)


async def test_finishing_is_patient_only_so_long() -> None:
    service = Service()
    service.lanes.put(frame())
    await service.settle()
    await service.lanes.finish(0.01)

    assert not service.ended
    service.lanes.cancel()


async def test_cancelling_gives_everything_up() -> None:
    service = Service()
    service.lanes.put(frame("a"))
    service.lanes.put(frame("b"))
    service.lanes.put(frame("b"))
    await service.settle()
    service.lanes.cancel()
    await service.settle()

    assert (len(service.begun), service.cancelled) == (2, 2)
    assert service.lanes.idle
