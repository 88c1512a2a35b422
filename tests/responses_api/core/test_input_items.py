"""The shapes of input items: their canonical form, their faults, and how they are kept."""

from typing import Any

import pytest

from responses_api.core.conversation import WireItem
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InternalError, InvalidRequest
from responses_api.core.input_items import stored_input_item
from tests.responses_api.core.openapi_schemas import OPEN_RESPONSES_ITEM, OPENAI_ITEM

PNG = "data:image/png;base64,aW1n"


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
        {"type": "web_search_call", "id": "ws_1"},
        "input[0].type",
        "invalid_value",
        "Invalid value: 'web_search_call'. Supported values are: 'message', 'function_call', "
        "'function_call_output', 'reasoning', 'item_reference', 'custom_tool_call', "
        "and 'custom_tool_call_output'.",
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
        "'input_text', 'input_image', 'input_file', 'output_text', and 'refusal'.",
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
        {"type": "function_call_output", "output": ""},
        "input[0].call_id",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].call_id'.",
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


STORED = [item for item in CANONICAL if item["type"] != "item_reference"]


@pytest.mark.parametrize("item", STORED)
def test_a_stored_item_is_a_resource_of_both_documents(item: dict[str, Any]) -> None:
    stored = stored_input_item(item, "item_1")
    assert (stored["id"], stored["status"], stored["type"]) == ("item_1", "completed", item["type"])
    OPENAI_ITEM.validate(stored)
    if not item["type"].startswith("custom_"):  # Open Responses has no custom tools
        OPEN_RESPONSES_ITEM.validate(stored)


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
