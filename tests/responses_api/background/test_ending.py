"""Responses that nobody makes are ended once: in the log, in the store, in the books."""

import pytest
from django.contrib.auth.models import User

from responses_api import background
from responses_api.background import ending, event_log, queue
from responses_api.core.errors import InternalError, InvalidRequest, NotFound
from responses_api.core.generation_events import TextDelta
from responses_api.core.response_stream import ResponseStream
from responses_api.models import Item, Outcome, Response, Trace, Usage
from responses_api.runtime.identifiers import new_id
from responses_api.storage import orphans, stored_responses
from tests.conftest import MakeApiKey
from tests.responses_api.background.conftest import Enqueue
from tests.responses_api.core.response_streams import NOW, new_response

pytestmark = pytest.mark.django_db

DIED = InternalError("The gateway died.")


def begin(response_id: str, runner: str) -> None:
    """Claimed, and some text told."""
    queue.claim(runner, 1)
    machine = ResponseStream(new_response(id=response_id), new_id=new_id, now=lambda: NOW)
    machine.queue()
    assert event_log.append(response_id, runner, machine.start() + machine.send(TextDelta("Hel")))


def test_what_a_dead_gateway_left_fails_with_what_was_told(enqueue: Enqueue) -> None:
    response_id = enqueue()
    begin(response_id, "gw_1")
    told = event_log.read_events(response_id)
    orphans.close_of("gw_1")
    (left,) = queue.left()
    ending.end(left, "", Outcome.FAILED, DIED)

    events = event_log.read_events(response_id)
    assert events[: len(told)] == told
    assert events[-1]["type"] == "response.failed"
    shown = stored_responses.read(left.owner_id, response_id)
    assert shown == events[-1]["response"]
    assert (shown["status"], shown["error"]["message"]) == ("failed", "The gateway died.")
    assert [item["content"][0]["text"] for item in shown["output"]] == ["Hel"]
    trace = Trace.objects.get()
    assert (trace.outcome, trace.usage.source) == ("failed", "none")
    assert [item.position for item in Item.objects.order_by("position")] == [0, 1]
    response = Response.objects.get()
    assert response.request is None
    page = event_log.read(response_id, -1)
    assert page is not None
    assert page.ended


def test_only_who_holds_it_ends_it_and_only_once(enqueue: Enqueue) -> None:
    response_id = enqueue()
    begin(response_id, "gw_1")
    orphans.close_of("gw_1")
    (left,) = queue.left()
    log = event_log.read_events(response_id)
    ending.end(left, "gw_1", Outcome.FAILED, DIED)
    assert event_log.read_events(response_id) == log
    assert Trace.objects.get().outcome == "in_progress"

    ending.end(left, "", Outcome.CANCELLED, None)
    log = event_log.read_events(response_id)
    ending.end(left, "", Outcome.FAILED, DIED)
    assert event_log.read_events(response_id) == log
    assert (Trace.objects.get().outcome, Usage.objects.count()) == ("cancelled", 1)


def test_one_that_waits_is_cancelled_at_once(enqueue: Enqueue) -> None:
    response_id = enqueue()
    owner_id = Response.objects.get().owner_id
    background.cancel(owner_id, response_id)
    assert stored_responses.read(owner_id, response_id)["status"] == "cancelled"
    assert [event["type"] for event in event_log.read_events(response_id)] == [
        "response.created",
        "response.queued",
        "response.incomplete",
    ]
    assert (Trace.objects.get().outcome, Usage.objects.count()) == ("cancelled", 1)
    background.cancel(owner_id, response_id)
    assert Usage.objects.count() == 1


def test_only_its_owner_cancels_and_only_what_is_in_the_background(
    enqueue: Enqueue, bob: User, make_api_key: MakeApiKey
) -> None:
    response_id = enqueue()
    with pytest.raises(NotFound):
        background.cancel(bob.pk, response_id)
    assert Response.objects.get().status == "queued"
    Response.objects.update(background=False)
    with pytest.raises(InvalidRequest, match="synchronous"):
        background.cancel(Response.objects.get().owner_id, response_id)
