"""The response object against both API documents and the official SDK."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from openai.types.responses import Response

from responses_api.core.create_request import parse_create_request
from responses_api.core.generation_events import UsageReported
from responses_api.core.response_object import ResponseObject, new_response
from responses_api.core.token_usage import usage_object
from tests.responses_api.core.openapi_schemas import OPEN_RESPONSES_RESPONSE, OPENAI_RESPONSE

OUTPUT: list[Mapping[str, Any]] = [
    {
        "type": "reasoning",
        "id": "rs_1",
        "status": "completed",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "c2ln",
    },
    {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Hi.", "annotations": [], "logprobs": []}],
    },
    {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "f",
        "arguments": "{}",
        "status": "completed",
    },
]


def fresh(**body: Any) -> ResponseObject:
    request = parse_create_request({"input": "hi"} | body)
    return new_response(request, response_id="resp_1", model="gemini-3.8-flash", created_at=1_795_000_000)


def completed(response: ResponseObject) -> ResponseObject:
    usage = UsageReported(input_tokens=10, cached_tokens=4, output_tokens=6, reasoning_tokens=2)
    return {
        **response,
        "status": "completed",
        "completed_at": 1_795_000_002,
        "output": OUTPUT,
        "usage": usage_object(usage),
    }


FUNCTION = {"type": "function", "name": "f"}
REQUESTS: list[dict[str, Any]] = [
    {},
    {
        "tools": [FUNCTION],
        "tool_choice": {"type": "function", "name": "f"},
        "reasoning": {"effort": "high", "summary": "auto", "context": "auto"},
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "metadata": {"a": "b"},
        "temperature": 0,
        "user": "u",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "max_output_tokens": 100,
        "max_tool_calls": 2,
        "instructions": "Be brief.",
        "previous_response_id": "resp_0",
        "service_tier": "flex",
        "stream": True,
        "client_metadata": {"x": 1},
        "timeout": 5,
    },
    {
        "tools": [{**FUNCTION, "strict": False, "parameters": {"type": "object"}, "description": "d"}],
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [FUNCTION]},
    },
    {
        "conversation": "conv_1",
        "prompt": {
            "id": "pmpt_1",
            "version": "2",
            "variables": {
                "city": "Rome",
                "photo": {
                    "type": "input_image",
                    "image_url": "https://example.org/a.png",
                    "file_id": None,
                    "detail": "low",
                },
            },
        },
    },
]


def without_usage(response: ResponseObject) -> dict[str, Any]:
    """OpenAI's API sends ``usage: null`` before the end, Open Responses demands it, and
    OpenAI's document alone has no word for it."""
    return {name: value for name, value in response.items() if name != "usage"}


@pytest.mark.parametrize("body", REQUESTS)
def test_a_fresh_response_satisfies_both_documents(body: dict[str, Any]) -> None:
    OPENAI_RESPONSE.validate(without_usage(fresh(**body)))
    OPEN_RESPONSES_RESPONSE.validate(fresh(**body))


@pytest.mark.parametrize("body", REQUESTS)
def test_a_completed_response_satisfies_both_documents(body: dict[str, Any]) -> None:
    OPENAI_RESPONSE.validate(completed(fresh(**body)))
    OPEN_RESPONSES_RESPONSE.validate(completed(fresh(**body)))


def test_the_documents_are_really_asked() -> None:
    broken = {name: value for name, value in completed(fresh()).items() if name != "tools"}
    assert not OPENAI_RESPONSE.is_valid(broken)
    assert not OPEN_RESPONSES_RESPONSE.is_valid(broken)
    assert not OPENAI_RESPONSE.is_valid({**completed(fresh()), "output": [{"type": "message"}]})


@pytest.mark.parametrize("body", REQUESTS)
def test_the_sdk_reads_it(body: dict[str, Any]) -> None:
    wire = msgspec.json.encode(completed(fresh(**body)))
    response = Response.model_validate_json(wire)
    assert response.output_text == "Hi."
    assert response.usage and response.usage.total_tokens == 16
    assert [item.type for item in response.output] == ["reasoning", "message", "function_call"]


def test_a_fresh_response_says_what_is_in_effect() -> None:
    assert fresh() == {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_795_000_000,
        "completed_at": None,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": "gemini-3.8-flash",
        "output": [],
        "usage": None,
        "previous_response_id": None,
        "instructions": None,
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "max_tool_calls": None,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "reasoning": {"effort": None, "summary": None},
        "temperature": 1.0,
        "top_p": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "top_logprobs": 0,
        "max_output_tokens": None,
        "truncation": "disabled",
        "store": True,
        "background": False,
        "service_tier": "default",
        "metadata": {},
        "safety_identifier": None,
        "prompt_cache_key": None,
    }


def test_parameters_are_echoed() -> None:
    response = fresh(**REQUESTS[1])
    echoed = REQUESTS[1].keys() - {"tools", "text", "stream", "client_metadata", "timeout"}
    for name in echoed:
        assert response[name] == REQUESTS[1][name], name  # type: ignore[literal-required]
    assert response["tools"] == [{**FUNCTION, "description": None, "parameters": None, "strict": True}]
    assert response["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}


def test_a_conversation_and_a_prompt_are_echoed() -> None:
    response = fresh(**REQUESTS[3])
    assert response["conversation"] == {"id": "conv_1"}
    assert response["prompt"] == REQUESTS[3]["prompt"]


def test_other_tools_are_echoed_as_they_were_declared() -> None:
    tools: list[dict[str, Any]] = [
        {"type": "web_search"},
        {"type": "custom", "name": "c"},
        {"type": "namespace", "name": "n", "description": "d", "tools": [FUNCTION]},
    ]
    response = fresh(tools=tools)
    assert response["tools"] == tools
    OPENAI_RESPONSE.validate(completed(response))


def test_a_schema_format_is_echoed_whole() -> None:
    wanted = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "description": "d"}
    response = fresh(text={"format": wanted})
    assert response["text"]["format"] == {**wanted, "strict": False}
    OPENAI_RESPONSE.validate(completed(response))


def test_the_old_spelling_of_the_cache_retention_is_echoed_in_the_new_one() -> None:
    assert fresh(prompt_cache_retention="in-memory").get("prompt_cache_retention") == "in_memory"


def test_two_responses_share_no_output() -> None:
    request = parse_create_request({"input": "hi"})
    one, two = (new_response(request, response_id="r", model="m", created_at=0) for _ in range(2))
    one["output"].append(OUTPUT[0])
    assert two["output"] == []
