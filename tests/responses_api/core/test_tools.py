"""Declared tools and the choice among them."""

from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.tools import unsupported_tool

FUNCTION: dict[str, Any] = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def refused(**body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": "hi"} | body)
    return caught.value


@pytest.mark.parametrize(
    "tool",
    [
        FUNCTION,
        {"type": "function", "name": "n" * 128, "parameters": None, "strict": None, "description": None},
        {"type": "function", "name": "a-b_1", "defer_loading": True},
    ],
)
def test_function_tools_stay_as_they_are(tool: dict[str, Any]) -> None:
    assert parse_create_request({"input": "hi", "tools": [tool]}).tools == (tool,)
    assert unsupported_tool(tool) is None


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark"}},
        {"type": "namespace", "name": "multi_agent_v1", "description": "d", "tools": [FUNCTION]},
        {"type": "web_search", "external_web_access": True},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "mcp", "server_label": "s"},
        {"type": "nonsense"},
    ],
)
def test_a_tool_that_is_not_served_is_refused_by_its_type(tool: dict[str, Any]) -> None:
    error = refused(tools=[FUNCTION, tool])
    assert (error.param, error.code) == ("tools[1].type", "invalid_value")
    assert error.message == (
        f"Invalid value: '{tool['type']}'. Supported values are: 'function'. "
        "Tools of other types are not supported by this gateway."
    )


@pytest.mark.parametrize(
    ("tools", "param", "code"),
    [
        ({}, "tools", "invalid_type"),
        ([1], "tools[0]", "invalid_type"),
        ([{"name": "f"}], "tools[0].type", "missing_required_parameter"),
        ([{"type": 5}], "tools[0].type", "invalid_type"),
        ([{"type": "function"}], "tools[0].name", "missing_required_parameter"),
        ([{"type": "function", "function": {"name": "f"}}], "tools[0].name", "missing_required_parameter"),
        ([FUNCTION, {"type": "function", "name": "a b"}], "tools[1].name", "invalid_value"),
        ([{"type": "function", "name": "n" * 129}], "tools[0].name", "string_above_max_length"),
        ([{"type": "function", "name": "f", "parameters": []}], "tools[0].parameters", "invalid_type"),
        ([{"type": "function", "name": "f", "strict": "yes"}], "tools[0].strict", "invalid_type"),
        ([{"type": "namespace", "name": "n", "tools": []}], "tools[0].tools", "empty_array"),
        ([{"type": "namespace", "name": "n", "tools": [{}]}], "tools[0].tools[0].type", None),
        ([{"type": "namespace", "name": "n", "tools": [{"type": "custom"}]}], "tools[0].tools[0].name", None),
        ([FUNCTION] * 513, "tools", "array_above_max_length"),
    ],
)
def test_a_malformed_tool_is_named(tools: object, param: str, code: str | None) -> None:
    error = refused(tools=tools)
    assert (error.param, error.code) == (param, code or "missing_required_parameter")


@pytest.mark.parametrize(
    "choice",
    [
        "none",
        "auto",
        "required",
        {"type": "function", "name": "f"},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    ],
)
def test_a_choice_that_a_declared_tool_can_meet(choice: object) -> None:
    assert (
        parse_create_request({"input": "hi", "tools": [FUNCTION], "tool_choice": choice}).tool_choice
        == choice
    )


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "function", "name": "g"},
        {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "function", "name": "f"}, {"type": "function", "name": "g"}],
        },
    ],
)
def test_a_choice_names_declared_functions_only(choice: object) -> None:
    error = refused(tools=[FUNCTION], tool_choice=choice)
    assert (error.param, error.code) == ("tool_choice", None)
    assert error.message == "Tool choice 'function' not found in 'tools' parameter."


@pytest.mark.parametrize(
    ("choice", "param", "message"),
    [
        (
            "required",
            "tool_choice",
            "Tool choice 'required' must be specified with 'tools' parameter.",
        ),
        (
            "any",
            "tool_choice",
            "Invalid value: 'any'. Supported values are: 'none', 'auto', and 'required'.",
        ),
        (
            4,
            "tool_choice",
            "Invalid type for 'tool_choice': expected one of a string or object, but got an integer instead.",
        ),
        ({}, "tool_choice.type", "Missing required parameter: 'tool_choice.type'."),
        (
            {"type": "web_search_preview"},
            "tool_choice.type",
            "Invalid value: 'web_search_preview'. Supported values are: 'function' and 'allowed_tools'.",
        ),
        (
            {"type": "function", "function": {"name": "f"}},
            "tool_choice.name",
            "Missing required parameter: 'tool_choice.name'.",
        ),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": []},
            "tool_choice.tools",
            "Invalid 'tool_choice.tools': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
        ),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp", "server_label": "s"}]},
            "tool_choice.tools[0].type",
            "Invalid value: 'mcp'. Supported values are: 'function'.",
        ),
    ],
)
def test_a_malformed_choice_is_named(choice: object, param: str, message: str) -> None:
    error = refused(tool_choice=choice)
    assert (error.param, error.message) == (param, message)
