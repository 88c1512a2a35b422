"""The log: whole batches in, the very bytes out, from any event on."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from responses_api.background import event_log, queue
from responses_api.background.event_log import LogPage
from responses_api.core.generation_events import Finished, TextDelta
from responses_api.core.response_stream import ResponseStream
from responses_api.core.sse_encoding import encode_event
from responses_api.core.stream_events import StreamEvent
from responses_api.models import Response
from responses_api.runtime.identifiers import new_id
from tests.responses_api.background.conftest import Enqueue
from tests.responses_api.core.response_streams import NOW, new_response

pytestmark = pytest.mark.django_db


def batches_of(response_id: str) -> list[list[StreamEvent]]:
    """What is told of one response behind the queue, batch by batch."""
    machine = ResponseStream(new_response(id=response_id, background=True), new_id=new_id, now=lambda: NOW)
    machine.queue()
    return [
        machine.start(),
        machine.send(TextDelta("Zürich \n\n data: ")),
        machine.send(TextDelta("end")),
        machine.send(Finished("completed", "STOP")),
    ]


@pytest.fixture
def logged(enqueue: Enqueue) -> tuple[str, list[StreamEvent]]:
    """A response with all of its events logged, and those events."""
    response_id = enqueue()
    queue.claim("gw_1", 1)
    batches = batches_of(response_id)
    for batch in batches:
        assert event_log.append(response_id, "gw_1", batch)
    return response_id, [
        *event_log.read_events(response_id)[:2],
        *(event for batch in batches for event in batch),
    ]


def read(response_id: str, after: int) -> LogPage:
    page = event_log.read(response_id, after)
    assert page is not None
    return page


def test_every_suffix_is_the_same_bytes(logged: tuple[str, list[StreamEvent]]) -> None:
    response_id, events = logged
    for after in range(-1, len(events)):
        with CaptureQueriesContext(connection) as queries:
            page = read(response_id, after)
        assert len(queries) == 1
        assert page.data == b"".join(encode_event(event) for event in events[after + 1 :])
        assert page.last == len(events) - 1
    assert read(response_id, 10**6) == LogPage(b"", 10**6, more=False, ended=False, background=True)


def test_events_come_back_as_they_were(logged: tuple[str, list[StreamEvent]]) -> None:
    response_id, events = logged
    assert event_log.read_events(response_id) == events


def test_the_first_batch_sets_the_response_in_progress(enqueue: Enqueue) -> None:
    response_id = enqueue()
    queue.claim("gw_1", 1)
    event_log.append(response_id, "gw_1", batches_of(response_id)[0])
    response = Response.objects.get()
    assert (response.status, response.body["status"]) == ("in_progress", "in_progress")


def test_a_long_log_is_read_page_by_page(
    logged: tuple[str, list[StreamEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "PAGE", 2)
    response_id, events = logged
    data, after, more = b"", -1, True
    while more:
        page = read(response_id, after)
        data, after, more = data + page.data, page.last, page.more
    assert data == b"".join(encode_event(event) for event in events)


def test_only_its_runner_writes_and_writing_again_changes_nothing(enqueue: Enqueue) -> None:
    response_id = enqueue()
    queue.claim("gw_1", 1)
    batch = batches_of(response_id)[0]
    assert not event_log.append(response_id, "gw_2", batch)
    assert event_log.append(response_id, "gw_1", batch)
    once = read(response_id, -1)
    assert event_log.append(response_id, "gw_1", batch)
    assert read(response_id, -1) == once


def test_of_a_deleted_response_nothing_is_kept_and_nothing_fails(enqueue: Enqueue) -> None:
    response_id = enqueue()
    queue.claim("gw_1", 1)
    batch = batches_of(response_id)[0]
    Response.objects.all().delete()
    assert not event_log.append(response_id, "gw_1", batch)
    with connection.cursor() as cursor:
        event_log.append_on_close(response_id, batch)(cursor)
    assert event_log.read(response_id, -1) is None
