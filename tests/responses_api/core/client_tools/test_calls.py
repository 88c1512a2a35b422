import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.client_tools import (
    CALL_TYPES,
    ClientTool,
    call_id_of,
    call_item,
    called_function,
    client_tools,
)
from tests.responses_api.core.openapi_schemas import OPENAI_ITEM

TOOLS = client_tools(
    [
        {"type": "function", "name": "f"},
        {"type": "custom", "name": "c"},
        {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}]},
        {"type": "local_shell"},
        {"type": "shell"},
        {"type": "apply_patch"},
        {"type": "tool_search", "execution": "client"},
    ]
)  # fmt: skip
LS = ["ls", "-l"]


@pytest.mark.parametrize(
    ("name", "arguments", "members"),
    [
        ("f", '{"a":1}', {"type": "function_call", "name": "f", "arguments": '{"a":1}'}),
        ("n.f", "{}", {"type": "function_call", "name": "f", "namespace": "n", "arguments": "{}"}),
        ("unknown", '{"a":1}', {"type": "function_call", "name": "unknown", "arguments": '{"a":1}'}),
        ("c", '{"input":"x\\ny"}', {"type": "custom_tool_call", "name": "c", "input": "x\ny"}),
        ("n.c", '{"input":"x"}', {"type": "custom_tool_call", "name": "c", "namespace": "n", "input": "x"}),
        (
            "local_shell",
            '{"command":["ls","-l"],"workdir":"/srv","timeout_ms":1000.0,"env":{"A":"b","N":1}}',
            {
                "type": "local_shell_call",
                "action": {
                    "type": "exec",
                    "command": LS,
                    "env": {"A": "b", "N": "1"},
                    "timeout_ms": 1000,
                    "working_directory": "/srv",
                },
            },
        ),
        (
            "local_shell",
            '{"command":["ls","-l"]}',
            {"type": "local_shell_call", "action": {"type": "exec", "command": LS, "env": {}}},
        ),
        (
            "shell",
            '{"commands":["ls","pwd"],"timeout_ms":5,"max_output_length":9}',
            {
                "type": "shell_call",
                "action": {"commands": ["ls", "pwd"], "timeout_ms": 5, "max_output_length": 9},
                "environment": {"type": "local"},
            },
        ),
        (
            "apply_patch",
            '{"type":"update_file","path":"a.py","diff":"@@\\n-a\\n+b"}',
            {
                "type": "apply_patch_call",
                "operation": {"type": "update_file", "path": "a.py", "diff": "@@\n-a\n+b"},
            },
        ),
        (
            "apply_patch",
            '{"operation":{"type":"create_file","path":"a.py","diff":"+b"}}',
            {"type": "apply_patch_call", "operation": {"type": "create_file", "path": "a.py", "diff": "+b"}},
        ),
        (
            "apply_patch",
            '{"type":"delete_file","path":"a.py","diff":""}',
            {"type": "apply_patch_call", "operation": {"type": "delete_file", "path": "a.py"}},
        ),
        (
            "tool_search",
            '{"query":"mail","limit":3}',
            {"type": "tool_search_call", "execution": "client", "arguments": {"query": "mail", "limit": 3}},
        ),
    ],
)
def test_a_call_as_an_item(name: str, arguments: str, members: dict[str, Any]) -> None:
    assert call_item(TOOLS.get(name), name, "call_1", arguments) == {"call_id": "call_1", **members}


def shell_action(*commands: str) -> dict[str, Any]:
    return {"commands": list(commands), "timeout_ms": None, "max_output_length": None}


@pytest.mark.parametrize(
    ("name", "arguments", "member", "value"),
    [
        ("f", "no json", "arguments", "no json"),
        ("c", '{"patch":"x"}', "input", '{"patch":"x"}'),
        ("c", '{"input":1}', "input", '{"input":1}'),
        ("c", '"just text"', "input", "just text"),
        ("c", "no json", "input", "no json"),
        ("c", "\ud800", "input", "\ud800"),
        ("local_shell", '{"command":"ls | wc"}', "action", {"type": "exec", "command": ["bash", "-lc", "ls | wc"], "env": {}}),
        ("local_shell", '{"command":[1]}', "action", {"type": "exec", "command": ["bash", "-lc", '{"command":[1]}'], "env": {}}),
        ("local_shell", "ls", "action", {"type": "exec", "command": ["bash", "-lc", "ls"], "env": {}}),
        (
            "local_shell",
            '{"command":["ls","-l"],"timeout_ms":true,"workdir":1,"env":[]}',
            "action",
            {"type": "exec", "command": LS, "env": {}},
        ),
        ("shell", '{"commands":"ls"}', "action", shell_action("ls")),
        ("shell", '{"command":"ls","timeout_ms":0.5}', "action", shell_action("ls")),
        ("shell", '{"commands":[]}', "action", shell_action('{"commands":[]}')),
        ("shell", "ls", "action", shell_action("ls")),
        ("apply_patch", "*** Begin Patch", "operation", {"type": "update_file", "path": "", "diff": "*** Begin Patch"}),
        ("apply_patch", '{"type":"x","path":"a"}', "operation", {"type": "update_file", "path": "", "diff": '{"type":"x","path":"a"}'}),
        ("apply_patch", '{"type":"create_file"}', "operation", {"type": "update_file", "path": "", "diff": '{"type":"create_file"}'}),
        ("apply_patch", '{"type":"create_file","path":"a"}', "operation", {"type": "create_file", "path": "a", "diff": ""}),
        ("tool_search", "", "arguments", {}),
        ("tool_search", "[1]", "arguments", {"value": [1]}),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_shown_as_well_as_can_be(
    name: str, arguments: str, member: str, value: object
) -> None:
    assert call_item(TOOLS[name], name, "c", arguments)[member] == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["input", "command", "commands", "env", "timeout_ms", "type", "path", "diff", "operation", "query"]),
        inner,
        max_size=4,
    ),
)  # fmt: skip


@given(st.sampled_from(sorted(TOOLS)), json_values.map(json.dumps) | st.text(max_size=10))
def test_whatever_the_model_writes_is_an_item_and_a_call_again(name: str, arguments: str) -> None:
    item = call_item(TOOLS[name], name, "call_1", arguments)
    errors = [error.message for error in OPENAI_ITEM.iter_errors({**item, "id": "x", "status": "completed"})]
    assert errors == []
    again, its_arguments = called_function(item)
    assert again == name
    assert isinstance(its_arguments, dict)


@pytest.mark.parametrize(
    ("item", "name", "arguments"),
    [
        ({"type": "function_call", "name": "f", "arguments": '{"a":1}'}, "f", {"a": 1}),
        ({"type": "function_call", "name": "f", "namespace": "n", "arguments": " "}, "n.f", {}),
        ({"type": "function_call", "name": "2fa", "namespace": None, "arguments": "[1]"}, "_2fa", {"value": [1]}),
        ({"type": "function_call", "name": "f", "arguments": "no json"}, "f", {"value": "no json"}),
        ({"type": "function_call", "name": "f", "arguments": "[" * 100_000}, "f", {"value": "[" * 100_000}),
        ({"type": "custom_tool_call", "name": "c", "namespace": "n", "input": "x"}, "n.c", {"input": "x"}),
        (
            {
                "type": "local_shell_call",
                "action": {"type": "exec", "command": LS, "env": {}, "timeout_ms": None, "working_directory": "/"},
            },
            "local_shell",
            {"command": LS, "workdir": "/"},
        ),
        (
            {"type": "local_shell_call", "action": {"type": "exec", "command": LS, "env": {"A": "b"}, "timeout_ms": 5}},
            "local_shell",
            {"command": LS, "timeout_ms": 5, "env": {"A": "b"}},
        ),
        (
            {"type": "shell_call", "action": {"commands": ["ls"], "timeout_ms": 1, "max_output_length": None}},
            "shell",
            {"commands": ["ls"], "timeout_ms": 1},
        ),
        (
            {"type": "apply_patch_call", "operation": {"type": "delete_file", "path": "a"}},
            "apply_patch",
            {"type": "delete_file", "path": "a"},
        ),
        ({"type": "tool_search_call", "arguments": {"query": "q"}}, "tool_search", {"query": "q"}),
        ({"type": "tool_search_call", "arguments": '{"query":"q"}'}, "tool_search", {"query": "q"}),
        ({"type": "tool_search_call", "arguments": None}, "tool_search", {"value": None}),
    ],
)  # fmt: skip
def test_a_replayed_call(item: dict[str, Any], name: str, arguments: dict[str, Any]) -> None:
    assert item["type"] in CALL_TYPES
    assert called_function(item) == (name, arguments)


@pytest.mark.parametrize(
    ("item", "call_id"),
    [
        ({"type": "function_call", "call_id": "c", "id": "fc_1"}, "c"),
        ({"type": "function_call_output", "id": "fco_1"}, None),
        ({"type": "local_shell_call", "id": "c", "call_id": None}, "c"),
        ({"type": "local_shell_call_output", "id": "c"}, "c"),
        ({"type": "local_shell_call_output", "id": "x", "call_id": "c"}, "c"),
        ({"type": "local_shell_call_output", "id": None}, None),
        ({"type": "tool_search_call", "call_id": None, "id": "tsc_1"}, None),
    ],
)
def test_the_id_that_ties_call_and_output(item: dict[str, Any], call_id: str | None) -> None:
    assert call_id_of(item) == call_id


def test_a_tool_of_another_name_upstream_is_shown_under_the_clients() -> None:
    tool = ClientTool("_2fa", "function", "2fa")
    assert call_item(tool, "_2fa", "c", "{}")["name"] == "2fa"
