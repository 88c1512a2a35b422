"""Following a cascade over a real socket: when it looks, when it stops, and what a lost server becomes."""

import asyncio
from typing import Any

import pytest

from responses_api.core.generation_events import (
    Finished,
    GenerationEvent,
    TextDelta,
    UpstreamFailed,
    UsageReported,
)
from responses_api.exchanges import followed_cascade
from responses_api.exchanges.exchange import SHUTTING_DOWN
from responses_api.exchanges.followed_cascade import FollowedCascade, finish_all

from .scripted_server import STREAM, ScriptedServer, envelope, hangs, resets, says, updates
from .test_cascade_reading import USER, planner, step

_BOUND = 20.0
TICK = envelope({"version": "1"})


def cascade(patience: float = 30) -> FollowedCascade:
    following = FollowedCascade("c", thoughts=True, start_patience=patience)
    following.begin()
    return following


async def rest_of(following: FollowedCascade) -> list[GenerationEvent]:
    """Everything up to the terminal event."""
    events: list[GenerationEvent] = []
    async with asyncio.timeout(_BOUND):
        while not (events and isinstance(events[-1], Finished | UpstreamFailed)):
            events += await following.next_events(1)
    following.close()
    return events


async def until_text(following: FollowedCascade, text: str) -> None:
    told = ""
    async with asyncio.timeout(_BOUND):
        while told != text:
            told += "".join(e.text for e in await following.next_events(1) if isinstance(e, TextDelta))


def text_of(events: list[GenerationEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_an_update_is_the_reason_to_look(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_cascade, "_MISTRUST_INTERVAL", 1000)
    ticks: asyncio.Queue[bytes | None] = asyncio.Queue()
    server.scripts[STREAM] = updates(ticks)
    following = cascade()
    server.steps = [USER, planner(response="one ")]
    ticks.put_nowait(TICK)
    await until_text(following, "one ")
    server.steps = [USER, planner("DONE", response="one two")]
    ticks.put_nowait(TICK)
    assert text_of(await rest_of(following)) == "two"


@pytest.mark.parametrize(
    "stream",
    [
        updates(),
        updates(error={"code": "unimplemented", "message": "reactive state is disabled"}),
        says(404, b'{"code": "unimplemented", "message": ""}'),
        says(200, b"<html>", "text/html"),
        resets(),
    ],
)
async def test_without_updates_a_timer_looks(server: ScriptedServer, stream: Any) -> None:
    server.scripts[STREAM] = stream
    following = cascade()
    server.steps = [USER, planner(response="one ")]
    await until_text(following, "one ")
    server.steps = [USER, planner("DONE", response="one two")]
    assert text_of(await rest_of(following)) == "two"


async def test_a_stream_that_tells_nothing_is_not_waited_for(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_cascade, "_MISTRUST_INTERVAL", 0.05)
    server.scripts[STREAM] = updates(asyncio.Queue())
    following = cascade()
    server.steps = [USER, planner(response="one ")]
    await until_text(following, "one ")
    monkeypatch.setattr(followed_cascade, "_MISTRUST_INTERVAL", 1000)
    server.steps = [USER, planner("DONE", response="one two")]
    assert text_of(await rest_of(following)) == "two"


async def test_rest_ends_it_where_no_step_does(server: ScriptedServer) -> None:
    server.steps = [USER, planner(usage=(1, 2, 0), response="all")]
    events = await rest_of(cascade())
    assert events[-2:] == [
        UsageReported(1, 0, 2, 0),
        Finished("completed", raw_reason="CASCADE_RUN_STATUS_IDLE"),
    ]


async def test_a_message_that_is_not_taken_up(server: ScriptedServer) -> None:
    (failed,) = await rest_of(cascade(patience=0.3))
    assert isinstance(failed, UpstreamFailed)
    assert failed.upstream_status == "NOT_TAKEN_UP"
    async with asyncio.timeout(_BOUND):
        while "CancelCascadeInvocation" not in server.calls:
            await asyncio.sleep(0.01)


async def test_a_cascade_that_the_server_has_forgotten(server: ScriptedServer) -> None:
    gone = b'{"code": "unknown", "message": "trajectory not found: c"}'
    server.scripts["GetCascadeTrajectorySteps"] = says(500, gone)
    (failed,) = await rest_of(cascade())
    assert isinstance(failed, UpstreamFailed)
    assert (failed.http_status, failed.code) == (502, "language_server_error")
    assert "trajectory not found" in failed.message


async def test_a_server_that_is_away_for_a_moment_and_one_that_stays_away(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = cascade()
    server.steps = [USER, planner(response="one ")]
    await until_text(following, "one ")
    server.scripts["GetCascadeTrajectorySteps"] = resets()
    assert await following.next_events(0.5) == []
    del server.scripts["GetCascadeTrajectorySteps"]
    server.steps = [USER, planner(response="one two ")]
    await until_text(following, "two ")
    monkeypatch.setattr(followed_cascade, "_UNREACHABLE_PATIENCE", 0.5)
    server.scripts["GetCascadeTrajectorySteps"] = resets()
    (failed,) = await rest_of(following)
    assert isinstance(failed, UpstreamFailed)
    assert failed.code == "language_server_error"


async def test_stopping_cancels_the_run_and_brings_its_count(server: ScriptedServer) -> None:
    following = cascade()
    server.steps = [USER, planner(response="one ")]
    await until_text(following, "one ")

    async def cancelled(request: Any) -> Any:
        server.steps = [
            USER,
            planner("DONE", (3, 2, 0), response="one tw", stopReason="STOP_REASON_CLIENT_STREAM_ERROR"),
        ]
        return await says(200, b"{}")(request)

    server.scripts["CancelCascadeInvocation"] = cancelled
    assert await following.stop(5) == [TextDelta("tw"), UsageReported(3, 0, 2, 0)]
    assert not following.in_flight
    assert await following.stop(5) == []
    following.close()


async def test_stopping_takes_no_longer_than_the_patience(server: ScriptedServer) -> None:
    following = cascade()
    server.scripts["CancelCascadeInvocation"] = hangs()
    assert await following.stop(0.1) == []
    assert not following.in_flight
    following.close()


async def test_a_failure_from_our_side_is_the_last_event(server: ScriptedServer) -> None:
    server.steps = [USER, planner(response="one ")]
    following = cascade()
    await until_text(following, "one ")
    finishing = asyncio.ensure_future(finish_all(_BOUND))
    assert await rest_of(following) == [SHUTTING_DOWN]
    await finishing
    following.fail(SHUTTING_DOWN)
    assert await following.next_events(0) == []


async def test_what_is_not_closed_in_time_does_not_hold_the_process_up(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    following = cascade()
    await finish_all(0.01)
    assert "did not end in time" in caplog.text
    following.close()


async def test_waking_returns_at_once(server: ScriptedServer) -> None:
    following = cascade()
    following.wake()
    assert await following.next_events(1000) == []
    following.abandon()
    following.close()


async def test_an_error_step_ends_it(server: ScriptedServer) -> None:
    server.steps = [
        USER,
        step("ERROR_MESSAGE", errorMessage={"error": {"userErrorMessage": "no", "shortError": "HTTP 429"}}),
    ]
    failed = (await rest_of(cascade()))[-1]
    assert isinstance(failed, UpstreamFailed)
    assert failed.http_status == 429
