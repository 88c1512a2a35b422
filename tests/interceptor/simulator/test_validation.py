import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import interceptor.simulator.validation as validation
from interceptor.simulator.errors import ApiError

from .bodies import WEATHER, ask, assert_fits, model, result, tools, user

RICH: dict[str, Any] = {
    "contents": [
        user("hi"),
        model(
            {"text": "a", "thought": True},
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "QQ=="},
        ),
        {
            "role": "user",
            "parts": [result("f", id="x"), {"inlineData": {"mimeType": "image/png", "data": "QQ=="}}],
        },
    ],
    "systemInstruction": {"parts": [{"text": "be brief"}]},
    "tools": [*tools(WEATHER), {"googleSearch": {}}, {"codeExecution": {}}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {
        "temperature": 0.5,
        "maxOutputTokens": 10,
        "stopSequences": ["x"],
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"},
        "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING", "maxLength": "3"}}},
    },
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
}


def oracle(name: str) -> Draft202012Validator:
    path = Path(validation.__file__).with_name("schema.json")
    return Draft202012Validator({**msgspec.json.decode(path.read_bytes()), "$ref": f"#/$defs/{name}"})


ORACLE = oracle("GenerateContentRequest")
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(
        ["AUTO", "user", "QQ==", [], {}, {"text": "x"}, [{"text": "x"}], {"functionCall": {"name": "f"}}]
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [place for name, member in value.items() for place in places(member, (*path, name))]
    elif isinstance(value, list):
        found += [place for index, member in enumerate(value) for place in places(member, (*path, index))]
    return found


@st.composite
def damaged_bodies(draw: st.DrawFn) -> Any:
    body = copy.deepcopy(RICH)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(body)))
        if not path:
            continue
        node: Any = body
        for step in path[:-1]:
            node = node[step]
        match draw(st.sampled_from(["replace", "remove", "rename"])):
            case "replace":
                node[path[-1]] = draw(JUNK)
            case "remove":
                del node[path[-1]]
            case "rename" if isinstance(node, dict):
                node["strange"] = node.pop(path[-1])
    return body


@settings(max_examples=100, deadline=None)
@given(damaged_bodies())
def test_it_agrees_with_a_general_validator(body: Any) -> None:
    error = validation.generate_content_error(body)
    assert (error is None) == ORACLE.is_valid(body), error


def test_a_rich_body_passes() -> None:
    assert validation.generate_content_error(RICH) is None
    assert ORACLE.is_valid(RICH)


def refused(body: Any) -> ApiError:
    error = validation.generate_content_error(body)
    assert error is not None
    assert_fits("ErrorBody", error.body())
    assert error.http_status == 400
    return error


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        (ask("x", foo=1), None, 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'),
        (
            ask("x", generationConfig={"thinkingConfig": {"effort": 1}}),
            "generation_config.thinking_config",
            "Invalid JSON payload received. Unknown name \"effort\" at 'generation_config.thinking_config': "
            "Cannot find field.",
        ),
        (
            ask("x", generationConfig={"temperature": "hot"}),
            "generation_config.temperature",
            "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\"",
        ),
        ({"contents": []}, "contents", "* GenerateContentRequest.contents: contents must not be empty."),
        ({}, "contents", "* GenerateContentRequest.contents: contents is not specified"),
        (
            {"contents": [model({"thought": True})]},
            "contents[0].parts[0].data",
            "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' must have one "
            "initialized field",
        ),
    ],
)
def test_errors_name_the_field_in_googles_words(body: Any, field: str | None, text: str) -> None:
    (violation,) = refused(body).details[0]["fieldViolations"]
    assert violation.get("field") == field
    assert violation["description"] == text
    assert refused(body).message == text


def test_every_unknown_name_is_listed() -> None:
    error = refused(ask("x", foo=1, generationConfig={"bar": 1}))
    assert len(error.details[0]["fieldViolations"]) == 2
    assert error.message.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ({"contents": [user("x")]}, True),
        ({"generateContentRequest": {"model": "models/x", "contents": [user("x")]}}, True),
        ({"contents": [user("x")], "generateContentRequest": {"contents": [user("x")]}}, False),
        ({}, False),
        ({"contents": [user("x")], "tools": []}, False),
    ],
)
def test_count_tokens_takes_exactly_one_form(body: Any, good: bool) -> None:
    assert (validation.count_tokens_error(body) is None) is good
    assert oracle("CountTokensRequest").is_valid(body) is good


def test_a_schema_keyword_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="uniqueItems"):
        validation._compile({"type": "array", "items": {}, "uniqueItems": True}, "X")


def test_all_definitions_compile() -> None:
    for name in validation._DEFS:
        validation._definition(name)({}, "")
