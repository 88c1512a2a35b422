"""Declared tools and the choice among them."""

from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.tools import SERVED_TOOL_TYPES, check_tool_choice, designates, unsupported_tool

FUNCTION: dict[str, Any] = {"type": "function", "name": "f", "parameters": {"type": "object"}}
CUSTOM: dict[str, Any] = {"type": "custom", "name": "c"}
NAMESPACE: dict[str, Any] = {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "m"}]}
SERVED = (
    "'function', 'custom', 'namespace', 'local_shell', 'shell', 'apply_patch', 'tool_search', 'web_search', "
    "'web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11', 'code_interpreter', "
    "and 'image_generation'"
)


def refused(**body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": "hi"} | body)
    return caught.value


@pytest.mark.parametrize(
    "tool",
    [
        FUNCTION,
        {"type": "function", "name": "n" * 128, "parameters": None, "strict": None, "description": None},
        {"type": "function", "name": "a-b_1", "defer_loading": True, "allowed_callers": ["direct"], "output_schema": {}},
        {"type": "function", "name": "2fa"},
        {"type": "custom", "name": "apply_patch", "description": "d", "format": {"type": "text"}},
        {"type": "custom", "name": "p", "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
        {"type": "custom", "name": "p", "format": None},
        {"type": "namespace", "name": "multi_agent_v1", "description": "d", "tools": [FUNCTION, CUSTOM]},
        {"type": "web_search", "external_web_access": True},
        {"type": "web_search_2025_08_26", "filters": {"allowed_domains": ["a.org"]}},
        {"type": "web_search_preview", "user_location": {"type": "approximate"}, "search_context_size": "low"},
        {"type": "web_search_preview_2025_03_11", "user_location": None, "filters": None},
        {"type": "code_interpreter", "container": {"type": "auto", "file_ids": []}},
        {"type": "code_interpreter", "container": "cntr_1"},
        {"type": "image_generation", "size": "1024x1024", "partial_images": 2},
        {"type": "local_shell"},
        {"type": "shell"},
        {"type": "shell", "environment": {"type": "local", "skills": []}},
        {"type": "apply_patch"},
        {"type": "tool_search"},
        {"type": "tool_search", "execution": "client", "description": "d", "parameters": {"type": "object"}},
    ],
)  # fmt: skip
def test_tools_that_are_served_stay_as_they_are(tool: dict[str, Any]) -> None:
    assert parse_create_request({"input": "hi", "tools": [tool]}).tools == (tool,)
    assert unsupported_tool(tool) is None


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("mcp", "Connect to the MCP server in the client, and declare its tools as functions."),
        (
            "file_search",
            "Search in the client and declare the search as a function, "
            "or attach the files to the input as 'input_file' parts.",
        ),
        ("computer", "Declare the actions of the computer as functions."),
        ("computer_use_preview", "Declare the actions of the computer as functions."),
        ("programmatic_tool_calling", "Declare the tools themselves: the model calls them directly."),
        ("nonsense", "Tools of other types are not supported by this gateway."),
    ],
)
def test_a_tool_that_is_not_served_is_refused_with_what_to_do_instead(kind: str, advice: str) -> None:
    error = refused(tools=[FUNCTION, {"type": kind}])
    assert (error.param, error.code) == ("tools[1].type", "invalid_value")
    assert error.message == f"Invalid value: '{kind}'. Supported values are: {SERVED}. {advice}"


@pytest.mark.parametrize(
    ("tools", "param", "code"),
    [
        ({}, "tools", "invalid_type"),
        ([1], "tools[0]", "invalid_type"),
        ([{"name": "f"}], "tools[0].type", "missing_required_parameter"),
        ([{"type": 5}], "tools[0].type", "invalid_type"),
        ([{"type": ["function"]}], "tools[0].type", "invalid_type"),
        ([{"type": "function"}], "tools[0].name", "missing_required_parameter"),
        ([{"type": "function", "function": {"name": "f"}}], "tools[0].name", "missing_required_parameter"),
        ([FUNCTION, {"type": "function", "name": "a b"}], "tools[1].name", "invalid_value"),
        ([{"type": "function", "name": "n" * 129}], "tools[0].name", "string_above_max_length"),
        ([{"type": "function", "name": "f", "parameters": []}], "tools[0].parameters", "invalid_type"),
        ([{"type": "function", "name": "f", "strict": "yes"}], "tools[0].strict", "invalid_type"),
        ([{**CUSTOM, "format": {"type": "yacc"}}], "tools[0].format.type", "invalid_value"),
        (
            [{**CUSTOM, "format": {"type": "grammar", "syntax": "lark"}}],
            "tools[0].format.definition",
            "missing_required_parameter",
        ),
        (
            [{**CUSTOM, "format": {"type": "grammar", "syntax": "bnf", "definition": ""}}],
            "tools[0].format.syntax",
            "invalid_value",
        ),
        ([{"type": "namespace", "name": "n", "tools": []}], "tools[0].tools", "empty_array"),
        ([{"type": "namespace", "name": "n", "tools": [{}]}], "tools[0].tools[0].type", "missing_required_parameter"),
        ([{"type": "namespace", "name": "n", "tools": [{"type": "shell"}]}], "tools[0].tools[0].type", "invalid_value"),
        (
            [{"type": "namespace", "name": "n", "tools": [{"type": "custom"}]}],
            "tools[0].tools[0].name",
            "missing_required_parameter",
        ),
        ([{"type": "shell", "environment": {"type": "container_auto"}}], "tools[0].environment.type", "invalid_value"),
        ([{"type": "tool_search", "execution": "nobody"}], "tools[0].execution", "invalid_value"),
        ([{"type": "web_search", "search_context_size": "vast"}], "tools[0].search_context_size", "invalid_value"),
        ([{"type": "code_interpreter"}], "tools[0].container", "missing_required_parameter"),
        ([{"type": "code_interpreter", "container": 5}], "tools[0].container", "invalid_type"),
        ([{"type": "code_interpreter", "container": {"type": "x"}}], "tools[0].container.type", "invalid_value"),
        ([FUNCTION] * 513, "tools", "array_above_max_length"),
    ],
)  # fmt: skip
def test_a_malformed_tool_is_named(tools: object, param: str, code: str) -> None:
    error = refused(tools=tools)
    assert (error.param, error.code) == (param, code)


ALL: list[dict[str, Any]] = [
    FUNCTION,
    CUSTOM,
    NAMESPACE,
    *({"type": kind} for kind in ("local_shell", "shell", "apply_patch", "tool_search", "image_generation")),
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {"type": "web_search"},
]


@pytest.mark.parametrize(
    "choice",
    [
        "none",
        "auto",
        "required",
        {"type": "function", "name": "f"},
        {"type": "function", "name": "m"},
        {"type": "function", "name": "m", "namespace": "n"},
        {"type": "function", "name": "f", "namespace": None},
        {"type": "custom", "name": "c"},
        *({"type": kind} for kind in SERVED_TOOL_TYPES if kind not in ("function", "custom", "namespace")),
        {
            "type": "allowed_tools",
            "mode": "auto",
            "tools": [
                {"type": "function", "name": "f"},
                {"type": "custom", "name": "c"},
                {"type": "namespace", "name": "n"},
                {"type": "web_search_preview"},
                {"type": "shell"},
            ],
        },
    ],
)
def test_a_choice_that_a_declared_tool_can_meet(choice: object) -> None:
    request = parse_create_request({"input": "hi", "tools": ALL, "tool_choice": choice})
    assert request.tool_choice == choice


def allowed(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"type": "allowed_tools", "mode": "required", "tools": list(entries)}


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        ({"type": "function", "name": "g"}, "function"),
        ({"type": "function", "name": "c"}, "function"),
        ({"type": "function", "name": "f", "namespace": "n"}, "function"),
        ({"type": "custom", "name": "f"}, "custom"),
        ({"type": "shell"}, "shell"),
        ({"type": "web_search"}, "web_search"),
        (allowed({"type": "function", "name": "f"}, {"type": "function", "name": "g"}), "function"),
        (allowed({"type": "namespace", "name": "o"}), "namespace"),
        (allowed({"type": "mcp", "server_label": "s"}), "mcp"),
    ],
)
def test_a_choice_names_declared_tools_only(choice: object, kind: str) -> None:
    error = refused(tools=[FUNCTION, CUSTOM, NAMESPACE], tool_choice=choice)
    assert (error.param, error.code) == ("tool_choice", None)
    assert error.message == f"Tool choice '{kind}' not found in 'tools' parameter."


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
            {"type": "mcp", "server_label": "s"},
            "tool_choice.type",
            "Invalid value: 'mcp'. Supported values are: 'function', 'custom', 'allowed_tools', 'local_shell', "
            "'shell', 'apply_patch', 'tool_search', 'web_search', 'web_search_2025_08_26', 'web_search_preview', "
            "'web_search_preview_2025_03_11', 'code_interpreter', and 'image_generation'.",
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
            allowed({"type": "namespace"}),
            "tool_choice.tools[0].name",
            "Missing required parameter: 'tool_choice.tools[0].name'.",
        ),
        (
            allowed({"name": "f"}),
            "tool_choice.tools[0].type",
            "Missing required parameter: 'tool_choice.tools[0].type'.",
        ),
    ],
)
def test_a_malformed_choice_is_named(choice: object, param: str, message: str) -> None:
    error = refused(tool_choice=choice)
    assert (error.param, error.message) == (param, message)


def test_tools_declared_elsewhere_meet_a_choice() -> None:
    check_tool_choice("required", [NAMESPACE])
    check_tool_choice({"type": "function", "name": "m"}, [NAMESPACE])


@pytest.mark.parametrize(
    ("entry", "tool", "meant"),
    [
        ({"type": "function", "name": "m"}, ("function", "m", "n"), True),
        ({"type": "function", "name": "m"}, ("function", "m"), True),
        ({"type": "function", "name": "m", "namespace": "n"}, ("function", "m"), False),
        ({"type": "custom", "name": "m"}, ("function", "m"), False),
        ({"type": "namespace", "name": "n"}, ("custom", "m", "n"), True),
        ({"type": "namespace", "name": "n"}, ("custom", "n"), False),
        ({"type": "shell"}, ("shell", "shell"), True),
        ({"type": "web_search_preview"}, ("web_search",), True),
        ({"type": "web_search_preview"}, ("code_interpreter",), False),
    ],
)
def test_which_tools_an_entry_means(entry: dict[str, Any], tool: tuple[str, ...], meant: bool) -> None:
    assert designates(entry, *tool) is meant
