from typing import Any

import pytest

from responses_api.gemini.json_schema.conjunction import conjunction

S, WHOLE, N = {"type": "string"}, {"type": "integer"}, {"type": "number"}
REF = {"$ref": "#/$defs/a"}


def first_of(keyword: str) -> set[str]:
    return {f"of several {keyword} in allOf the first is taken"}


@pytest.mark.parametrize(
    ("first", "second", "both", "losses"),
    [
        (S, {"title": "t"}, {**S, "title": "t"}, set()),
        ({"title": "a", "description": "c"}, {"title": "b", "description": "d"}, {"title": "a", "description": "c\nd"}, set()),
        (S, S, S, set()),
        (N, WHOLE, WHOLE, set()),
        (WHOLE, N, WHOLE, set()),
        (S, WHOLE, S, first_of("type")),
        ({"type": ["string", "null"]}, S, {"type": ["string"]}, set()),
        ({"type": ["string", "null"]}, {"type": ["null", "string"]}, {"type": ["string", "null"]}, set()),
        ({"minimum": 1, "maximum": 5, "minItems": 1}, {"minimum": 2, "maximum": 9, "minItems": 3},
         {"minimum": 2, "maximum": 5, "minItems": 3}, set()),
        ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}, {"enum": ["b"]}, set()),
        ({"enum": ["a"]}, {"enum": ["b"]}, {"enum": ["a"]}, first_of("enum")),
        ({"enum": ["a", 1]}, S, {"enum": ["a"], **S}, set()),
        ({"enum": [1]}, S, S, {"an enum of which allOf leaves nothing is left out"}),
        ({"required": ["a"]}, {"required": ["b", "a"]}, {"required": ["a", "b"]}, set()),
        ({"properties": {"a": N, "b": S}}, {"properties": {"a": WHOLE, "c": S}}, {"properties": {"a": WHOLE, "b": S, "c": S}}, set()),
        ({"items": {}}, {"items": S}, {"items": S}, set()),
        ({"items": S}, {"items": {}}, {"items": S}, set()),
        ({"items": S}, {"items": {"title": "t"}}, {"items": {**S, "title": "t"}}, set()),
        ({"items": REF}, {"items": S}, {"items": {**S, "anyOf": [REF]}}, set()),
        ({"items": S}, {"items": REF}, {"items": {**S, "anyOf": [REF]}}, set()),
        ({"items": REF}, {"items": {"$ref": "#"}}, {"items": REF}, first_of("$ref")),
        ({"items": {"anyOf": [S]}}, {"items": REF}, {"items": {"anyOf": [S]}}, first_of("$ref")),
        ({"prefixItems": [N]}, {"prefixItems": [WHOLE, S]}, {"prefixItems": [WHOLE, S]}, set()),
        ({"prefixItems": [N]}, {"items": S}, {"prefixItems": [N], "items": S},
         {"items in allOf leaves the prefixItems of its other parts alone"}),
        ({"anyOf": [S]}, {"anyOf": [WHOLE]}, {"anyOf": [S]}, first_of("anyOf")),
        ({"format": "date"}, {"format": "time"}, {"format": "date"}, first_of("format")),
        ({"additionalProperties": False}, {"additionalProperties": S}, {"additionalProperties": False}, set()),
        ({"additionalProperties": True}, {"additionalProperties": False}, {"additionalProperties": False}, set()),
        ({"additionalProperties": S}, {"additionalProperties": False}, {"additionalProperties": False}, set()),
        ({"additionalProperties": False, "properties": {"a": S}}, {"properties": {"a": S}},
         {"additionalProperties": False, "properties": {"a": S}}, set()),
        ({"properties": {"a": S}}, {"additionalProperties": N}, {"properties": {"a": S}, "additionalProperties": N},
         {"additionalProperties in allOf leaves the properties of all its parts alone"}),
        ({"additionalProperties": False}, {"properties": {"a": S}}, {"additionalProperties": False, "properties": {"a": S}},
         {"additionalProperties in allOf leaves the properties of all its parts alone"}),
    ],
)  # fmt: skip
def test_both(first: Any, second: Any, both: Any, losses: set[str]) -> None:
    told: set[str] = set()
    assert conjunction(first, second, told) == both
    assert told == losses
