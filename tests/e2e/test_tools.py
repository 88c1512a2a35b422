"""Function tools: who calls what, how often, and how it is told."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import types


def function(name: str, **properties: Any) -> Any:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "name": name, "description": f"Does {name}.", "parameters": parameters}


TOOLS = [function("get_weather", city={"type": "string"}), function("set_alarm", hour={"type": "integer"})]


def calls_of(response: Any) -> list[Any]:
    return [item for item in response.output if item.type == "function_call"]


@pytest.mark.parametrize(
    ("choice", "mode", "called"),
    [
        ("auto", "VALIDATED", []),
        ("none", "NONE", []),
        ("required", "ANY", ["get_weather"]),
        ({"type": "function", "name": "set_alarm"}, "ANY", ["set_alarm"]),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "set_alarm"}],
            },
            "ANY",
            ["set_alarm"],
        ),
    ],
)
def test_tool_choice(stack: Stack, choice: Any, mode: str, called: list[str]) -> None:
    text = f"chosen by {choice}"
    response = stack.client().responses.create(model=MODEL, input=text, tools=TOOLS, tool_choice=choice)

    assert [call.name for call in calls_of(response)] == called
    sent = stack.simulator.request_with("chosen by")["body"]
    assert sent["toolConfig"]["functionCallingConfig"]["mode"] == mode
    assert response.status == "completed"


def test_a_call_has_arguments_that_fit(stack: Stack) -> None:
    response = stack.client().responses.create(
        model=MODEL, input="Please call set_alarm.", tools=TOOLS, tool_choice="auto"
    )

    (call,) = calls_of(response)
    assert isinstance(json.loads(call.arguments)["hour"], int)
    assert call.status == "completed"
    assert call.id != call.call_id


@BOTH
@pytest.mark.parametrize("spread", ["", "[[calls_spread]]"])
def test_parallel_calls_and_their_results_in_any_order(stack: Stack, spread: str) -> None:
    client = stack.client()
    text = f"[[call=get_weather*3]] [[call=set_alarm]] {spread}"
    made = client.responses.create(model=MODEL, input=text, tools=TOOLS)

    calls = calls_of(made)
    assert [call.name for call in calls] == ["get_weather"] * 3 + ["set_alarm"]
    assert len({call.call_id for call in calls}) == len({call.id for call in calls}) == 4
    outputs: Any = [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"result {index}"}
        for index, call in reversed(list(enumerate(calls)))
    ]

    told = client.responses.create(model=MODEL, previous_response_id=made.id, input=outputs, tools=TOOLS)

    assert told.status == "completed"
    later = client.responses.create(model=MODEL, previous_response_id=told.id, input="[[echo_request]]")
    contents = json.loads(later.output_text)["contents"]
    results = [part["functionResponse"] for part in contents[2]["parts"]]
    assert [result["response"]["output"] for result in results] == [f"result {i}" for i in range(4)]


def test_the_stream_of_parallel_calls(stack: Stack) -> None:
    events = stack.stream("[[call=get_weather*2]]", tools=TOOLS)

    per_call = [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ]
    opening = ["response.created", "response.in_progress"]
    assert types(events) == [*opening, *per_call, *per_call, "response.completed"]
    done = [event for event in events if event["type"] == "response.function_call_arguments.done"]
    assert [event["name"] for event in done] == ["get_weather", "get_weather"]
    assert [event["output_index"] for event in done] == [0, 1]


def test_text_before_a_call_is_an_item_of_its_own(stack: Stack) -> None:
    response = stack.client().responses.create(
        model=MODEL, input="[[text=Let me look.]] [[call=get_weather]]", tools=TOOLS
    )

    assert [item.type for item in response.output] == ["message", "function_call"]
    assert response.output_text == "Let me look."


@pytest.mark.parametrize(
    "limit",
    [pytest.param({"max_tool_calls": 1}, id="max_tool_calls"), {"parallel_tool_calls": False}],
)
def test_calls_beyond_the_limit_are_dropped_and_the_rest_can_go_on(stack: Stack, limit: Any) -> None:
    client = stack.client()
    made = client.responses.create(model=MODEL, input="[[call=get_weather*3]]", tools=TOOLS, **limit)

    (call,) = calls_of(made)
    assert stack.booking(made.id)["response_summary"]["dropped_calls"] == ["get_weather"] * 2
    told = client.responses.create(
        model=MODEL,
        previous_response_id=made.id,
        tools=TOOLS,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "ok"}],
    )
    assert told.status == "completed"
