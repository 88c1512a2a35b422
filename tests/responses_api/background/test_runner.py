"""A gateway's runner and what it finds in the queue: against the real PostgreSQL."""

import asyncio
from collections.abc import Callable

import pytest

from responses_api.background import queue, runner
from responses_api.background.runner import Runner
from responses_api.models import Outcome, Response, Trace
from responses_api.runtime import database
from responses_api.runtime.identifiers import gateway_id
from tests.responses_api.background.conftest import Enqueue
from tests.responses_api.background.test_ending import begin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOOK_INTERVAL", 0.1)
    monkeypatch.setattr(runner, "IDLE_INTERVAL", 0.1)
    monkeypatch.setattr(runner, "FORGOTTEN", 0.1)


async def work_until(condition: Callable[[], bool]) -> None:
    working = asyncio.create_task(Runner().work())
    async with asyncio.timeout(10):
        while not await database.run(condition):
            await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


def nothing_is_in_progress() -> bool:
    return not Trace.objects.filter(outcome=Outcome.IN_PROGRESS).exists()


def test_what_a_dead_gateway_left_is_ended(enqueue: Enqueue) -> None:
    begin(enqueue(), "gw_1")
    queue.let_go("gw_1", list(queue.held_by("gw_1")))

    asyncio.run(work_until(nothing_is_in_progress))
    assert Response.objects.get().status == "failed"


def test_what_its_own_gateway_holds_and_nobody_makes_is_ended(enqueue: Enqueue) -> None:
    """The end of a run could not be written, say."""
    begin(enqueue(), gateway_id())

    asyncio.run(work_until(nothing_is_in_progress))
    assert Response.objects.get().status == "failed"


def test_what_another_holds_is_left_alone(enqueue: Enqueue) -> None:
    left = enqueue()
    begin(left, "gw_2")
    queue.let_go("gw_2", [left])
    theirs = enqueue()
    begin(theirs, "gw_1")

    asyncio.run(work_until(lambda: not queue.left()))
    assert dict(Response.objects.values_list("id", "status")) == {theirs: "in_progress", left: "failed"}
