"""What a request says once it is parsed."""

from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.text_format import JsonObjectFormat
from tests.responses_api.core.create_requests import parsed, refused


def test_the_smallest_request_has_the_defaults_of_the_api() -> None:
    request = parse_create_request({"input": "hello"})
    assert request.input == (
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]},
    )
    assert request.model is None
    assert request.temperature is None
    assert (request.stream, request.store, request.background) == (False, True, False)
    assert (request.tools, request.tool_choice, request.parallel_tool_calls) == ((), "auto", True)
    assert (request.truncation, request.service_tier, request.metadata) == ("disabled", "auto", {})


EVERYTHING: dict[str, Any] = {
    "model": "gemini-3.8-flash",
    "input": [{"role": "user", "content": "hello"}],
    "instructions": "Be brief.",
    "previous_response_id": "resp_1",
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "max_tool_calls": 3,
    "text": {"format": {"type": "json_object"}, "verbosity": "low"},
    "reasoning": {"effort": "max", "summary": "auto", "context": "all_turns", "mode": "pro"},
    "temperature": 0.5,
    "top_p": 1,
    "presence_penalty": -2,
    "frequency_penalty": 2,
    "top_logprobs": 20,
    "max_output_tokens": 1,
    "truncation": "auto",
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    "stream": True,
    "stream_options": {"include_obfuscation": False, "include_usage": True},
    "store": False,
    "service_tier": "ultrafast",
    "metadata": {"k" * 64: "v" * 512},
    "user": "u",
    "safety_identifier": "s" * 64,
    "prompt_cache_key": "p",
    "prompt_cache_retention": "24h",
    "prompt_cache_options": {"ttl": "30m", "mode": "implicit"},
    "timeout": 3600,
    "client_metadata": {"turn_id": "t", "nested": {"any": [1]}},
    "stop": ["END", "STOP"],
    "seed": -1,
    "background": False,
    "conversation": None,
    "prompt": None,
    "context_management": [{"type": "compaction", "compact_threshold": 1000}],
    "moderation": None,
}


def test_every_parameter_is_known_and_readable_by_its_wire_name() -> None:
    assert EVERYTHING.keys() == CreateRequest.model_fields.keys()
    request = parse_create_request(EVERYTHING)
    composite = {"input", "tools", "text", "reasoning", "stream_options", "prompt_cache_options", "include"}
    composite |= {"context_management", "stop"}
    for name in EVERYTHING.keys() - composite:
        assert getattr(request, name) == EVERYTHING[name], name
    assert request.tools == tuple(EVERYTHING["tools"])
    assert request.include == tuple(EVERYTHING["include"])
    assert request.stop == tuple(EVERYTHING["stop"])
    assert request.reasoning and request.reasoning.model_dump(exclude_none=True) == EVERYTHING["reasoning"]
    assert request.text and request.text.format == JsonObjectFormat(type="json_object")
    assert request.text.verbosity == "low"


@pytest.mark.parametrize("name", sorted(CreateRequest.model_fields.keys() - {"input"}))
def test_null_means_left_out(name: str) -> None:
    assert parsed(**{name: None}) == parsed()


@pytest.mark.parametrize("given", ["conv_1", {"id": "conv_1"}, {"id": "conv_1", "object": "conversation"}])
def test_a_conversation_is_named_by_its_id_or_by_an_object_with_it(given: object) -> None:
    conversation = parsed(conversation=given).conversation
    assert conversation is not None
    assert conversation.id == "conv_1"


@pytest.mark.parametrize(
    "going_on",
    [{"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}],
)
def test_a_request_that_goes_on_from_something_needs_no_input(going_on: dict[str, Any]) -> None:
    assert parse_create_request(going_on).input == ()
    assert parse_create_request({**going_on, "input": []}).input == ()


def test_a_request_is_frozen_and_leaves_the_body_alone() -> None:
    body = {"input": [{"role": "user", "content": "hello"}], "store": None}
    before = msgspec.json.encode(body)
    request = parse_create_request(body)
    assert msgspec.json.encode(body) == before
    with pytest.raises(ValidationError):
        request.store = False


def test_the_old_name_of_the_summary_is_read_and_the_new_one_wins() -> None:
    old = parsed(reasoning={"generate_summary": "concise", "summary": None}).reasoning
    both = parsed(reasoning={"generate_summary": "concise", "summary": "detailed"}).reasoning
    assert old and old.summary == "concise"
    assert both and both.summary == "detailed"


def test_an_empty_input_is_enough_to_go_on_from_an_earlier_response() -> None:
    assert parsed(input=[], previous_response_id="resp_1").input == ()


def test_codex_turn_with_its_function_tools() -> None:
    body = {
        "model": "gpt-5-codex",
        "stream": True,
        "store": False,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "input": [
            {
                "type": "message",
                "id": "msg_1",
                "role": "developer",
                "content": [{"type": "input_text", "text": "You are Codex."}],
            },
            {
                "type": "message",
                "id": "msg_2",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "<image name=[Image #1]>"},
                    {"type": "input_image", "image_url": "data:image/png;base64,aW1n"},
                    {"type": "input_text", "text": "look"},
                ],
            },
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "Thinking."}],
                "content": None,
                "encrypted_content": "c2ln",
            },
            {
                "type": "function_call",
                "status": "completed",
                "id": "fc_1",
                "name": "exec_command",
                "arguments": '{"cmd": "ls"}',
                "call_id": "call_1",
            },
            {"type": "function_call_output", "id": "fco_1", "call_id": "call_1", "output": "Output:\n"},
            {
                "type": "function_call_output",
                "id": "fco_2",
                "call_id": "call_2",
                "output": [{"type": "input_image", "image_url": "data:image/png;base64,aW1n"}],
            },
            {
                "type": "message",
                "status": "completed",
                "id": "msg_3",
                "role": "assistant",
                "phase": "final_answer",
                "content": [{"type": "output_text", "text": "Done.", "annotations": [], "logprobs": []}],
            },
        ],
        "tools": [
            {
                "type": "function",
                "name": "exec_command",
                "description": "Runs a command.",
                "strict": False,
                "parameters": {
                    "type": "object",
                    "properties": {"cmd": {"type": "string"}},
                    "required": ["cmd"],
                    "additionalProperties": False,
                },
            },
            {
                "type": "function",
                "name": "get_goal",
                "strict": False,
                "parameters": {"type": "object", "properties": {}},
            },
        ],
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"summary": "auto", "effort": "medium", "context": "all_turns"},
        "prompt_cache_key": "019a-thread",
        "client_metadata": {"turn_id": "t", "x-codex-window-id": "w:0"},
        "text": {
            "verbosity": "low",
            "format": {
                "type": "json_schema",
                "strict": True,
                "name": "codex_output_schema",
                "schema": {"type": "object"},
            },
        },
        "service_tier": "flex",
    }
    request = parse_create_request(body)
    assert request.input == tuple(body["input"])  # type: ignore[arg-type]
    assert request.tools == tuple(body["tools"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stop", "texts"), [("END", ("END",)), (["a", "b", "c", "d", "e"], ("a", "b", "c", "d", "e")), ([], ())]
)
def test_stop_is_one_text_or_several(stop: object, texts: tuple[str, ...]) -> None:
    assert parsed(stop=stop).stop == texts


def test_an_unknown_parameter_of_codex_is_ignored_and_told() -> None:
    codex = {"client_metadata": {"turn_id": "t"}}
    assert parsed(**codex).ignored_parameters == ()
    request = parsed(**codex, brand_new={"a": 1}, ignored_parameters=["x"], _ignored=None)
    assert request.ignored_parameters == ("brand_new", "ignored_parameters", "_ignored")
    assert request.temperature is None
    assert refused(**codex, brand_new=1, temperature=3).param == "temperature"
    assert refused(**codex, text={"brand_new": 1}).param == "text.brand_new"


FUNCTION = {"type": "function", "name": "late", "parameters": None}


@pytest.mark.parametrize(
    "item",
    [
        {"type": "additional_tools", "tools": [FUNCTION]},
        {"type": "tool_search_output", "call_id": "c", "tools": [FUNCTION]},
    ],
)
def test_tools_that_an_item_declares_can_be_chosen_and_have_to_be_served(item: dict[str, Any]) -> None:
    said = [item, {"role": "user", "content": "hello"}]
    request = parse_create_request({"input": said, "tool_choice": {"type": "function", "name": "late"}})
    assert request.tools == ()
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": [{**item, "tools": [FUNCTION, {"type": "mcp"}]}]})
    assert caught.value.param == "input[0].tools[1].type"
    assert caught.value.code == "invalid_value"


def test_a_rule_for_compaction_needs_no_threshold() -> None:
    (rule,) = parsed(
        context_management=[{"type": "compaction", "compact_threshold": None}]
    ).context_management
    assert rule.compact_threshold is None


def test_a_compaction_is_asked_for_by_the_last_item_only() -> None:
    trigger = {"type": "compaction_trigger"}
    hello = {"role": "user", "content": "hello"}
    assert parse_create_request({"input": [hello, trigger]}).asks_for_compaction
    assert not parse_create_request({"input": [hello]}).asks_for_compaction
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": [trigger, hello]})
    assert (caught.value.param, caught.value.code) == ("input[0]", "invalid_value")
