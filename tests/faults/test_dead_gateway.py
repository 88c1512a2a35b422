"""A gateway that is killed: what it leaves behind is put in order, and not before it is known to be dead."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import httpx2

from responses_api.access.limits.admission import LEASE
from responses_api.access.limits.redis_ledger import RedisLedger
from responses_api.access.limits.rules import Allowance, Amount, Limits
from responses_api.access.limits.standings import Periods
from tests.e2e.stacks import MODEL, Stack
from tests.faults.arrangement import Arrangement
from tests.faults.test_faults import all_are_booked_once, go_on, many_streams
from tests.faults.watched import Watched, watch


async def test_the_gateway_is_killed(arrangement: Arrangement, long_form: bool) -> None:
    stack, limited = arrangement.stack, arrangement.limited
    streams = many_streams(long_form=long_form)
    holder = Watched("[[text=This one has the only place.]] [[chunks=9]] [[stall=3]]")
    async with aiohttp.ClientSession() as session:
        async with asyncio.TaskGroup() as group:
            for stream in streams:
                group.create_task(watch(session, stack, stream, bound=30))
            group.create_task(watch(session, limited, holder, bound=30))
            for stream in (*streams, holder):
                await stream.begun.wait()
            arrangement.kill("gateway")

    for stream in (*streams, holder):
        stream.check()
        assert stream.end == "cut"
    assert [outcomes(stack, stream) for stream in (*streams, holder)] == [["in_progress"]] * (
        len(streams) + 1
    )
    await asyncio.to_thread(go_on, arrangement)
    await asyncio.to_thread(what_it_had_reserved_runs_out, arrangement)
    await asyncio.to_thread(all_are_booked_once, stack, [*streams, holder], frozenset({"failed"}), 30)


def outcomes(stack: Stack, stream: Watched) -> list[str]:
    return [booking["outcome"] for booking in stack.bookings(stream.response_id)]


def what_it_had_reserved_runs_out(arrangement: Arrangement) -> None:
    """Nobody renews it: as long after the kill as a lease lasts there is room for the next response."""
    assert ask(arrangement.limited).status_code == 429
    prefix = arrangement.limited.api_key[:11]
    (key,) = arrangement.stack.query(
        "SELECT id FROM responses_api_apikey WHERE prefix = %(prefix)s", prefix=prefix
    )
    allowance = Allowance(f"key:{key['id']}", Limits(concurrent_responses=1))
    now = datetime.now(UTC)
    later = RedisLedger(arrangement.redis.url, "zg", now.timestamp() + LEASE)
    try:
        _, standings = later.reserve([allowance], Amount(requests=0), Periods(now), "", 0)
    finally:
        later.close()
    assert standings[allowance.scope].running == 0
    assert ask(arrangement.limited).status_code == 200


def ask(stack: Stack) -> httpx2.Response:
    with stack.http() as http:
        return http.post("/v1/responses", json={"model": MODEL, "input": "hi"})
