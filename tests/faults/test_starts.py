"""Parts that start before what they need is there."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.stacks import Simulator, wait_until
from tests.faults.arrangement import Arrangement
from tests.faults.redis_server import RedisServer
from tests.faults.test_faults import all_are_booked_once
from tests.faults.watched import Watched, watch


@pytest.fixture
def without_redis(folder: Path, simulator: Simulator) -> Iterator[Arrangement]:
    """All parts, of which interceptor and gateway have been started without Redis."""
    redis = RedisServer(folder)
    redis.start()
    made = Arrangement(folder, simulator, redis)
    try:
        made.start_all()
        made.kill("gateway")
        made.kill("interceptor")
        redis.kill()
        made.start("interceptor", wait=False)
        made.start("gateway")
        with made.logs_shown():
            yield made
    finally:
        made.stop()


def stop_and_start_again(arrangement: Arrangement) -> None:
    """An interceptor that waits for Redis says so, and can be stopped."""
    wait_until(lambda: "cannot be reached" in arrangement["interceptor"].output, within=20)
    assert arrangement["interceptor"].stop(within=5) == 0
    arrangement.start("interceptor", wait=False)


async def test_redis_is_down_at_the_start(without_redis: Arrangement) -> None:
    """Clear errors, within their bound, until it comes; then everything works with nothing started again."""
    stack = without_redis.stack
    async with aiohttp.ClientSession() as session:
        early = Watched("hello?")
        await watch(session, stack, early, bound=15)
        assert early.refusal.startswith("503: The channel layer cannot be reached.")
        await asyncio.to_thread(stop_and_start_again, without_redis)

        await asyncio.to_thread(without_redis.redis.start)
        await asyncio.to_thread(without_redis.wait_until_ready)
        later = Watched("[[text=Here we are.]] [[chunks=3]]")
        await watch(session, stack, later, bound=15)
    later.check()
    assert later.end == "completed"
    await asyncio.to_thread(all_are_booked_once, stack, [later], frozenset({"completed"}), 5)
    (refused,) = stack.query(
        "SELECT t.outcome, u.source FROM responses_api_trace t JOIN responses_api_usage u ON u.trace_id = t.id"
        " WHERE t.outcome <> 'completed'"
    )
    assert refused == {"outcome": "upstream_error", "source": "none"}
