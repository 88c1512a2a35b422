"""Who waits, who makes what, who has died: against the real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from responses_api.background import event_log, queue
from responses_api.core.response_stream import ResponseStream
from responses_api.core.stream_events import StreamEvent
from responses_api.models import Item, Response, ResponseEvents, Trace
from responses_api.runtime.identifiers import new_id
from responses_api.storage import orphans
from tests.responses_api.background.conftest import Enqueue
from tests.responses_api.core.response_streams import NOW, new_response

pytestmark = pytest.mark.django_db


def begun(response_id: str) -> list[StreamEvent]:
    """The first batch behind the queue."""
    machine = ResponseStream(new_response(id=response_id), new_id=new_id, now=lambda: NOW)
    machine.queue()
    return machine.start()


def test_what_waits_is_stored_with_its_inputs_first_events_and_trace(enqueue: Enqueue) -> None:
    response_id = enqueue()
    response = Response.objects.get()
    assert (response.id, response.status, response.background, response.runner) == (
        response_id,
        "queued",
        True,
        "",
    )
    assert response.request == {"input": "hi", "background": True}
    assert Item.objects.get().side == "input"
    assert ResponseEvents.objects.get().last_sequence == 1
    assert Trace.objects.get().outcome == "in_progress"


def test_claims_come_oldest_first_and_only_once(enqueue: Enqueue) -> None:
    waiting = [enqueue() for _ in range(5)]
    assert [held.id for held in queue.claim("gw_1", 2)] == waiting[:2]
    assert [held.id for held in queue.claim("gw_2", 9)] == waiting[2:]
    assert queue.claim("gw_1", 9) == []
    held = queue.claim("gw_1", 0)
    assert held == []


def test_a_claim_brings_what_is_needed_to_make_the_response(enqueue: Enqueue) -> None:
    response_id = enqueue()
    (held,) = queue.claim("gw_1", 1)
    trace = Trace.objects.get()
    assert (held.id, held.trace_id, held.stored_items) == (response_id, trace.id, 1)
    assert held.request == {"input": "hi", "background": True}
    assert (held.owner_id, held.api_key_id) == (trace.owner_id, trace.api_key_id)
    assert held.created_at == Response.objects.get().body["created_at"]
    assert not held.cancel_requested


def test_one_that_had_not_begun_when_its_gateway_died_waits_again(enqueue: Enqueue) -> None:
    response_id = enqueue()
    queue.claim("gw_1", 1)
    assert queue.claim("gw_2", 1) == []
    orphans.close_of("gw_1")
    assert queue.left() == []
    assert [held.id for held in queue.claim("gw_2", 1)] == [response_id]


def test_one_that_had_begun_when_its_gateway_died_is_left(enqueue: Enqueue) -> None:
    response_id = enqueue()
    queue.claim("gw_1", 1)
    assert event_log.append(response_id, "gw_1", begun(response_id))
    orphans.close_of("gw_2")
    assert queue.left() == []
    orphans.close_of("gw_1")
    assert queue.claim("gw_2", 1) == []
    assert [held.id for held in queue.left()] == [response_id]
    assert not event_log.append(response_id, "gw_1", begun(response_id))


def test_what_a_runner_gives_up_waits_again_or_is_left(enqueue: Enqueue) -> None:
    begun_id, waiting_id, kept_id = enqueue(), enqueue(), enqueue()
    queue.claim("gw_1", 3)
    event_log.append(begun_id, "gw_1", begun(begun_id))
    queue.let_go("gw_2", [kept_id])
    queue.let_go("gw_1", [begun_id, waiting_id])
    assert list(queue.held_by("gw_1")) == [kept_id]
    assert [held.id for held in queue.left()] == [begun_id]
    assert [held.id for held in queue.claim("gw_2", 3)] == [waiting_id]


def test_how_long_it_waited_is_told_by_one_clock_and_never_negative(enqueue: Enqueue) -> None:
    response_id = enqueue()
    an_hour = timedelta(hours=1)
    for queued_at, shortest, longest in ((an_hour, -3700, -3500), (-an_hour, 3600, 3700)):
        Response.objects.update(runner="", created_at=datetime.now(UTC) + queued_at)
        (held,) = queue.claim("gw_1", 1)
        assert held.id == response_id
        assert max(0, shortest) <= held.waited <= max(0, longest)


def test_what_is_released_waits_again_and_what_has_begun_does_not(enqueue: Enqueue) -> None:
    begun_id, waiting_id = enqueue(), enqueue()
    queue.claim("gw_1", 2)
    event_log.append(begun_id, "gw_1", begun(begun_id))
    queue.release("gw_2")
    assert queue.claim("gw_2", 2) == []
    queue.release("gw_1")
    assert [held.id for held in queue.claim("gw_2", 2)] == [waiting_id]


def test_a_cancellation_reaches_the_one_who_makes_it(enqueue: Enqueue) -> None:
    response_id = enqueue()
    queue.claim("gw_1", 1)
    assert queue.held_by("gw_1") == {response_id: False}
    assert queue.request_cancel(response_id)
    assert queue.held_by("gw_1") == {response_id: True}
    assert queue.held_by("gw_2") == {}
    assert queue.take_waiting("me", response_id) is None


def test_only_one_that_waits_is_taken_to_be_ended(enqueue: Enqueue) -> None:
    response_id = enqueue()
    held = queue.take_waiting("me", response_id)
    assert held is not None
    assert held.id == response_id
    assert queue.take_waiting("you", response_id) is None
    assert queue.claim("gw_1", 1) == []


@pytest.mark.django_db(transaction=True)
def test_many_runners_at_once_share_the_queue_without_a_double(enqueue: Enqueue) -> None:
    waiting = [enqueue() for _ in range(40)]

    def work(runner: str) -> list[str]:
        try:
            return [held.id for _ in range(20) for held in queue.claim(runner, 1)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        claimed = [id for ids in threads.map(work, ["gw_1", "gw_2", "gw_3", "gw_4"]) for id in ids]
    assert sorted(claimed) == sorted(waiting)
