"""JSON output, images, thoughts."""

import base64
import json
from typing import Any

import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import types

_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "celsius": {"type": "number"}},
    "required": ["city", "celsius"],
    "additionalProperties": False,
}
_PIXEL = base64.b64encode(bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(60)).decode()


def test_json_schema_output(stack: Stack) -> None:
    text: Any = {"format": {"type": "json_schema", "name": "weather", "schema": _SCHEMA, "strict": True}}
    response = stack.client().responses.create(model=MODEL, input="weather as json", text=text)

    answer = json.loads(response.output_text)
    assert answer.keys() == {"city", "celsius"}
    config = stack.simulator.request_with("weather as json")["body"]["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"]["properties"].keys() == {"city", "celsius"}
    assert response.text is not None
    assert response.text.format is not None
    assert response.text.format.type == "json_schema"


def test_json_object_output(stack: Stack) -> None:
    response = stack.client().responses.create(
        model=MODEL, input="some json", text={"format": {"type": "json_object"}}
    )

    assert isinstance(json.loads(response.output_text), dict)


def test_an_image_reaches_the_upstream_inline(stack: Stack) -> None:
    image: Any = {"type": "input_image", "image_url": f"data:image/png;base64,{_PIXEL}", "detail": "high"}
    content = [{"type": "input_text", "text": "what is in the picture"}, image]
    response = stack.client().responses.create(model=MODEL, input=[{"role": "user", "content": content}])

    parts = stack.simulator.request_with("what is in the picture")["body"]["contents"][0]["parts"]
    assert parts[1]["inlineData"] == {"mimeType": "image/png", "data": _PIXEL}
    assert "I see image/png (76 bytes)." in response.output_text


@BOTH
def test_a_large_image_reaches_the_upstream_and_is_not_left_behind(stack: Stack) -> None:
    """Larger than a channel layer's message: between processes it goes by way of the database."""
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4000).decode()
    image: Any = {"type": "input_image", "image_url": f"data:image/png;base64,{data}"}
    content = [{"type": "input_text", "text": "a large picture"}, image]
    response = stack.client().responses.create(
        model=MODEL, input=[{"role": "user", "content": content}], store=False
    )

    assert f"I see image/png ({8 + 256 * 4000} bytes)." in response.output_text
    assert stack.query("SELECT count(*) FROM responses_api_largeoverlay") == [{"count": 0}]


def test_an_image_as_a_function_result(stack: Stack) -> None:
    client = stack.client()
    tool: Any = {"type": "function", "name": "view_image", "parameters": None, "strict": False}
    made = client.responses.create(model=MODEL, input="look", tools=[tool], tool_choice="required")
    call: Any = made.output[0]
    image: Any = {"type": "input_image", "image_url": f"data:image/png;base64,{_PIXEL}"}
    told = client.responses.create(
        model=MODEL,
        previous_response_id=made.id,
        tools=[tool],
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": [image]}],
    )

    assert told.status == "completed"
    assert _PIXEL in str(stack.simulator.requests[-1]["body"]["contents"][-1])


@BOTH
def test_thoughts_come_as_a_reasoning_item(stack: Stack) -> None:
    events = stack.stream("[[thoughts=2]]", reasoning={"effort": "high", "summary": "auto"})

    assert types(events)[2:10] == [
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
    ]
    final = events[-1]["response"]
    assert [item["type"] for item in final["output"]] == ["reasoning", "message"]
    assert "Step 2" in final["output"][0]["summary"][0]["text"]
    assert final["usage"]["output_tokens_details"]["reasoning_tokens"] > 0
    assert final["reasoning"] == {"effort": "high", "summary": "auto"}


def test_thoughts_are_not_shown_unless_asked_for(stack: Stack) -> None:
    response = stack.client().responses.create(model=MODEL, input="[[thoughts=2]] quiet")

    assert [item.type for item in response.output] == ["message"]
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens > 0


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh"])
def test_every_effort_is_one_the_model_accepts(stack: Stack, effort: Any) -> None:
    response = stack.client().responses.create(model=MODEL, input="think", reasoning={"effort": effort})

    assert response.status == "completed"


def test_cached_and_tool_tokens_are_counted_once(stack: Stack) -> None:
    response = stack.client().responses.create(model=MODEL, input="[[cached=40]] [[tool_prompt=7]] count")

    usage = response.usage
    assert usage is not None
    assert usage.input_tokens_details.cached_tokens == 40
    assert usage.input_tokens == 47
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
