"""What the items of the client's own tools may leave out, and what they may not."""

from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest

COMMAND = {"stdout": "", "stderr": "", "outcome": {"type": "exit", "exit_code": 1}}
FULL: list[dict[str, Any]] = [
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "output": ""},
    {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": ""},
    {"type": "custom_tool_call_output", "output": ""},
    {"type": "local_shell_call", "action": {"command": []}},
    {"type": "local_shell_call_output", "output": ""},
    {"type": "shell_call", "call_id": "c", "action": {"commands": []}},
    {"type": "shell_call_output", "call_id": "c", "output": [COMMAND]},
    {"type": "apply_patch_call", "call_id": "c", "operation": {"type": "delete_file", "path": "a"}},
    {"type": "apply_patch_call_output", "call_id": "c", "status": "completed"},
    {"type": "tool_search_call", "arguments": {}},
    {"type": "tool_search_output", "tools": []},
]
"""Every kind with nothing but what is needed."""


def parsed(item: dict[str, Any]) -> Any:
    return parse_create_request({"input": [item]}).input


@pytest.mark.parametrize("item", FULL, ids=lambda item: item["type"])
def test_each_kind_is_taken_bare_with_nulls_and_with_members_of_a_later_day(item: dict[str, Any]) -> None:
    rich = {**item, "id": None, "brand_new": {"a": [None]}, "caller": {"type": "direct"}}
    assert parsed(item) == (item,)
    assert parsed(rich) == (rich,)


@pytest.mark.parametrize(
    ("item", "member"),
    [(item, member) for item in FULL for member in item if member != "type"],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_what_is_needed_is_missed_by_its_name(item: dict[str, Any], member: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parsed({name: value for name, value in item.items() if name != member})
    assert (caught.value.param, caught.value.code) == (f"input[0].{member}", "missing_required_parameter")


@pytest.mark.parametrize("kind", ["create_file", "update_file"])
@pytest.mark.parametrize("operation", [{}, {"diff": None}])
def test_a_patch_that_writes_has_a_diff(kind: str, operation: dict[str, Any]) -> None:
    item = {"type": "apply_patch_call", "call_id": "c", "operation": {"type": kind, "path": "a", **operation}}
    with pytest.raises(InvalidRequest) as caught:
        parsed(item)
    assert caught.value.param == "input[0].operation.diff"
