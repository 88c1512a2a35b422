"""Calls of the client's tools: each kind in its own shape, with the events that this shape has."""

from typing import Any

import pytest

from responses_api.core.client_tools import ClientTool
from responses_api.core.generation_events import ToolCall
from responses_api.core.open_items import OpenClientCall, id_prefix
from tests.responses_api.core.response_streams import TOOLS


def call(tool: ClientTool | None, arguments: str) -> OpenClientCall:
    return OpenClientCall("x_1", 2, tool, "call_1", ToolCall("up_name", arguments))


def told(item: OpenClientCall) -> list[tuple[str, dict[str, Any]]]:
    """The events inside the item, without its place."""
    place = {"item_id": "x_1", "output_index": 2}
    between = [*item.opening()[1:], *item.closing("completed")[:-1]]
    assert all(place.items() <= fields.items() for _, fields in between)
    return [
        (name, {key: value for key, value in fields.items() if key not in place}) for name, fields in between
    ]


def test_a_function() -> None:
    item = call(TOOLS["ns__f"], '{"a":1}')
    assert item.wire("completed") == {
        "type": "function_call",
        "id": "x_1",
        "status": "completed",
        "call_id": "call_1",
        "name": "f",
        "namespace": "ns",
        "arguments": '{"a":1}',
    }
    assert item.opening()[0][1]["item"]["arguments"] == ""
    assert told(item) == [
        ("response.function_call_arguments.delta", {"delta": '{"a":1}'}),
        ("response.function_call_arguments.done", {"name": "f", "arguments": '{"a":1}'}),
    ]


def test_a_function_that_nobody_declared_has_the_models_name() -> None:
    item = call(None, "{}")
    assert (item.wire("completed")["type"], item.wire("completed")["name"]) == ("function_call", "up_name")


@pytest.mark.parametrize("arguments", ['{"input":"*** Begin"}', "not JSON"])
def test_a_custom_tool(arguments: str) -> None:
    item = call(TOOLS["g"], arguments)
    wire = item.wire("completed")
    assert (wire["type"], wire["name"], wire["status"]) == ("custom_tool_call", "g", "completed")
    assert item.opening()[0][1]["item"]["input"] == ""
    assert told(item) == [
        ("response.custom_tool_call_input.delta", {"delta": wire["input"]}),
        ("response.custom_tool_call_input.done", {"input": wire["input"]}),
    ]


@pytest.mark.parametrize("name", ["local_shell", "shell", "apply_patch", "tool_search"])
@pytest.mark.parametrize("arguments", ['{"command":["ls"]}', "{}", "not JSON"])
def test_the_other_kinds_come_whole(name: str, arguments: str) -> None:
    item = call(TOOLS[name], arguments)
    assert item.wire("completed")["type"] == f"{name}_call"
    assert item.opening()[0][1]["item"] == item.wire("in_progress")
    assert told(item) == []


def test_every_kind_has_its_ids() -> None:
    assert [id_prefix(tool) for tool in (None, *TOOLS.values())] == [
        "fc",
        "ctc",
        "fc",
        "lsh",
        "sh",
        "apc",
        "tsc",
    ]
