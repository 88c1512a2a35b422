"""Exactly one trace and one usage row for every exchange, however it ended."""

import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack, wait_until

OUTCOMES = [
    ("hello", {}, "completed"),
    ("[[call=get_weather]]", {"tools": [{"type": "function", "name": "get_weather"}]}, "tool_call"),
    ("[[finish=SAFETY]]", {}, "incomplete"),
    ("[[chunks=60]]", {"max_output_tokens": 30}, "incomplete"),
    ("[[finish=OTHER]]", {}, "upstream_error"),
    ("[[status=503]]", {}, "upstream_error"),
    ("[[status=401]]", {}, "upstream_error"),
    ("[[cut=1]]", {}, "upstream_error"),
    ("[[block=SAFETY]]", {}, "upstream_error"),
    ("[[chunks=6]] [[stall=3]]", {"timeout": 0.4}, "timeout"),
]


def open_traces(stack: Stack) -> int:
    """Exchanges in flight, and those of a gateway that was killed."""
    (row,) = stack.query("SELECT count(*) AS open FROM responses_api_trace WHERE outcome = 'in_progress'")
    count: int = row["open"]
    return count


def unbooked_traces(stack: Stack) -> int:
    """Ended exchanges without a usage row."""
    (row,) = stack.query(
        "SELECT count(*) AS missing FROM responses_api_trace t"
        " LEFT JOIN responses_api_usage u ON u.trace_id = t.id"
        " WHERE u.trace_id IS NULL AND t.outcome <> 'in_progress'"
    )
    count: int = row["missing"]
    return count


def all_traces(stack: Stack) -> int:
    (row,) = stack.query("SELECT count(*) AS number FROM responses_api_trace")
    count: int = row["number"]
    return count


@BOTH
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("text", "parameters", "outcome"), OUTCOMES)
def test_every_outcome_is_booked_once(
    stack: Stack, text: str, parameters: dict[str, object], outcome: str, stream: bool
) -> None:
    before = all_traces(stack)
    with stack.http() as http:
        http.post("/v1/responses", json={"model": MODEL, "input": text, "stream": stream, **parameters})

    assert stack.latest_booking()["outcome"] == outcome
    assert all_traces(stack) == before + 1
    assert unbooked_traces(stack) == 0


@BOTH
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("together", [1, 50])
def test_a_client_may_leave_at_any_moment(stack: Stack, stream: bool, together: int) -> None:
    """From before the trace is opened until after the last event; alone, and in a queue for the database."""
    before, in_flight = all_traces(stack), open_traces(stack)
    for batch in range(100 // together):
        connections = [send_request(stack, stream=stream) for _ in range(together)]
        time.sleep(batch % 40 / 1000)
        for connection in connections:
            connection.close()
            time.sleep(0.001 if together == 1 else 0.01)

    assert stack.client().responses.create(model=MODEL, input="hi").output_text == "You said: hi"
    wait_until(lambda: open_traces(stack) <= in_flight, within=10)
    assert unbooked_traces(stack) == 0
    assert all_traces(stack) > before + 1


def send_request(stack: Stack, *, stream: bool) -> socket.socket:
    """A connection on which a whole request has been sent, and nothing read."""
    address = urlsplit(stack.base_url)
    body = f'{{"model": "{MODEL}", "input": "[[chunks=4]] [[delay_ms=3]]", "stream": {str(stream).lower()}}}'
    head = (
        f"POST /v1/responses HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {stack.api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((address.hostname, address.port))
    connection.sendall((head + body).encode())
    return connection
