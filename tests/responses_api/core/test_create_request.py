"""What a request says once it is parsed, and how a wrong one is refused."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.text_format import JsonObjectFormat


def refused(**body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": "hello"} | body)
    return caught.value


def parsed(**body: Any) -> CreateRequest:
    return parse_create_request({"input": "hello"} | body)


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


WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"input": None}, "input", "missing_required_parameter", "Missing required parameter: 'input'."),
    (
        {"input": 5},
        "input",
        "invalid_type",
        "Invalid type for 'input': expected one of a string or array of objects, but got an integer instead.",
    ),
    (
        {"input": []},
        "input",
        "empty_array",
        "Invalid 'input': empty array. Expected an array with minimum length 1, "
        "but got an empty array instead.",
    ),
    (
        {"input": "x" * 10_485_761},
        "input",
        "string_above_max_length",
        "Invalid 'input': string too long. Expected a string with maximum length 10485760, "
        "but got a string with length 10485761 instead.",
    ),
    (
        {"temperature": "1"},
        "temperature",
        "invalid_type",
        "Invalid type for 'temperature': expected a decimal, but got a string instead.",
    ),
    (
        {"temperature": True},
        "temperature",
        "invalid_type",
        "Invalid type for 'temperature': expected a decimal, but got a boolean instead.",
    ),
    (
        {"temperature": 3},
        "temperature",
        "decimal_above_max_value",
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
    ),
    (
        {"top_p": -0.5},
        "top_p",
        "decimal_below_min_value",
        "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -0.5 instead.",
    ),
    (
        {"top_logprobs": 21},
        "top_logprobs",
        "integer_above_max_value",
        "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 21 instead.",
    ),
    (
        {"max_output_tokens": 0},
        "max_output_tokens",
        "integer_below_min_value",
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    (
        {"max_output_tokens": -(10**5000)},
        "max_output_tokens",
        "integer_below_min_value",
        "Invalid 'max_output_tokens': integer below minimum value. "
        "Expected a value >= 1, but got a number of more than 40 digits instead.",
    ),
    (
        {"max_tool_calls": 1.0},
        "max_tool_calls",
        "invalid_type",
        "Invalid type for 'max_tool_calls': expected an integer, but got a decimal number instead.",
    ),
    (
        {"timeout": 0},
        "timeout",
        "decimal_below_min_value",
        "Invalid 'timeout': decimal below minimum value. Expected a value > 0, but got 0 instead.",
    ),
    (
        {"timeout": 3600.5},
        "timeout",
        "decimal_above_max_value",
        "Invalid 'timeout': decimal above maximum value. Expected a value <= 3600, but got 3600.5 instead.",
    ),
    (
        {"stream": "true"},
        "stream",
        "invalid_type",
        "Invalid type for 'stream': expected a boolean, but got a string instead.",
    ),
    ({"foo": 1}, "foo", "unknown_parameter", "Unknown parameter: 'foo'."),
    ({"foo": None}, "foo", "unknown_parameter", "Unknown parameter: 'foo'."),
    ({"text": {"foo": 1}}, "text.foo", "unknown_parameter", "Unknown parameter: 'text.foo'."),
    (
        {"truncation": "most"},
        "truncation",
        "invalid_value",
        "Invalid value: 'most'. Supported values are: 'auto' and 'disabled'.",
    ),
    (
        {"truncation": 4},
        "truncation",
        "invalid_type",
        "Invalid type for 'truncation': expected one of 'auto' or 'disabled', but got an integer instead.",
    ),
    (
        {"reasoning": {"effort": "most"}},
        "reasoning.effort",
        "invalid_value",
        "Invalid value: 'most'. Supported values are: "
        "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'.",
    ),
    (
        {"reasoning": {"generate_summary": "x"}},
        "reasoning.generate_summary",
        "invalid_value",
        "Invalid value: 'x'. Supported values are: 'auto', 'concise', and 'detailed'.",
    ),
    (
        {"text": {"verbosity": "loud"}},
        "text.verbosity",
        "invalid_value",
        "Invalid value: 'loud'. Supported values are: 'low', 'medium', and 'high'.",
    ),
    (
        {"text": []},
        "text",
        "invalid_type",
        "Invalid type for 'text': expected an object, but got an array instead.",
    ),
    (
        {"text": {"format": {"type": "yaml"}}},
        "text.format.type",
        "invalid_value",
        "Invalid value: 'yaml'. Supported values are: 'text', 'json_object', and 'json_schema'.",
    ),
    (
        {"text": {"format": {"type": "json_schema", "name": "n"}}},
        "text.format.schema",
        "missing_required_parameter",
        "Missing required parameter: 'text.format.schema'.",
    ),
    (
        {"text": {"format": {"type": "json_schema", "name": "n" * 65, "schema": {}}}},
        "text.format.name",
        "string_above_max_length",
        "Invalid 'text.format.name': string too long. Expected a string with maximum length 64, "
        "but got a string with length 65 instead.",
    ),
    (
        {"text": {"format": {"type": "json_schema", "name": "a b", "schema": {}}}},
        "text.format.name",
        "invalid_value",
        "Invalid 'text.format.name': string does not match pattern. "
        "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    ),
    (
        {"model": ""},
        "model",
        "empty_string",
        "Invalid 'model': empty string. Expected a string with minimum length 1, "
        "but got an empty string instead.",
    ),
    (
        {"metadata": {str(number): "" for number in range(17)}},
        "metadata",
        "object_above_max_properties",
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
        "but got an object with 17 properties instead.",
    ),
    (
        {"metadata": {"a": 1}},
        "metadata.a",
        "invalid_type",
        "Invalid type for 'metadata.a': expected a string, but got an integer instead.",
    ),
    (
        {"metadata": {"a": "v" * 513}},
        "metadata.a",
        "string_above_max_length",
        "Invalid 'metadata.a': string too long. Expected a string with maximum length 512, "
        "but got a string with length 513 instead.",
    ),
    (
        {"metadata": {"a": "\ud800"}},
        "metadata.a",
        "invalid_value",
        "Invalid 'metadata.a': string with an unpaired surrogate.",
    ),
    (
        {"include": ["reasoning.encrypted_content", 7]},
        "include[1]",
        "invalid_type",
        "Invalid type for 'include[1]': expected one of 'file_search_call.results' or "
        "'web_search_call.results' or 'web_search_call.action.sources' or "
        "'message.input_image.image_url' or 'computer_call_output.output.image_url' or "
        "'code_interpreter_call.outputs' or 'reasoning.encrypted_content' or "
        "'message.output_text.logprobs', but got an integer instead.",
    ),
    (
        {"background": True, "store": False},
        "background",
        "unsupported_parameter",
        "Background mode requires 'store' to be true: a response in the background is read from the store.",
    ),
    (
        {"conversation": "conv_1", "previous_response_id": "resp_1"},
        "conversation",
        "mutually_exclusive_parameters",
        "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. "
        "Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
    ),
    (
        {"conversation": 0},
        "conversation",
        "invalid_type",
        "Invalid type for 'conversation': expected one of a string or object, but got an integer instead.",
    ),
    (
        {"conversation": {"name": "c"}},
        "conversation.id",
        "missing_required_parameter",
        "Missing required parameter: 'conversation.id'.",
    ),
    (
        {"prompt": {"id": "pmpt_1", "version": 1}},
        "prompt.version",
        "invalid_type",
        "Invalid type for 'prompt.version': expected a string, but got an integer instead.",
    ),
]


@pytest.mark.parametrize(
    ("body", "param", "code", "message"), WRONG, ids=[f"{param}-{code}" for _, param, code, _ in WRONG]
)
def test_a_wrong_parameter_is_named(body: dict[str, Any], param: str, code: str, message: str) -> None:
    error = refused(**body)
    assert (error.param, error.code, error.message) == (param, code, message)
    assert (error.http_status, error.type) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("moderation", {"model": "omni-moderation-latest"}),
    ],
)
def test_what_is_not_served_is_refused_and_not_ignored(name: str, value: object) -> None:
    error = refused(**{name: value})
    assert (error.param, error.code) == (name, "unsupported_parameter")
    assert error.message == f"'{name}' is not supported yet by this gateway."


@pytest.mark.parametrize(("body", "got"), [([], "an array"), (None, "null"), ("hello", "a string")])
def test_a_body_that_is_no_object_has_no_param(body: object, got: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request(body)
    assert caught.value.param is None
    assert caught.value.message == f"Invalid request body: expected an object, but got {got} instead."


def test_a_long_value_is_not_echoed() -> None:
    error = refused(**{"z" * 100_000: 1})
    assert error.param == "z" * 64 + "..."
    assert len(error.message) < 200
    assert len(refused(truncation="z" * 100_000).message) < 200


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


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"stop": ["x"] * 6}, "stop", "array_above_max_length"),
        ({"stop": ""}, "stop[0]", "empty_string"),
        ({"stop": 5}, "stop", "invalid_type"),
        ({"seed": 2**31}, "seed", "integer_above_max_value"),
        ({"seed": 0.5}, "seed", "invalid_type"),
    ],
)
def test_a_wrong_extension_is_named(body: dict[str, Any], param: str, code: str) -> None:
    error = refused(**body)
    assert (error.param, error.code) == (param, code)


def test_an_unknown_parameter_of_codex_is_ignored_and_told() -> None:
    codex = {"client_metadata": {"turn_id": "t"}}
    assert parsed(**codex).ignored_parameters == ()
    request = parsed(**codex, brand_new={"a": 1}, ignored_parameters=["x"], _ignored=None)
    assert request.ignored_parameters == ("brand_new", "ignored_parameters", "_ignored")
    assert request.temperature is None
    assert refused(**codex, brand_new=1, temperature=3).param == "temperature"
    assert refused(**codex, text={"brand_new": 1}).param == "text.brand_new"


@pytest.mark.parametrize("name", ["ignored_parameters", "_ignored", "_ignored_parameters"])
def test_what_is_ours_is_no_parameter(name: str) -> None:
    assert refused(**{name: ["x"]}).code == "unknown_parameter"


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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
odd_strings = st.sampled_from(
    ["message", "function_call_output", "input_image", "function", "json_schema", "user", "(other)", "\ud800"]
)
odd_items = st.dictionaries(
    st.sampled_from(["type", "role", "content", "id", "call_id", "output", "summary", "image_url"]),
    odd_strings | json_values,
    max_size=5,
)
likely_bodies = st.dictionaries(
    st.sampled_from(sorted(CreateRequest.model_fields)) | st.text(max_size=4),
    json_values | odd_strings | odd_items | st.lists(odd_items, max_size=2),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(body=json_values | likely_bodies)
def test_any_json_value_is_a_request_or_refused(body: object) -> None:
    try:
        request = parse_create_request(body)
    except InvalidRequest as error:
        assert error.http_status == 400
        assert error.message.encode()
        assert len(error.message) < 1000
    else:
        assert isinstance(request, CreateRequest)


@settings(max_examples=100, deadline=None)
@given(item=odd_items)
def test_any_item_is_canonical_or_refused(item: dict[str, Any]) -> None:
    try:
        (parsed_item,) = parse_create_request({"input": [item]}).input
    except InvalidRequest as error:
        assert (error.param or "").startswith("input[0]")
    else:
        assert parsed_item.items() >= {k: v for k, v in item.items() if k not in ("type", "content")}.items()
        assert parsed_item["type"] == item.get("type") or item.get("type") is None


@pytest.mark.parametrize(
    ("entries", "param", "code"),
    [
        ([], "context_management", "empty_array"),
        (
            [{"type": "compaction", "compact_threshold": 999}],
            "context_management[0].compact_threshold",
            "integer_below_min_value",
        ),
        ([{"type": "forgetting"}], "context_management[0].type", "invalid_value"),
        ([{"type": "compaction", "at": 1}], "context_management[0].at", "unknown_parameter"),
    ],
)
def test_what_is_to_be_done_with_a_long_context_is_checked(entries: object, param: str, code: str) -> None:
    error = refused(context_management=entries)
    assert (error.param, error.code) == (param, code)


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
