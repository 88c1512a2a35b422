"""How a wrong request is refused: by status, code, the parameter's name and a sentence."""

from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from tests.responses_api.core.create_requests import refused

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


@pytest.mark.parametrize("name", ["ignored_parameters", "_ignored", "_ignored_parameters"])
def test_what_is_ours_is_no_parameter(name: str) -> None:
    assert refused(**{name: ["x"]}).code == "unknown_parameter"


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
