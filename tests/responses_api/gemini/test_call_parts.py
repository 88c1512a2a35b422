from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.call_parts import call_part, result_parts
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.translation import SIGNATURE_STAND_IN
from responses_api.gemini.turns import AnsweredCall
from tests.responses_api.gemini.conversations import (
    FLASH,
    GEMMA,
    PNG,
    PRO_25,
    call,
    image,
    output,
    translation,
)


def part(item: ConversationItem, model: ModelProfile = FLASH, *, first: bool = True) -> dict[str, Any]:
    return call_part(item, translation(model), first_of_step=first)


def results(value: str | list[dict[str, Any]], model: ModelProfile = FLASH) -> list[dict[str, Any]]:
    return result_parts(
        AnsweredCall(call("c", "f", upstream_id="up"), output("c", value)), translation(model)
    )


def test_a_signed_call_goes_back_as_it_came() -> None:
    signed = call("call_1", "f", '{"a": 1}', signature="sig", upstream_id="up")
    assert part(signed) == {
        "functionCall": {"name": "f", "args": {"a": 1}, "id": "up"},
        "thoughtSignature": "sig",
    }


def test_without_an_upstream_id_ours_serves() -> None:
    assert part(call("call_1"))["functionCall"]["id"] == "call_1"


@pytest.mark.parametrize("model", [PRO_25, GEMMA])
def test_older_models_get_neither_ids_nor_stand_ins(model: ModelProfile) -> None:
    assert part(call("call_1", upstream_id="up"), model) == {"functionCall": {"name": "f", "args": {"a": 1}}}


@pytest.mark.parametrize(
    "unsigned",
    [
        call("c"),
        call("c", signature="sig", model="gemini-3.1-pro-preview"),
        call("c", signature="sig", model="gpt-5"),
    ],
)
def test_the_first_call_without_a_valid_signature_gets_the_stand_in(unsigned: ConversationItem) -> None:
    how = translation()
    assert call_part(unsigned, how, first_of_step=True)["thoughtSignature"] == SIGNATURE_STAND_IN
    assert len(how.notes.as_tuple()) == 1
    assert "thoughtSignature" not in call_part(unsigned, how, first_of_step=False)


def test_where_signatures_are_not_checked_there_is_no_stand_in() -> None:
    how = translation(signatures=False, stand_ins=False)
    assert "thoughtSignature" not in call_part(call("c", signature="s"), how, first_of_step=True)
    assert how.notes.as_tuple() == ()


def test_a_later_call_keeps_a_signature_of_its_own() -> None:
    assert part(call("c", signature="sig"), first=False)["thoughtSignature"] == "sig"


def test_an_older_model_gets_its_own_signatures_back() -> None:
    assert part(call("c", signature="sig", model="gemini-2.5-pro"), PRO_25)["thoughtSignature"] == "sig"


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ("{}", {}),
        ("", {}),
        (" \n", {}),
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ("[1]", {"value": [1]}),
        ("null", {"value": None}),
        ('"x"', {"value": "x"}),
        ("{broken", {"value": "{broken"}),
        ("[" * 100_000, {"value": "[" * 100_000}),
    ],
)
def test_arguments_are_always_an_object(arguments: str, args: dict[str, Any]) -> None:
    assert part(call("c", arguments=arguments))["functionCall"]["args"] == args


def test_a_custom_tools_call_is_a_call_with_one_text() -> None:
    wire = {"type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": "*** Begin"}
    function_call = part(ConversationItem(wire))["functionCall"]
    assert (function_call["name"], function_call["args"]) == ("apply_patch", {"input": "*** Begin"})


@pytest.mark.parametrize("text", ["", "plain", '{"$ref": "x"}'])
def test_a_text_result_is_never_spliced_in_as_structure(text: str) -> None:
    assert results(text) == [{"functionResponse": {"name": "f", "id": "up", "response": {"output": text}}}]
    assert results(text, PRO_25) == [{"functionResponse": {"name": "f", "response": {"output": text}}}]


def test_a_result_of_parts_keeps_its_images() -> None:
    value = [{"type": "input_text", "text": "a"}, image(), {"type": "input_text", "text": "b"}]
    media = {"inlineData": {"mimeType": "image/png", "data": PNG}}
    assert results(value) == [
        {"functionResponse": {"name": "f", "id": "up", "response": {"output": "a\nb"}, "parts": [media]}}
    ]
    assert results(value, PRO_25) == [
        {"functionResponse": {"name": "f", "response": {"output": "a\nb"}}},
        {"text": "Attached to the result of f:"},
        media,
    ]


def test_a_text_file_in_a_result_is_plain_text() -> None:
    value = [{"type": "input_file", "file_data": "data:text/csv;base64,aGk="}]
    [result] = results(value)
    assert result["functionResponse"]["parts"] == [{"inlineData": {"mimeType": "text/plain", "data": "aGk="}}]


def test_a_recording_cannot_stand_in_a_result() -> None:
    value = [{"type": "input_file", "file_data": "data:audio/wav;base64,aGk="}]
    with pytest.raises(InvalidRequest, match="audio/wav"):
        results(value)
    assert results(value, PRO_25)[2] == {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}}


CALLS_AND_OUTPUTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"type": "function_call", "name": "spawn", "namespace": "agents", "arguments": "{}"},
        {"type": "function_call_output", "output": "ok"},
        "ok",
    ),
    (
        {"type": "custom_tool_call", "name": "grep", "input": "x"},
        {"type": "custom_tool_call_output", "output": [{"type": "input_text", "text": "ok"}]},
        "ok",
    ),
    (
        {"type": "local_shell_call", "action": {"type": "exec", "command": ["ls"], "env": {}}},
        {"type": "local_shell_call_output", "output": "ok"},
        "ok",
    ),
    (
        {"type": "shell_call", "action": {"commands": ["ls"]}},
        {
            "type": "shell_call_output",
            "output": [{"stdout": "ok", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
        },
        "ok",
    ),
    (
        {"type": "apply_patch_call", "operation": {"type": "delete_file", "path": "a"}},
        {"type": "apply_patch_call_output", "status": "failed", "output": "no file"},
        "no file",
    ),
    (
        {"type": "tool_search_call", "arguments": {"query": "x"}},
        {"type": "tool_search_output", "tools": [{"type": "function", "name": "found"}]},
        "found",
    ),
]


@pytest.mark.parametrize(("wire", "answer", "said"), CALLS_AND_OUTPUTS, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("model", [FLASH, PRO_25])
def test_every_kind_of_call_goes_back_under_one_name_with_its_output(
    wire: dict[str, Any], answer: dict[str, Any], said: str, model: ModelProfile
) -> None:
    item = ConversationItem({**wire, "call_id": "c"})
    called = part(item, model)["functionCall"]
    [result] = result_parts(
        AnsweredCall(item, ConversationItem({**answer, "call_id": "c"})), translation(model)
    )
    response = result["functionResponse"]
    assert isinstance(called["args"], dict)
    assert (called["name"], called.get("id")) == (response["name"], response.get("id"))
    assert called.get("id") == ("c" if model.is_modern else None)
    assert said in response["response"]["output"]
