"""What broke in other gateways, one test per case: here it does not.

Each test says what the client sends and what has to come of it. The file grows at its end.
"""

from typing import Any

import pytest

from responses_api.core.client_tools import call_item
from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.models import ModelCatalogue
from responses_api.gemini.overlay import Overlay, build_overlay
from responses_api.gemini.translation import SIGNATURE_STAND_IN
from tests.responses_api.gemini.conversations import assert_valid

FLASH = ModelCatalogue().resolve("gemini-3.8-flash")
PNG = "data:image/png;base64,iVBORw0KGgo="
SHELL = {"type": "function", "name": "shell", "parameters": None, "strict": False}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def call(call_id: str, name: str = "shell") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"}


def output(call_id: str, value: Any = "ok") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": value}


def translated(
    items: list[dict[str, Any]], history: list[ConversationItem] | None = None, **body: Any
) -> Overlay:
    """The upstream request for ``items`` of a client, after a stored ``history``."""
    request = parse_create_request({"input": items, **body})
    said = [ConversationItem(item) for item in request.input]
    built = build_overlay(request, [*(history or []), *said], FLASH)
    assert_valid(built.body)
    return built


def parts_by_turn(built: Overlay) -> list[list[str]]:
    """The kinds of the parts of each turn."""
    return [
        [next(name for name in part if name != "thoughtSignature") for part in turn["parts"]]
        for turn in built.body["contents"]
    ]


def stored(*items: dict[str, Any], signature: str = "c2ln") -> list[ConversationItem]:
    """Items of an earlier response as the database gives them back."""
    facts = UpstreamFacts(signature, "up_1", "gemini-3.8-flash")
    parsed = parse_create_request({"input": list(items)}).input
    return [
        ConversationItem(item, "resp_1", facts if item["type"] == "function_call" else None)
        for item in parsed
    ]


def test_case_02_an_output_alone_brings_back_the_turn_of_its_call() -> None:
    built = translated([output("call_1", "18 degrees")], stored(user("weather?"), call("call_1")))
    asked, called, answered = built.body["contents"]
    assert asked == {"role": "user", "parts": [{"text": "weather?"}]}
    assert called["parts"] == [
        {"functionCall": {"name": "shell", "args": {}, "id": "up_1"}, "thoughtSignature": "c2ln"}
    ]
    assert answered["parts"] == [
        {"functionResponse": {"name": "shell", "id": "up_1", "response": {"output": "18 degrees"}}}
    ]


@pytest.mark.parametrize(
    "said",
    [
        [call("a"), call("b"), call("c"), output("c"), output("a"), output("b")],
        [call("a"), call("b"), output("b"), call("c"), output("a"), output("c")],
    ],
)
def test_case_08_results_of_parallel_calls_are_one_turn_in_call_order(said: list[dict[str, Any]]) -> None:
    calls = stored(user("q"), *[item for item in said if item["type"] == "function_call"])
    built = translated([item for item in said if item["type"] != "function_call"], calls)
    assert parts_by_turn(built) == [["text"], ["functionCall"] * 3, ["functionResponse"] * 3]


def test_case_08_a_missing_result_is_refused_by_us_in_plain_words() -> None:
    with pytest.raises(InvalidRequest, match="No tool output found for function call b.") as caught:
        translated([user("q"), call("a"), call("b"), output("a")])
    assert caught.value.http_status == 400


def test_case_09_equal_parallel_calls_are_told_apart_by_their_ids() -> None:
    built = translated([user("q"), call("a"), call("b"), call("c"), output("b"), output("c"), output("a")])
    called, answered = built.body["contents"][1:]
    assert [part["functionCall"]["id"] for part in called["parts"]] == ["a", "b", "c"]
    assert [part["functionResponse"]["id"] for part in answered["parts"]] == ["a", "b", "c"]


def test_case_10_a_foreign_history_gets_the_documented_stand_in_once_per_step() -> None:
    items = [user("q"), call("a"), call("b"), output("a"), output("b"), call("c"), output("c")]
    built = translated(items)
    signatures = [
        [part.get("thoughtSignature") for part in turn["parts"]]
        for turn in built.body["contents"]
        if turn["role"] == "model"
    ]
    assert signatures == [[SIGNATURE_STAND_IN, None], [SIGNATURE_STAND_IN]]


def test_case_10_signatures_of_another_model_are_not_sent() -> None:
    facts = UpstreamFacts("Zm9yZWlnbg==", "up_1", "gemini-3.1-pro-preview")
    history = [*stored(user("q")), ConversationItem(call("a"), "resp_1", facts)]
    built = translated([output("a")], history)
    assert built.body["contents"][1]["parts"][0]["thoughtSignature"] == SIGNATURE_STAND_IN


def test_case_12_an_image_in_a_tools_output_reaches_the_model() -> None:
    built = translated([user("look"), call("a"), output("a", [{"type": "input_image", "image_url": PNG}])])
    [result] = built.body["contents"][-1]["parts"]
    assert result["functionResponse"]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
    ]


def test_case_18_codex_tools_of_every_kind_are_taken_and_their_calls_replayed() -> None:
    agents = {"type": "namespace", "name": "multi_agent_v1", "description": "", "tools": [SHELL]}
    patch = {"type": "custom", "name": "apply_patch", "format": {"type": "text"}}
    search = {"type": "web_search", "external_web_access": True}
    items = [
        {"type": "additional_tools", "role": "developer", "tools": [patch]},
        user("q"),
        {**call("a"), "namespace": "multi_agent_v1"},
        output("a"),
        {"type": "custom_tool_call", "call_id": "b", "name": "apply_patch", "input": "*** Begin Patch"},
        {"type": "custom_tool_call_output", "call_id": "b", "output": "Done"},
    ]
    built = translated(items, tools=[SHELL, agents, search])
    declared = {
        entry["name"] for tool in built.body["tools"] for entry in tool.get("functionDeclarations", [])
    }
    called = [
        part["functionCall"]["name"]
        for turn in built.body["contents"]
        for part in turn["parts"]
        if "functionCall" in part
    ]
    assert len(declared) == 3
    assert set(called) <= declared
    assert {"googleSearch": {}} in built.body["tools"]
    assert built.body["toolConfig"]["includeServerSideToolInvocations"] is True


def test_case_orphan_outputs_are_refused_with_the_words_that_clients_know() -> None:
    with pytest.raises(InvalidRequest) as caught:
        translated([user("q"), output("call_x")])
    assert caught.value.message == "No tool call found for function call output with call_id call_x."


def test_case_a_text_between_a_call_and_its_output_is_no_fault() -> None:
    said = {"role": "assistant", "content": "Let me look."}
    built = translated([user("q"), call("a"), said, output("a")])
    assert parts_by_turn(built) == [["text"], ["functionCall", "text"], ["functionResponse"]]


def test_case_a_users_word_between_a_call_and_its_output_comes_after_the_result() -> None:
    built = translated([user("q"), call("a"), user("hurry"), output("a")])
    assert parts_by_turn(built) == [["text"], ["functionCall"], ["functionResponse"], ["text"], ["text"]]
    assert built.body["contents"][-1]["parts"] == [{"text": "hurry"}]


def test_case_codex_leaves_the_call_id_of_an_output_out() -> None:
    nameless = {"type": "function_call_output", "output": "second"}
    built = translated([user("q"), call("a"), call("b"), output("a", "first"), {**nameless, "call_id": None}])
    results = [part["functionResponse"] for part in built.body["contents"][-1]["parts"]]
    assert [(result["id"], result["response"]["output"]) for result in results] == [
        ("a", "first"),
        ("b", "second"),
    ]


def test_case_codex_delivers_a_message_of_another_thread_as_an_output_of_no_call() -> None:
    delivered = {"type": "function_call_output", "name": "send_message_to_thread", "output": "Do the work."}
    built = translated([user("q"), {"role": "assistant", "content": "a"}, delivered])
    assert {"text": "Do the work."} in built.body["contents"][-1]["parts"]


def test_case_reasoning_needs_no_item_after_it() -> None:
    thought: dict[str, Any] = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [],
        "content": None,
        "encrypted_content": None,
    }
    built = translated([user("q"), thought, user("r")])
    assert parts_by_turn(built) == [["text", "text"]]


def test_case_the_result_of_a_tool_that_looks_like_a_schema_is_sent_as_text() -> None:
    built = translated([user("q"), call("a"), output("a", '{"$ref": "#/x"}')])
    [result] = built.body["contents"][-1]["parts"]
    assert result["functionResponse"]["response"] == {"output": '{"$ref": "#/x"}'}


def test_case_11_keywords_that_the_model_refuses_keep_their_meaning_or_are_named() -> None:
    parameters = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "made by a generator",
        "definitions": {"mode": {"type": ["string", "null"], "enum": ["on", "off", None], "enumDescriptions": []}},
        "type": "object",
        "properties": {
            "count": {"type": "integer", "exclusiveMinimum": 0},
            "mode": {"$ref": "#/definitions/mode"},
            "key": {"type": "string", "pattern": "^k-"},
        },
        "additionalProperties": False,
    }  # fmt: skip
    built = translated([user("q")], tools=[{**SHELL, "parameters": parameters}])
    [declaration] = built.body["tools"][0]["functionDeclarations"]
    assert declaration["parametersJsonSchema"] == {
        "$defs": {"mode": {"anyOf": [{"type": "string", "enum": ["on", "off"]}, {"type": "null"}]}},
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 1},
            "mode": {"$ref": "#/$defs/mode"},
            "key": {"type": "string", "description": "Matches the regular expression ^k-"},
        },
        "additionalProperties": False,
    }
    assert "function shell, JSON Schema: pattern is told in words" in built.adaptations


def test_case_18_calls_of_every_kind_come_back_as_codex_declared_them() -> None:
    tools = [
        {"type": "namespace", "name": "multi_agent_v1", "tools": [{"type": "function", "name": "spawn_agent"}]},
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
        {"type": "tool_search", "execution": "client"},
    ]  # fmt: skip
    known = translated([user("q")], tools=tools).client_tools
    spawned = call_item(known["multi_agent_v1.spawn_agent"], "multi_agent_v1.spawn_agent", "c", "{}")
    assert (spawned["type"], spawned["name"], spawned["namespace"]) == (
        "function_call",
        "spawn_agent",
        "multi_agent_v1",
    )
    patched = call_item(known["apply_patch"], "apply_patch", "c", '{"input":"*** Begin Patch"}')
    assert (patched["type"], patched["input"]) == ("custom_tool_call", "*** Begin Patch")
    assert (
        call_item(known["tool_search"], "tool_search", "c", '{"query":"mail"}')["type"] == "tool_search_call"
    )


def test_case_encrypted_content_of_another_server_is_no_fault() -> None:
    foreign = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAABozzfyG2nT7dQ"}
    built = translated([user("q"), foreign, call("a"), output("a")])
    assert parts_by_turn(built) == [["text"], ["functionCall"], ["functionResponse"]]
    assert built.body["contents"][1]["parts"][0]["thoughtSignature"] == SIGNATURE_STAND_IN
