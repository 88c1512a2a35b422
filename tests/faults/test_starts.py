"""Parts that start before what they need is there."""

import asyncio

import aiohttp

from tests.faults.arrangement import Arrangement
from tests.faults.test_faults import all_are_booked_once
from tests.faults.watched import Watched, watch


def start_without_redis(arrangement: Arrangement) -> None:
    """An interceptor that waits for Redis says so, and can be stopped; the gateway starts all the same."""
    for name in ("gateway", "interceptor"):
        arrangement.kill(name)
    arrangement.redis.kill()
    written = arrangement.written("interceptor")
    arrangement.start("interceptor", wait=False)
    arrangement.start("gateway")
    arrangement["interceptor"].wait_for("cannot be reached", written)
    assert arrangement["interceptor"].stop(within=5) == 0
    arrangement.start("interceptor", wait=False)


async def test_redis_is_down_at_the_start(arrangement: Arrangement) -> None:
    """Clear errors, within their bound, until it comes; then everything works with nothing started again."""
    stack = arrangement.stack
    await asyncio.to_thread(start_without_redis, arrangement)
    async with aiohttp.ClientSession() as session:
        early = Watched("hello?")
        await watch(session, stack, early, bound=15)
        assert early.refusal.startswith("503: The channel layer cannot be reached.")
        refused = await asyncio.to_thread(stack.latest_booking)
        assert (refused["outcome"], refused["source"]) == ("upstream_error", "none")

        await asyncio.to_thread(arrangement.redis.start)
        await asyncio.to_thread(arrangement.wait_until_ready)
        later = Watched("[[text=Here we are.]] [[chunks=3]]")
        await watch(session, stack, later, bound=15)
    later.check()
    assert later.end == "completed"
    await asyncio.to_thread(all_are_booked_once, stack, [later], frozenset({"completed"}), 5)
