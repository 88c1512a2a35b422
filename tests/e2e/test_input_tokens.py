"""``POST /v1/responses/input_tokens``: the upstream's own count of what would be sent."""

from typing import Any

import openai
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}


@BOTH
def test_the_count_is_that_of_a_real_call(stack: Stack) -> None:
    client = stack.client()
    whole: Any = {"model": MODEL, "input": "Tell me a joke.", "instructions": "Be nice.", "tools": [WEATHER]}
    counted = client.responses.input_tokens.count(**whole)
    used = client.responses.create(**whole).usage

    assert counted.object == "response.input_tokens"
    assert used is not None
    assert counted.input_tokens == used.input_tokens


def test_history_counts(stack: Stack) -> None:
    client = stack.client()
    count = client.responses.input_tokens.count
    first = client.responses.create(model=MODEL, input="word " * 400)
    assert count(model=MODEL, previous_response_id=first.id).input_tokens >= 500
    conversation = client.conversations.create(
        items=[{"type": "message", "role": "user", "content": "word " * 400}]
    )
    assert count(model=MODEL, conversation=conversation.id, input="and?").input_tokens >= 500
    assert count(model=MODEL, input="and?").input_tokens < 10


def test_counting_is_neither_generated_nor_booked(stack: Stack) -> None:
    before = stack.query("SELECT count(*) FROM responses_api_trace")
    stack.client().responses.input_tokens.count(model=MODEL, input="count-me-only", personality="friendly")
    assert stack.query("SELECT count(*) FROM responses_api_trace") == before
    assert stack.simulator.request_with("count-me-only")["path"].endswith(":countTokens")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x", "model": "gpt-unknown"}, "model"),
        ({"input": [{"type": "nonsense"}]}, "input[0].type"),
        ({"input": "x", "previous_response_id": "resp_unknown"}, "previous_response_id"),
        ({"model": MODEL}, "input"),
        ({"input": "x", "nonsense": 1}, "nonsense"),
    ],
)
def test_what_could_not_be_generated_cannot_be_counted(stack: Stack, body: Any, param: str) -> None:
    with stack.http() as http:
        answer = http.post("/v1/responses/input_tokens", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_it_wants_a_key_and_a_post(stack: Stack) -> None:
    with pytest.raises(openai.AuthenticationError):
        stack.client(api_key="wrong").responses.input_tokens.count(model=MODEL, input="x")
    with stack.http() as http:
        assert http.get("/v1/responses/input_tokens").status_code == 405
