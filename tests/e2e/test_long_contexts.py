"""Conversations that are too long for their model: refused, or cut from their beginning."""

from typing import Any

import openai
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import Stack

SMALL_MODEL = "gemini-3-pro-image"
"""The simulator and the catalogue know it with a window of 65,536 tokens."""
LONG = "word " * 40_000
"""50,000 tokens."""


def turns(*texts: str) -> list[Any]:
    said = []
    for text in texts:
        said += [{"role": "user", "content": text}, {"role": "assistant", "content": "ok"}]
    return said[:-1]


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_a_context_that_is_too_long_is_refused(stack: Stack, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        stack.client().responses.create(model=SMALL_MODEL, input=turns(LONG, LONG, "so?"), stream=stream)
    assert caught.value.code == "context_length_exceeded"


@BOTH
def test_with_truncation_auto_its_beginning_is_left_out(stack: Stack) -> None:
    with stack.http() as http:
        body = {
            "model": SMALL_MODEL,
            "truncation": "auto",
            "input": [
                {"role": "developer", "content": "Be nice."},
                *turns("first " + LONG, "2 " + LONG, "so?"),
            ],
        }
        answer = http.post("/v1/responses", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["truncation"] == "auto"
    assert "truncation=auto" in answer.headers["x-zg-adaptations"]
    sent = str(stack.simulator.request_with("2 word word")["body"])
    assert "first word" not in sent
    assert "Be nice." in sent
    (items,) = stack.query(
        "SELECT count(*) FROM responses_api_item WHERE response_id = %(id)s AND side = 'input'",
        id=answer.json()["id"],
    )
    assert items["count"] == 6


def test_far_from_the_limit_nothing_is_counted(stack: Stack) -> None:
    stack.client().responses.create(model=SMALL_MODEL, input="short-and-auto", truncation="auto")
    seen = [request for request in stack.simulator.requests if "short-and-auto" in str(request["body"])]
    assert len(seen) == 1
