"""What holds of every schema."""

import copy
from typing import Any

from hypothesis import given, reject
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from responses_api.gemini.json_schema import to_upstream_schema
from tests.responses_api.gemini.json_schema.upstream_subset import faults

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, "", "a", "b", "x-1", "integer", "string", "#/$defs/a", "#"])
)
names = st.sampled_from(["a", "b", "x-1", "type", "items", "$ref"])
instances = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
types = st.sampled_from(["string", "number", "integer", "boolean", "object", "array", "null"])
references = st.sampled_from(["#/$defs/a", "#/$defs/b", "#"])


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=2)
    maps = st.dictionaries(names, inner, max_size=2)
    keywords = {
        "type": types | st.lists(types, min_size=1, max_size=2, unique=True),
        "enum": st.lists(scalars, min_size=1, max_size=3),
        "const": scalars,
        "properties": maps,
        "required": st.lists(names, max_size=2, unique=True),
        "additionalProperties": st.booleans() | inner,
        "unevaluatedProperties": st.booleans(),
        "patternProperties": st.dictionaries(st.sampled_from(["^x-", "^a"]), inner, max_size=2),
        "items": st.booleans() | inner,
        "prefixItems": lists,
        "minItems": st.integers(0, 3),
        "maxItems": st.integers(0, 3),
        "uniqueItems": st.booleans(),
        "minimum": st.integers(-3, 3),
        "exclusiveMinimum": st.integers(-3, 3) | st.just(0.5),
        "exclusiveMaximum": st.integers(-3, 3) | st.just(0.5),
        "minLength": st.integers(0, 2),
        "pattern": st.just("^x"),
        "anyOf": lists,
        "oneOf": lists,
        "allOf": lists,
        "not": inner,
        "if": inner,
        "then": inner,
        "description": st.just("d"),
        "default": scalars,
        "$ref": references,
    }
    return st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({keyword: keywords[keyword] for keyword in chosen})
    )


schemas = st.recursive(
    st.booleans() | st.fixed_dictionaries({}, optional={"type": types}), _schemas, max_leaves=8
)
documents = st.builds(
    lambda root, a, b: {**root, "$defs": {"a": a, "b": b}}, _schemas(schemas), schemas, schemas
)


def is_valid(schema: Any, instance: Any) -> bool:
    try:
        return Draft202012Validator(schema).is_valid(instance)
    except RecursionError:  # the schema leads back to itself without an end
        reject()


@given(documents, st.lists(instances, min_size=1, max_size=4))
def test_what_fits_the_schema_fits_it_upstream_and_a_difference_is_named(
    schema: dict[str, Any], candidates: list[Any]
) -> None:
    sent, losses = to_upstream_schema(schema, param="p")
    assert faults(sent) == []
    for instance in candidates:
        ours, theirs = is_valid(schema, instance), is_valid(sent, instance)
        assert theirs or not ours
        assert losses or theirs == ours


@given(documents)
def test_a_translated_schema_is_translated_no_further(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)
    sent, _ = to_upstream_schema(schema, param="p")
    assert schema == before
    assert to_upstream_schema(sent, param="p") == (sent, ())


keywords = st.sampled_from(
    ["type", "properties", "items", "prefixItems", "anyOf", "allOf", "oneOf", "$ref", "const", "enum", "minimum",
     "exclusiveMinimum", "definitions", "$defs", "required", "pattern", "additionalProperties", "nullable", "$id",
     "patternProperties", "unevaluatedProperties", "minItems", "title", "default", "enumDescriptions"]
)  # fmt: skip
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keywords, inner, max_size=4)
)


@given(st.dictionaries(keywords, junk, max_size=5))
def test_any_object_is_translated(schema: dict[str, Any]) -> None:
    sent, _ = to_upstream_schema(schema, param="p")
    assert faults(sent) == []
    assert to_upstream_schema(sent, param="p")[0] == sent


supported = st.recursive(
    st.fixed_dictionaries({}, optional={"type": types, "title": st.just("t"), "description": st.just("d")})
    | st.builds(
        lambda values: {"enum": values}, st.lists(st.sampled_from(["a", "b", 1]), min_size=1, unique=True)
    )
    | st.builds(lambda name: {"$ref": name}, st.sampled_from(["#/$defs/a"])),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": types,
            "properties": st.dictionaries(names, inner, max_size=2),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "additionalProperties": st.booleans() | inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "minItems": st.integers(0, 3),
            "maximum": st.integers(0, 3),
            "format": st.just("date-time"),
        },
    ),
    max_leaves=6,
)


@given(supported)
def test_what_the_upstream_takes_is_passed_on_unchanged(schema: dict[str, Any]) -> None:
    document = {"type": "object", "properties": {"p": schema, "q": {"$ref": "#/$defs/a"}}}
    document["$defs"] = {"a": {"type": "string"}}
    assert to_upstream_schema(document, param="p") == (document, ())
