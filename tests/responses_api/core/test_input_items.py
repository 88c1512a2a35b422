"""The shapes of input items: their canonical form, their faults, and how they are kept."""

from typing import Any

import pytest

from responses_api.core.conversation import WireItem
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InternalError, InvalidRequest
from responses_api.core.input_items import stored_input_item
from tests.responses_api.core.openapi_schemas import OPEN_RESPONSES_ITEM, validator

PNG = "data:image/png;base64,aW1n"
OPENAI_ITEM = validator("item_resources.openai.json", "ItemResource")
FUNCTION = {"type": "function", "name": "f"}
NAMESPACE = {"type": "namespace", "name": "n", "description": "", "tools": [FUNCTION]}


def canonical(item: object) -> WireItem:
    (parsed,) = parse_create_request({"input": [item]}).input
    return parsed


def refused(item: object) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        canonical(item)
    return caught.value


def user(*parts: object) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(parts)}


@pytest.mark.parametrize("role", ["user", "system", "developer"])
def test_a_message_may_leave_out_its_type_and_its_parts(role: str) -> None:
    assert canonical({"role": role, "content": "hi"}) == {
        "type": "message",
        "role": role,
        "content": [{"type": "input_text", "text": "hi"}],
    }


def test_a_plain_string_of_the_assistant_is_output() -> None:
    item = canonical({"role": "assistant", "content": "hi", "type": None, "phase": "commentary"})
    assert item["content"] == [{"type": "output_text", "text": "hi"}]
    assert item["phase"] == "commentary"


def test_a_lone_id_is_a_reference() -> None:
    assert canonical({"id": "msg_1"}) == {"type": "item_reference", "id": "msg_1"}
    assert canonical({"id": "msg_1", "type": None}) == {"type": "item_reference", "id": "msg_1"}


LOGPROB = {"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}
CANONICAL: list[dict[str, Any]] = [
    user({"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}}),
    user({"type": "input_image", "image_url": PNG, "detail": "high"}),
    user({"type": "input_image", "image_url": "https://example.org/a.png", "detail": None}),
    user({"type": "input_image", "file_id": "file-1", "image_url": None}),
    user({"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aW1n"}),
    user({"type": "refusal", "refusal": "no"}, {"type": "output_text", "text": "a"}),
    {
        "type": "message",
        "role": "assistant",
        "id": "msg_1",
        "status": "completed",
        "content": [{"type": "output_text", "text": "a", "annotations": [], "logprobs": [LOGPROB]}],
    },
    {"type": "message", "role": "assistant", "content": [{"type": "input_text", "text": "a"}]},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "namespace": "n"},
    {"type": "function_call_output", "call_id": "c", "output": ""},
    {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image", "image_url": PNG}]},
    {"type": "reasoning", "summary": []},
    {"type": "reasoning", "id": "rs_1", "summary": [], "content": None, "encrypted_content": None},
    {"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "text", "text": "hm"}]},
    {"type": "item_reference", "id": "rs_1"},
    {"type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": "*** Begin"},
    {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
    {"type": "function_call", "id": None, "call_id": "c", "name": "f", "arguments": "", "namespace": None},
    {"type": "local_shell_call", "call_id": "c", "action": {"type": "exec", "command": ["ls"], "env": {}}},
    {"type": "local_shell_call", "id": "c", "action": {"command": [], "timeout_ms": None}, "status": None},
    {"type": "local_shell_call_output", "id": "c", "output": "a.txt"},
    {"type": "local_shell_call_output", "call_id": "c", "id": "lsho_1", "output": "a.txt"},
    {"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}},
    {
        "type": "shell_call",
        "call_id": "c",
        "action": {"commands": ["ls"], "timeout_ms": 5, "max_output_length": 9},
        "environment": {"type": "local"},
        "caller": None,
    },
    {
        "type": "shell_call_output",
        "call_id": "c",
        "output": [
            {"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}},
            {"stdout": "", "stderr": "b", "outcome": {"type": "timeout"}},
        ],
    },
    {
        "type": "apply_patch_call",
        "call_id": "c",
        "status": "completed",
        "operation": {"type": "update_file", "path": "a", "diff": "@@"},
    },
    {"type": "apply_patch_call", "call_id": "c", "operation": {"type": "delete_file", "path": "a"}},
    {"type": "apply_patch_call_output", "call_id": "c", "status": "failed", "output": "no such file"},
    {"type": "apply_patch_call_output", "call_id": "c", "status": "completed", "output": None},
    {"type": "tool_search_call", "call_id": "c", "execution": "client", "arguments": {"query": "mail"}},
    {"type": "tool_search_call", "call_id": None, "arguments": "mail"},
    {"type": "tool_search_output", "call_id": None, "execution": "server", "tools": [FUNCTION]},
    {"type": "tool_search_output", "call_id": "c", "tools": []},
    {"type": "additional_tools", "id": "at_1", "role": "developer", "tools": [FUNCTION]},
    {"type": "web_search_call", "id": "ws_1", "status": "failed", "action": {"type": "search", "query": "q"}},
    {"type": "web_search_call", "action": None},
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "container_id": "cntr_1",
        "code": "print(1)",
        "outputs": [{"type": "logs", "logs": "1"}],
        "status": "completed",
    },
    {"type": "code_interpreter_call", "code": None, "outputs": None},
    {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aW1n"},
    {"type": "image_generation_call", "result": None, "output_format": "png"},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "sealed"},
    {"type": "compaction_trigger"},
]


@pytest.mark.parametrize("item", CANONICAL)
def test_what_is_canonical_stays_as_it_is(item: dict[str, Any]) -> None:
    assert canonical(item) == item


WRONG: list[tuple[object, str, str, str]] = [
    (
        5,
        "input[0]",
        "invalid_type",
        "Invalid type for 'input[0]': expected an object, but got an integer instead.",
    ),
    (
        {"type": "mcp_call", "id": "mcp_1"},
        "input[0].type",
        "invalid_value",
        "Invalid value: 'mcp_call'. Supported values are: 'message', 'reasoning', 'item_reference', "
        "'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output', "
        "'local_shell_call', 'local_shell_call_output', 'shell_call', 'shell_call_output', "
        "'apply_patch_call', 'apply_patch_call_output', 'tool_search_call', 'tool_search_output', "
        "'additional_tools', 'web_search_call', 'code_interpreter_call', "
        "'image_generation_call', 'compaction', and 'compaction_trigger'.",
    ),
    (
        {"call_id": "c", "output": ""},
        "input[0].type",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].type'.",
    ),
    (
        {"role": "tool", "content": "a"},
        "input[0].role",
        "invalid_value",
        "Invalid value: 'tool'. Supported values are: 'user', 'assistant', 'system', and 'developer'.",
    ),
    (
        {"role": "assistant", "content": None},
        "input[0].content",
        "invalid_type",
        "Invalid type for 'input[0].content': expected one of a string or array of objects, "
        "but got null instead.",
    ),
    (
        {"role": "user", "content": "x" * 10_485_761},
        "input[0].content",
        "string_above_max_length",
        "Invalid 'input[0].content': string too long. Expected a string with maximum length 10485760, "
        "but got a string with length 10485761 instead.",
    ),
    (
        user({"type": "input_text", "text": "a"}, {"type": "text", "text": "a"}),
        "input[0].content[1].type",
        "invalid_value",
        "Invalid value: 'text'. Supported values are: "
        "'input_text', 'input_image', 'input_file', 'input_audio', 'output_text', and 'refusal'.",
    ),
    (
        user({"type": "refusal", "refusal": 3}),
        "input[0].content[0].refusal",
        "invalid_type",
        "Invalid type for 'input[0].content[0].refusal': expected a string, but got an integer instead.",
    ),
    (
        user({"type": "input_image", "detail": "low"}),
        "input[0].content[0].image_url",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].content[0].image_url'.",
    ),
    (
        {"type": "function_call", "name": "f", "arguments": "{}"},
        "input[0].call_id",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].call_id'.",
    ),
    (
        {"type": "apply_patch_call", "call_id": "c", "operation": {"type": "create_file", "path": "a"}},
        "input[0].operation.diff",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].operation.diff'.",
    ),
    (
        {
            "type": "shell_call_output",
            "call_id": "c",
            "output": [{"stdout": "", "stderr": "", "outcome": {"type": "signal"}}],
        },
        "input[0].output[0].outcome.type",
        "invalid_value",
        "Invalid value: 'signal'. Supported values are: 'exit' and 'timeout'.",
    ),
    (
        {"type": "additional_tools", "tools": [FUNCTION, {"type": "function"}]},
        "input[0].tools[1].name",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].tools[1].name'.",
    ),
    (
        {"type": "image_generation_call", "result": "?"},
        "input[0].result",
        "invalid_value",
        "Invalid 'input[0].result'. Expected base64-encoded data, but got invalid base64-encoded bytes.",
    ),
    (
        {"type": "function_call_output", "call_id": "", "output": ""},
        "input[0].call_id",
        "empty_string",
        "Invalid 'input[0].call_id': empty string. Expected a string with minimum length 1, "
        "but got an empty string instead.",
    ),
    (
        {"type": "function_call_output", "call_id": "c", "output": {}},
        "input[0].output",
        "invalid_type",
        "Invalid type for 'input[0].output': expected one of a string or array of objects, "
        "but got an object instead.",
    ),
    (
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "output_text", "text": ""}]},
        "input[0].output[0].type",
        "invalid_value",
        "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_image', and 'input_file'.",
    ),
    (
        {"type": "reasoning", "id": "rs_1"},
        "input[0].summary",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].summary'.",
    ),
]


@pytest.mark.parametrize(("item", "param", "code", "message"), WRONG)
def test_a_wrong_item_is_named(item: object, param: str, code: str, message: str) -> None:
    error = refused(item)
    assert (error.param, error.code, error.message) == (param, code, message)


def test_only_the_first_of_many_faults_is_told() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": [{"role": "user", "content": "ok"}] + [{"type": "no"}] * 10_000})
    assert caught.value.param == "input[1].type"


@pytest.mark.parametrize("kind", ["mcp_list_tools", "mcp_call", "computer_call"])
def test_items_of_what_is_not_served_are_refused(kind: str) -> None:
    assert refused({"type": kind, "id": "x", "encrypted_content": "x"}).param == "input[0].type"


STORED = [item for item in CANONICAL if item["type"] not in ("item_reference", "compaction_trigger")]
IN_OPEN_RESPONSES = {"message", "function_call", "function_call_output", "reasoning"}


@pytest.mark.parametrize("item", STORED)
def test_a_stored_item_is_a_resource_of_both_documents(item: dict[str, Any]) -> None:
    stored = stored_input_item(canonical(item), "item_1")
    assert (stored["id"], stored["type"]) == ("item_1", item["type"])
    assert stored["status"] == ("failed" if item.get("status") == "failed" else "completed")
    OPENAI_ITEM.validate(stored)
    if item["type"] in IN_OPEN_RESPONSES:
        OPEN_RESPONSES_ITEM.validate(stored)


@pytest.mark.parametrize("item", STORED)
def test_a_stored_item_is_an_item_again(item: dict[str, Any]) -> None:
    stored = stored_input_item(item, "item_1")
    again = stored_input_item(canonical(stored), "item_1")
    assert again == stored


def test_an_item_of_the_local_shell_keeps_its_call_id_when_it_gets_our_id() -> None:
    call = {"type": "local_shell_call", "id": "call_1", "action": {"command": ["ls"]}}
    output = {"type": "local_shell_call_output", "id": "call_1", "output": ""}
    stored = [stored_input_item(call, "lsh_1"), stored_input_item(output, "lsho_1")]
    assert [item["call_id"] for item in stored] == ["call_1", "call_1"]
    assert stored[0]["action"] == {"type": "exec", "command": ["ls"], "env": {}}


def test_stored_declarations_have_every_member_of_a_function() -> None:
    stored = stored_input_item({"type": "additional_tools", "tools": [FUNCTION, NAMESPACE]}, "at_1")
    assert stored["tools"] == [{**FUNCTION, "parameters": None, "strict": None}, NAMESPACE]
    OPENAI_ITEM.validate(stored)


def test_storing_takes_our_id_keeps_the_content_and_leaves_the_item_alone() -> None:
    item = user({"type": "input_text", "text": "hi"}) | {"id": "client", "status": "incomplete"}
    stored = stored_input_item(item, "msg_ours")
    assert stored == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "hi"}],
        "id": "msg_ours",
        "status": "completed",
    }
    assert (item["id"], item["status"]) == ("client", "incomplete")


def test_stored_parts_speak_the_words_of_their_role() -> None:
    said = [{"type": "input_text", "text": "a"}, {"type": "refusal", "refusal": "b"}]
    model = stored_input_item({"type": "message", "role": "assistant", "content": said}, "msg_1")
    human = stored_input_item({"type": "message", "role": "user", "content": said}, "msg_1")
    assert model["content"] == [
        {"type": "output_text", "text": "a", "annotations": [], "logprobs": []},
        {"type": "refusal", "refusal": "b"},
    ]
    assert human["content"] == [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]


def test_a_reference_is_never_stored() -> None:
    with pytest.raises(InternalError):
        stored_input_item({"type": "item_reference", "id": "msg_1"}, "msg_2")
