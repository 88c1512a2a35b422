from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from interceptor.simulator.json_sample import BadSchema, sample, sample_object

TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {
            "type": "object",
            "properties": {"a": {"const": 5}, "b": {"enum": ["x", "y"]}},
            "required": ["a", "b"],
        },
        {"type": "string", "format": "date-time"},
        {"type": "string", "minLength": 30},
        {"type": "string", "maxLength": 2},
        {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
        {"type": "string", "pattern": "^(foo|bar)+[^a]?$", "minLength": 6},
        {"type": "integer", "minimum": 7, "multipleOf": 5},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
        {"type": "number", "maximum": -4.5},
        {"type": ["null", "string"]},
        {"type": "null"},
        {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]},
        {
            "oneOf": [
                {"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]},
                {"type": "null"},
            ]
        },
        {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"type": "boolean"}}}]},
        {"allOf": [{"type": "integer", "minimum": 2}, {"minimum": 9}]},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        {"type": "array", "maxItems": 0},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {
            "type": "object",
            "maxProperties": 1,
            "properties": {"a": {}, "b": {"type": "string"}},
            "required": ["b"],
        },
        {"type": "object", "required": ["undeclared"]},
        {"properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": "number"}}},
        {
            "definitions": {"s/t": {"type": "string"}},
            "type": "object",
            "properties": {"a": {"$ref": "#/definitions/s~1t"}},
        },
        True,
        {},
    ],
)
def test_the_sample_fits(schema: Any) -> None:
    Draft202012Validator(schema).validate(sample(schema))


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"loop": {"$ref": "#/$defs/loop"}}, "$ref": "#/$defs/loop"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    ],
)
def test_a_reference_to_itself_ends(schema: Any) -> None:
    assert sample(schema) == "sample"


def test_required_recursion_ends() -> None:
    endless = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert "next" in sample(endless)


@pytest.mark.parametrize("schema", [{"properties": [1]}, {"type": "string", "pattern": 5}, {"anyOf": 7}])
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(BadSchema):
        sample(schema)


def test_properties_keep_their_order_and_say_their_name() -> None:
    schema = {
        "type": "object",
        "properties": {"b": {"type": "string"}, "a": {"type": "string"}},
        "required": ["a"],
    }
    assert list(sample(schema).items()) == [("b", "b"), ("a", "a")]


def test_the_older_schema_dialect() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {"n": {"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": "2"}},
    }
    assert sample(schema) == {"n": [1, 2]}


@pytest.mark.parametrize("schema", [True, {"type": "string"}, {}])
def test_arguments_are_always_an_object(schema: Any) -> None:
    assert sample_object(schema) == {}


def scalars() -> st.SearchStrategy[dict[str, Any]]:
    bounds = st.tuples(st.integers(-50, 50), st.integers(0, 20))
    return st.one_of(
        st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}]),
        st.lists(st.one_of(st.text(max_size=4), st.integers()), min_size=1, max_size=3).map(
            lambda some: {"enum": some}
        ),
        bounds.map(lambda b: {"type": "integer", "minimum": b[0], "maximum": b[0] + b[1]}),
        bounds.map(
            lambda b: {"type": "number", "exclusiveMinimum": b[0] / 3, "maximum": b[0] / 3 + b[1] + 0.1}
        ),
        st.tuples(st.integers(0, 12), st.integers(0, 9)).map(
            lambda b: {"type": "string", "minLength": b[0], "maxLength": b[0] + b[1]}
        ),
        st.sampled_from([r"^\d{2,4}$", "^[a-f0-9]{8}$", r"^\w+@\w+\.com$", "^(a|b)?c+$", r"^[^\s,]{3}$"]).map(
            lambda pattern: {"type": "string", "pattern": pattern}
        ),
    )


def compound(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["a", "b", "c", "d"])
    return st.one_of(
        st.tuples(st.dictionaries(names, inner, max_size=3), st.booleans()).map(
            lambda made: {
                "type": "object",
                "properties": made[0],
                "required": list(made[0]) if made[1] else [],
                "additionalProperties": False,
            }
        ),
        st.tuples(inner, st.integers(0, 3)).map(
            lambda made: {"type": "array", "items": made[0], "minItems": made[1], "maxItems": made[1] + 1}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
    )


@settings(max_examples=100, deadline=None)
@given(st.recursive(scalars(), compound, max_leaves=8))
def test_samples_fit_all_sorts_of_schemas(schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(sample(schema))
