"""The state machine's states: what may be done in which, and what is said of it."""

from collections.abc import Callable

import pytest

from responses_api.core.generation_events import Finished, TextDelta
from responses_api.core.response_stream import LIFECYCLE, Lifecycle, LocalProtocolError, ResponseStream
from tests.responses_api.core.response_streams import new_stream, response_in, run, types

STOP = Finished("completed", "STOP")
HELLO = TextDelta("Hello")

OPERATIONS: dict[str, Callable[[ResponseStream], object]] = {
    "queue": lambda stream: stream.queue(),
    "start": lambda stream: stream.start(),
    "send": lambda stream: stream.send(HELLO),
    "heartbeat": lambda stream: stream.heartbeat(),
    "fail": lambda stream: stream.fail("server_error", "broken"),
    "cancel": lambda stream: stream.cancel(),
}
WAYS: dict[Lifecycle, Callable[[ResponseStream], object]] = {
    Lifecycle.NEW: lambda stream: None,
    Lifecycle.QUEUED: lambda stream: stream.queue(),
    Lifecycle.ACTIVE: lambda stream: stream.start(),
    Lifecycle.COMPLETED: lambda stream: (stream.start(), stream.send(STOP)),
    Lifecycle.INCOMPLETE: lambda stream: (stream.start(), stream.send(Finished("content_filter", "SAFETY"))),
    Lifecycle.FAILED: lambda stream: (stream.start(), stream.fail("server_error", "broken")),
    Lifecycle.CANCELLED: lambda stream: stream.cancel(),
}
LEGAL = {
    (Lifecycle.NEW, "queue"),
    (Lifecycle.QUEUED, "start"),
    (Lifecycle.QUEUED, "fail"),
    (Lifecycle.QUEUED, "cancel"),
    (Lifecycle.NEW, "start"),
    (Lifecycle.NEW, "cancel"),
    (Lifecycle.ACTIVE, "send"),
    (Lifecycle.ACTIVE, "heartbeat"),
    (Lifecycle.ACTIVE, "fail"),
    (Lifecycle.ACTIVE, "cancel"),
}


def test_every_state_is_in_the_table() -> None:
    assert set(LIFECYCLE) == set(Lifecycle) == {*WAYS, Lifecycle.ERROR}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", WAYS)
def test_only_legal_operations_pass(state: Lifecycle, operation: str) -> None:
    stream = new_stream()
    WAYS[state](stream)
    assert stream.lifecycle is state
    if (state, operation) in LEGAL:
        OPERATIONS[operation](stream)
        return
    with pytest.raises(LocalProtocolError, match=f"{operation}.*{state}"):
        OPERATIONS[operation](stream)
    assert stream.lifecycle is Lifecycle.ERROR
    assert stream.ended
    for following in OPERATIONS.values():
        with pytest.raises(LocalProtocolError, match="error"):
            following(stream)


def test_an_illegal_operation_leaves_the_object_as_it_was() -> None:
    stream, _ = run([HELLO, STOP])
    before = stream.response
    with pytest.raises(LocalProtocolError):
        stream.send(HELLO)
    assert stream.response == before


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (STOP, "completed"),
        (Finished("max_output_tokens", "MAX_TOKENS"), "incomplete"),
        (Finished("failed", "OTHER"), "failed"),
    ],
)
def test_ended_and_status(end: Finished, status: str) -> None:
    stream = new_stream()
    assert not stream.ended
    stream.start()
    assert not stream.ended
    stream.send(end)
    assert stream.ended
    assert stream.response["status"] == status


def test_a_queued_response_is_created_once_and_begins_later() -> None:
    stream = new_stream()
    waiting = stream.queue()
    assert types(waiting) == ["created", "queued"]
    assert [(response_in(event) or {})["status"] for event in waiting] == ["queued", "queued"]
    begun = stream.start()
    assert types(begun) == ["in_progress"]
    assert begun[0]["sequence_number"] == 2
    assert stream.response["status"] == "in_progress"


def test_a_queued_response_may_end_before_it_begins() -> None:
    failed, cancelled = new_stream(), new_stream()
    failed.queue()
    cancelled.queue()
    assert types(failed.fail("server_error", "broken")) == ["error", "failed"]
    assert types(cancelled.cancel()) == ["incomplete"]
    assert cancelled.response["status"] == "cancelled"
