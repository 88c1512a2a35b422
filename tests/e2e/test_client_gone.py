"""A client that goes away: the upstream is closed at once, and what was used is booked."""

import httpx2
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import types

_LONG = "[[chunks=200]] [[delay_ms=50]]"


def read_some_and_leave(stack: Stack, text: str, *, deltas: int) -> str:
    """Begin a stream, close the connection after some deltas; the response's id."""
    body = {"model": MODEL, "input": text, "stream": True}
    with stack.http() as http, http.stream("POST", "/v1/responses", json=body) as answer:
        lines = answer.iter_lines()
        first = next(line for line in lines if line.startswith("data: "))
        response_id = first.split('"id":"', 1)[1].split('"', 1)[0]
        seen = 0
        while seen < deltas:
            seen += next(lines) == "event: response.output_text.delta"
    return response_id


@BOTH
@pytest.mark.parametrize(
    ("text", "deltas"), [(_LONG, 2), ("[[chunks=9]] [[stall=3]]", 3), ("[[first_delay_ms=30000]]", 0)]
)
def test_a_stream_left_in_the_middle(stack: Stack, text: str, deltas: int) -> None:
    with stack.simulator.stream_is_closed():
        response_id = read_some_and_leave(stack, text, deltas=deltas)

    booked = stack.booking(response_id)
    assert booked["outcome"] == "client_disconnect"
    if deltas:
        assert booked["source"] == "intercepted"
        assert booked["output_tokens"] > 0
    else:
        assert booked["source"] == "none"


@BOTH
def test_a_json_request_left_alone(stack: Stack) -> None:
    with stack.simulator.stream_is_closed(), stack.http() as http, pytest.raises(httpx2.ReadTimeout):
        http.post("/v1/responses", json={"model": MODEL, "input": _LONG}, timeout=1)

    assert stack.latest_booking()["outcome"] == "client_disconnect"


@BOTH
def test_many_clients_leave_and_the_gateway_serves_on(stack: Stack) -> None:
    with stack.simulator.stream_is_closed(30):
        left = [read_some_and_leave(stack, _LONG, deltas=1) for _ in range(30)]

    assert {stack.booking(response_id)["outcome"] for response_id in left} == {"client_disconnect"}
    assert stack.client().responses.create(model=MODEL, input="hi").output_text == "You said: hi"


def test_a_response_that_was_left_is_stored_as_cancelled(stack: Stack) -> None:
    response_id = read_some_and_leave(stack, _LONG, deltas=2)

    stack.booking(response_id)
    (stored,) = stack.query("SELECT status FROM responses_api_response WHERE id = %(id)s", id=response_id)
    assert stored["status"] == "cancelled"


def test_signs_of_life_while_the_model_is_silent(stack: Stack) -> None:
    """Parsed events, not SSE comments: clients count only those."""
    events = stack.stream("[[first_delay_ms=2700]]")

    signs = [event for event in events if event["type"] == "response.in_progress"]
    assert len(signs) >= 3
    assert types(events)[: len(signs) + 1] == ["response.created", *["response.in_progress"] * len(signs)]
    assert signs[-1]["response"]["usage"] is None
    assert events[-1]["type"] == "response.completed"
