"""Something dies in the middle of streams; every client is told, everything is booked, and it goes on."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import pytest

from tests.e2e.stacks import MODEL, Stack, wait_until
from tests.faults.arrangement import Arrangement
from tests.faults.watched import Watched, watch

PAUSE = 0.5
"""Seconds for which a part that is started again is away at least."""


def kill(name: str) -> Callable[[Arrangement], None]:
    return lambda arrangement: arrangement.kill(name)


def end(name: str) -> Callable[[Arrangement], None]:
    def stop(arrangement: Arrangement) -> None:
        assert arrangement[name].stop(signal.SIGTERM, within=10) == 0

    return stop


def restart_redis(arrangement: Arrangement) -> None:
    arrangement.redis.kill()
    time.sleep(PAUSE)
    arrangement.redis.start()


def kill_redis(arrangement: Arrangement) -> None:
    arrangement.redis.kill()


def restart_database(arrangement: Arrangement) -> None:
    arrangement.kill_database()
    time.sleep(PAUSE)
    arrangement.start_database()


def restart_database_when_the_answer_is_over(arrangement: Arrangement) -> None:
    """It is away from before the end of the streams until some time after it."""
    arrangement.kill_database()
    wait_until(lambda: not arrangement.simulator.stats["open_streams"], within=10)
    time.sleep(PAUSE)
    arrangement.start_database()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done while streams run, and how they may end.

    Attributes:
        bound: seconds after which every client must have been told its end.
        ends: as ``Watched.end``.
        outcomes: of the traces.
        booked_within: seconds after the last end in which everything is booked.
    """

    name: str
    do: Callable[[Arrangement], None]
    ends: frozenset[str]
    outcomes: frozenset[str]
    bound: float = 30.0
    booked_within: float = 10.0


def fault(name: str, do: Callable[[Arrangement], None], ends: str, outcomes: str, **more: object) -> object:
    made = Fault(name, do, frozenset(ends.split()), frozenset(outcomes.split()), **more)  # type: ignore[arg-type]
    return pytest.param(made, id=name)


FAULTS = [
    fault("the interceptor is killed", kill("interceptor"), "failed", "upstream_error"),
    fault("the language server is killed", kill("language server"), "failed", "upstream_error"),
    fault("the interceptor is stopped", end("interceptor"), "failed", "upstream_error", bound=6),
    fault("the gateway is stopped", end("gateway"), "failed", "upstream_error", bound=6),
    fault("Redis is restarted", restart_redis, "completed", "completed"),
    fault("Redis goes away", kill_redis, "failed", "upstream_error"),
    fault("PostgreSQL is restarted", restart_database, "completed", "completed"),
    fault(
        "PostgreSQL is away between the end and the commit",
        restart_database_when_the_answer_is_over,
        "completed",
        "completed",
    ),
]


def many_streams(*, long_form: bool) -> list[Watched]:
    """Streams that take two seconds, and each have a text of their own."""
    text = "says many words, one by one, in order."
    return [
        Watched(f"[[text=Stream {number} {text}]] [[chunks=40]] [[delay_ms=50]]")
        for number in range(40 if long_form else 4)
    ]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_part_dies_in_the_middle_of_streams(
    fault: Fault, arrangement: Arrangement, long_form: bool
) -> None:
    stack = arrangement.stack
    streams = many_streams(long_form=long_form)
    async with aiohttp.ClientSession() as session:
        async with asyncio.TaskGroup() as group:
            for stream in streams:
                group.create_task(watch(session, stack, stream, bound=fault.bound))
            for stream in streams:
                await stream.begun.wait()
            await asyncio.to_thread(fault.do, arrangement)

    for stream in streams:
        stream.check()
        assert stream.end in fault.ends, stream.refusal or stream.events[-1:]
    await asyncio.to_thread(go_on, arrangement)
    await asyncio.to_thread(all_are_booked_once, stack, streams, fault.outcomes, fault.booked_within)


def go_on(arrangement: Arrangement) -> None:
    """With what has died started again, the next request works."""
    with arrangement.whole_again():
        pass
    response = arrangement.stack.client().responses.create(model=MODEL, input="hi")
    assert response.output_text == "You said: hi"


def all_are_booked_once(
    stack: Stack, streams: list[Watched], outcomes: frozenset[str], within: float
) -> None:
    """One trace and one usage row each; and a response whose end was told is stored as it was told."""
    ids = [stream.response_id for stream in streams]

    def in_progress() -> int:
        rows = stack.query(
            "SELECT count(*) AS number FROM responses_api_trace"
            " WHERE outcome = 'in_progress' AND response_id = ANY(%(ids)s)",
            ids=ids,
        )
        return int(rows[0]["number"])

    wait_until(lambda: not in_progress(), within=within)
    for stream in streams:
        (booking,) = stack.bookings(stream.response_id)
        assert booking["outcome"] in outcomes
        assert booking["source"] is not None
        if stream.end in ("completed", "failed"):
            stored = stack.client().responses.retrieve(stream.response_id)
            assert stored.to_dict(mode="json")["output"] == stream.events[-1]["response"]["output"]
