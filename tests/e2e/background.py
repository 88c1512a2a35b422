"""Responses in the background as the tests see them: their log, their text, their end."""

from typing import Any

import httpx2
from openai.types.responses import Response

from tests.e2e.stacks import Stack, wait_until

SLOW = "[[chunks=40]] [[delay_ms=50]]"
LONG = "[[chunks=400]] [[delay_ms=50]]"
STALLED = "[[chunks=9]] [[stall=3]]"


def ended(stack: Stack, response_id: str, within: float = 20) -> Response:
    """The response once it has ended."""
    client = stack.client()
    wait_until(
        lambda: client.responses.retrieve(response_id).status not in ("queued", "in_progress"), within=within
    )
    return client.responses.retrieve(response_id)


def log_of(stack: Stack, response_id: str, **query: Any) -> httpx2.Response:
    with stack.http() as http:
        return http.get(f"/v1/responses/{response_id}", params={"stream": "true", **query})


def wait_for_text(stack: Stack, response_id: str) -> None:
    """Until the log holds some of the answer."""
    wait_until(lambda: b"output_text.delta" in logged(stack, response_id), within=10)


def logged(stack: Stack, response_id: str) -> bytes:
    rows = stack.query(
        "SELECT data FROM responses_api_responseevents WHERE response_id = %(id)s ORDER BY first_sequence",
        id=response_id,
    )
    return b"".join(row["data"] for row in rows)


def frames(body: str) -> list[str]:
    """All frames but the last, which says that the stream is over."""
    *found, done, rest = body.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return found
