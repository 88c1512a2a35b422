"""What the client asks for: echoed in the response, and present in the upstream request."""

from typing import Any

import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import CANARY, MODEL, Stack


def upstream_body(stack: Stack, text: str, **parameters: Any) -> dict[str, Any]:
    """The Gemini request that arrives for ``text``."""
    stack.client().responses.create(**{"model": MODEL, "input": text, **parameters})
    body: dict[str, Any] = stack.simulator.request_with(text)["body"]
    return body


def test_instructions_become_the_system_instruction(stack: Stack) -> None:
    body = upstream_body(stack, "instructed", instructions="Be brief.")

    assert body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert body["contents"] == [{"role": "user", "parts": [{"text": "instructed"}]}]


def test_messages_of_all_roles(stack: Stack) -> None:
    conversation = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "developer", "content": "Answer in one line."},
        {"role": "user", "content": "first of the roles"},
        {"role": "assistant", "content": "Arr."},
        {"role": "user", "content": [{"type": "input_text", "text": "last of the roles"}]},
    ]

    body = upstream_body(stack, "last of the roles", input=conversation, instructions="Rule one.")

    said = [part["text"] for part in body["systemInstruction"]["parts"]]
    assert said == ["Rule one.", "You are a pirate.", "Answer in one line."]
    assert [(content["role"], content["parts"][0]["text"]) for content in body["contents"]] == [
        ("user", "first of the roles"),
        ("model", "Arr."),
        ("user", "last of the roles"),
    ]


def test_sampling_parameters_reach_the_upstream_and_are_echoed(stack: Stack) -> None:
    response = stack.client().responses.create(
        model=MODEL, input="sampled", temperature=0.3, top_p=0.8, max_output_tokens=500
    )

    config = stack.simulator.request_with("sampled")["body"]["generationConfig"]
    assert (config["temperature"], config["topP"], config["maxOutputTokens"]) == (0.3, 0.8, 500)
    assert (response.temperature, response.top_p, response.max_output_tokens) == (0.3, 0.8, 500)


def test_metadata_and_names_are_echoed_and_stay_here(stack: Stack) -> None:
    response = stack.client().responses.create(
        model=MODEL,
        input="labelled",
        metadata={"ticket": "4711"},
        user="somebody",
        safety_identifier="somebody-hashed",
        prompt_cache_key="labels",
    )

    assert response.metadata == {"ticket": "4711"}
    assert (response.user, response.safety_identifier) == ("somebody", "somebody-hashed")
    assert response.prompt_cache_key == "labels"
    assert "4711" not in str(stack.simulator.request_with("labelled"))


def test_the_model_of_the_request_is_called_and_an_alias_resolved(stack: Stack) -> None:
    response = stack.client().responses.create(model="gemini-flash-lite-latest", input="aliased")

    assert response.model == "gemini-3.5-flash-lite"
    assert "/models/gemini-3.5-flash-lite:" in stack.simulator.request_with("aliased")["path"]


@BOTH
def test_the_upstream_gets_the_credential_in_its_own_header(stack: Stack, arrangement: str) -> None:
    body = "whose credential " + arrangement
    stack.client().responses.create(model=MODEL, input=body)

    seen = stack.simulator.request_with(body)
    assert seen["auth"] == {"serve": "api_key", "split": "bearer"}[arrangement]
    assert CANARY not in seen["path"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("offered", ["my-request-1", None, "with space", "x" * 500])
def test_response_headers(stack: Stack, stream: bool, offered: str | None) -> None:
    headers = {"x-request-id": offered} if offered else {}
    with stack.http() as http:
        answer = http.post(
            "/v1/responses", json={"model": MODEL, "input": "hi", "stream": stream}, headers=headers
        )

    given = answer.headers["x-request-id"]
    assert given == "my-request-1" if offered == "my-request-1" else given.startswith("req_")
    assert answer.headers["x-zg-simulated"] == "true"
    assert answer.headers["openai-processing-ms"].isdecimal()
    if stream:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["x-accel-buffering"] == "no"
    else:
        assert answer.headers["content-type"] == "application/json"
