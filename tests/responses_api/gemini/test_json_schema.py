import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.json_schema import DEPTH_LIMIT, is_empty_object, to_upstream_schema

KEPT = {
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    "$id": "x",
    "type": ["object", "null"],
    "title": "t",
    "description": "d",
    "properties": {
        "const": {"type": "string", "enum": ["a", "b"], "format": "date-time"},
        "$schema": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 5}, "minItems": 1},
        "u": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]},
        "t": {"prefixItems": [{"type": "number"}], "items": False},
    },
    "propertyOrdering": ["u"],
    "required": ["u"],
    "additionalProperties": {"type": "string"},
}


def test_what_the_upstream_takes_is_unchanged() -> None:
    assert to_upstream_schema(KEPT, param="p") == (KEPT, ())


@pytest.mark.parametrize(
    ("schema", "sent", "lost"),
    [
        ({"const": "a"}, {"enum": ["a"]}, ()),
        ({"const": 3}, {"enum": [3]}, ()),
        ({"type": "boolean", "const": True}, {"type": "boolean"}, ("enum of other than strings and numbers",)),
        ({"enum": ["a", None]}, {"enum": ["a"]}, ("enum of other than strings and numbers",)),
        ({"$schema": "s", "$comment": "c", "type": "object"}, {"type": "object"}, ("$comment", "$schema")),
        ({"type": "string", "pattern": "^a", "minLength": 1}, {"type": "string"}, ("minLength", "pattern")),
        ({"items": {"default": 1}}, {"items": {}}, ("default",)),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}, ()),
        ({"exclusiveMaximum": 10, "type": "integer"}, {"type": "integer", "maximum": 9}, ()),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number"}, ("exclusiveMinimum",)),
        ({"type": "integer", "exclusiveMinimum": True}, {"type": "integer"}, ("exclusiveMinimum",)),
        (
            {"type": "integer", "minimum": 5, "exclusiveMinimum": 1},
            {"type": "integer", "minimum": 5},
            ("exclusiveMinimum",),
        ),
        ({"definitions": {"a": {"const": 1}}, "$ref": "#/definitions/a"},
         {"$defs": {"a": {"enum": [1]}}, "$ref": "#/$defs/a"}, ()),
        ({"$ref": "#/$defs/a", "description": "d"}, {"description": "d", "anyOf": [{"$ref": "#/$defs/a"}]}, ()),
        ({"allOf": [{"$ref": "#/$defs/a"}], "title": "t"}, {"title": "t", "anyOf": [{"$ref": "#/$defs/a"}]}, ()),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, {}, ("allOf",)),
        ({"properties": 7, "$defs": []}, {}, ("$defs", "properties")),
        ({"anyOf": "x", "enumDescriptions": ["x"]}, {}, ("anyOf", "enumDescriptions")),
        ({"$ref": "#/$defs/a", "anyOf": [{}]}, {"anyOf": [{}]}, ("$ref beside anyOf",)),
        (True, True, ()),
    ],
)  # fmt: skip
def test_what_is_rewritten_and_what_is_lost(schema: Any, sent: Any, lost: tuple[str, ...]) -> None:
    assert to_upstream_schema(schema, param="p") == (sent, lost)


def test_too_deep() -> None:
    schema: dict[str, Any] = {}
    for _ in range(DEPTH_LIMIT + 1):
        schema = {"items": schema}
    with pytest.raises(InvalidRequest) as caught:
        to_upstream_schema(schema, param="tools[0].parameters")
    assert caught.value.param == "tools[0].parameters"


@pytest.mark.parametrize(
    "schema",
    [
        None,
        True,
        {},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {}, "required": [], "additionalProperties": False, "$schema": "s"},
    ],
)
def test_empty(schema: Any) -> None:
    assert is_empty_object(schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string"},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"$ref": "#/x"},
    ],
)
def test_not_empty(schema: Any) -> None:
    assert not is_empty_object(schema)


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "a", "integer", "string", "#/$defs/a"])
)
keywords = st.sampled_from(
    ["type", "properties", "items", "anyOf", "allOf", "oneOf", "$ref", "const", "enum", "exclusiveMinimum", "minimum",
     "definitions", "$defs", "required", "pattern", "additionalProperties"]
)  # fmt: skip
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keywords, inner, max_size=4)
)


@given(st.dictionaries(keywords, documents, max_size=5))
def test_any_document_is_translated_once_and_never_changed(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)
    sent, _ = to_upstream_schema(schema, param="p")
    assert schema == before
    assert to_upstream_schema(sent, param="p")[0] == sent


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_exclusive_limits_keep_their_meaning(limit: int, value: int) -> None:
    schema = {"type": "integer", "exclusiveMinimum": limit, "exclusiveMaximum": limit + 3}
    sent, lost = to_upstream_schema(schema, param="p")
    assert lost == ()
    assert Draft202012Validator(sent).is_valid(value) == Draft202012Validator(schema).is_valid(value)
