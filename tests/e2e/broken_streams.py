"""A stream that cannot go on, because a part that it needs ends in the middle of it."""

from collections.abc import Callable

from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import parse, text_of


def fails_once(gateway: Stack, break_it: Callable[[], object]) -> None:
    """Stream, call ``break_it`` with the first text; the client is told of the end, and it is booked."""
    body = {"model": MODEL, "input": "[[chunks=9]] [[stall=3]]", "stream": True}
    told, broken = "", False
    with gateway.http() as http, http.stream("POST", "/v1/responses", json=body) as answer:
        for piece in answer.iter_text():
            told += piece
            if not broken and "output_text.delta" in told:
                broken = True
                break_it()

    events = parse(told)
    assert text_of(events)
    assert [event["type"] for event in events[-2:]] == ["error", "response.failed"]
    assert gateway.latest_booking()["outcome"] == "upstream_error"
