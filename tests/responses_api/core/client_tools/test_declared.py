from typing import Any

import pytest

from responses_api.core.client_tools import ClientTool, built_in, client_tools, declared_tools
from responses_api.core.errors import InvalidRequest

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
F: dict[str, Any] = {"type": "function", "name": "f", "description": "does f", "parameters": SCHEMA}
C: dict[str, Any] = {"type": "custom", "name": "c", "description": "does c"}


def test_functions() -> None:
    tools = [F, {"type": "function", "name": "2fa", "strict": False, "description": None, "parameters": None}]
    assert client_tools(tools) == {
        "f": ClientTool("f", "function", "f", None, "does f", SCHEMA, True, "tools[0]"),
        "_2fa": ClientTool("_2fa", "function", "2fa", None, "", None, False, "tools[1]"),
    }


@pytest.mark.parametrize(
    ("members", "description"),
    [
        ({"description": "does c"}, "does c"),
        ({"description": "does c", "format": {"type": "text"}}, "does c"),
        ({"format": None}, ""),
        (
            {"description": "d", "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
            "d\n\nThe input has to match this Lark grammar:\nstart: A",
        ),
        (
            {"format": {"type": "grammar", "syntax": "regex", "definition": "^a+$"}},
            "The input has to match this regular expression:\n^a+$",
        ),
    ],
)
def test_custom_tools_take_one_text_and_are_told_their_grammar(
    members: dict[str, Any], description: str
) -> None:
    tool = client_tools([{"type": "custom", "name": "c", **members}])["c"]
    assert (tool.kind, tool.description) == ("custom", description)
    assert tool.parameters == {
        "type": "object",
        "properties": {"input": {"type": "string", "description": "The tool's input, as plain text."}},
        "required": ["input"],
    }


def test_the_tools_of_a_namespace_are_folded_and_its_description_is_told_once() -> None:
    space = {"type": "namespace", "name": "n", "description": "about n", "tools": [F, C]}
    folded = client_tools([{"type": "shell"}, space], param="input[0].tools")
    assert list(folded) == ["shell", "n.f", "n.c"]
    assert folded["n.f"] == ClientTool(
        "n.f",
        "function",
        "f",
        "n",
        "About all tools of n: about n\n\ndoes f",
        SCHEMA,
        True,
        "input[0].tools[1].tools[0]",
    )
    assert (folded["n.c"].namespace, folded["n.c"].description) == ("n", "does c")
    assert folded["n.c"].param == "input[0].tools[1].tools[1]"


def test_a_namespace_may_say_nothing_about_itself() -> None:
    assert client_tools([{"type": "namespace", "name": "n", "tools": [F]}])["n.f"].description == "does f"


@pytest.mark.parametrize(
    ("kind", "description", "parameters"),
    [
        ("local_shell", built_in.LOCAL_SHELL_DESCRIPTION, built_in.LOCAL_SHELL_PARAMETERS),
        ("shell", built_in.SHELL_DESCRIPTION, built_in.SHELL_PARAMETERS),
        ("apply_patch", built_in.APPLY_PATCH_DESCRIPTION, built_in.APPLY_PATCH_PARAMETERS),
    ],
)
def test_built_in_tools(kind: Any, description: str, parameters: Any) -> None:
    expected = ClientTool(kind, kind, kind, None, description, parameters, True, "tools[0]")
    assert client_tools([{"type": kind}]) == {kind: expected}


@pytest.mark.parametrize(
    ("members", "description", "parameters"),
    [
        ({}, built_in.TOOL_SEARCH_DESCRIPTION, built_in.TOOL_SEARCH_PARAMETERS),
        ({"description": "d", "parameters": SCHEMA}, "d", SCHEMA),
        ({"description": None, "parameters": None}, built_in.TOOL_SEARCH_DESCRIPTION, built_in.TOOL_SEARCH_PARAMETERS),
    ],
)  # fmt: skip
def test_a_tool_search_of_the_clients(members: dict[str, Any], description: str, parameters: Any) -> None:
    tool = client_tools([{"type": "tool_search", "execution": "client", **members}])["tool_search"]
    assert (tool.kind, tool.description, tool.parameters) == ("tool_search", description, parameters)


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search"},
        {"type": "code_interpreter", "container": "c"},
        {"type": "image_generation"},
        {"type": "tool_search"},
        {"type": "tool_search", "execution": "server"},
    ],
)
def test_what_the_client_does_not_run_is_none_of_its_tools(tool: dict[str, Any]) -> None:
    assert client_tools([tool]) == {}


@pytest.mark.parametrize(
    ("tools", "param", "name"),
    [
        ([F, F], "tools[1]", "f"),
        ([F, {"type": "custom", "name": "f"}], "tools[1]", "f"),
        ([{"type": "shell"}, {"type": "function", "name": "shell"}], "tools[1]", "shell"),
        ([F, {"type": "namespace", "name": "n", "tools": [F, C, C]}], "tools[1].tools[2]", "c"),
    ],
)
def test_two_tools_of_one_name(tools: list[dict[str, Any]], param: str, name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client_tools(tools)
    assert (caught.value.param, caught.value.code) == (param, "invalid_value")
    assert caught.value.message == f"Duplicate tool name '{name}': each tool has to have a name of its own."


def search_output(*tools: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_search_output", "call_id": "c", "tools": list(tools)}


def additional(*tools: dict[str, Any]) -> dict[str, Any]:
    return {"type": "additional_tools", "role": "developer", "tools": list(tools)}


MESSAGE = {"type": "message", "role": "user", "content": [], "tools": [F]}


def named(name: str, **members: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, **members}


def space(name: str, *tools: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "namespace", "name": name, "tools": list(tools), **members}


@pytest.mark.parametrize(
    ("tools", "items", "declared"),
    [
        ([F], [MESSAGE], [F]),
        ([], [additional(F, {"type": "web_search"})], [F, {"type": "web_search"}]),
        ([{"type": "web_search"}], [additional({"type": "web_search"})], [{"type": "web_search"}]),
        ([C], [MESSAGE, search_output(F), MESSAGE, search_output(named("g"))], [C, F, named("g")]),
        ([F], [search_output(named("f", description="other"))], [F]),
        (
            [],
            [search_output(named("f"), named("g")), search_output(named("f", description="newer"))],
            [named("f", description="newer"), named("g")],
        ),
        (
            [space("n", F)],
            [search_output(space("n", F, C)), search_output(space("n", named("h")))],
            [space("n", F), space("n", C, named("h"))],
        ),
        (
            [],
            [search_output(space("n", F)), search_output(space("m", F), space("n", C, description="d"))],
            [space("n", F, C, description="d"), space("m", F)],
        ),
    ],
)
def test_tools_that_items_declare(
    tools: list[dict[str, Any]], items: list[dict[str, Any]], declared: list[dict[str, Any]]
) -> None:
    assert declared_tools(tools, items) == declared
    client_tools(declared_tools(tools, items))
