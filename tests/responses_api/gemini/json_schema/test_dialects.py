from typing import Any

import pytest

from responses_api.gemini.json_schema.dialects import is_number, modern, types_of

UNKNOWN_TYPE = {"a type that JSON Schema does not know is left out"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": ["string", "NULL", "null"]}, {"type": ["string", "null"]}),
        ({"type": "any", "title": "t"}, {"title": "t"}),
        ({"type": ["string", "any"]}, {}),
        ({"items": [{"type": "null"}], "additionalItems": False}, {"prefixItems": [{"type": "null"}], "items": False}),
        ({"items": [{}]}, {"prefixItems": [{}]}),
        ({"items": {}, "additionalItems": False}, {"items": {}}),
        ({"const": None}, {"enum": [None]}),
        ({"const": 1, "enum": [2, 1]}, {"enum": [1]}),
        ({"const": 1, "enum": [True]}, {"enum": []}),
        ({"const": 1, "enum": "x"}, {"enum": [1]}),
        ({"unevaluatedProperties": False}, {"additionalProperties": False}),
        ({"unevaluatedProperties": False, "additionalProperties": {}}, {"unevaluatedProperties": False, "additionalProperties": {}}),
        ({"unevaluatedProperties": False, "anyOf": []}, {"unevaluatedProperties": False, "anyOf": []}),
        ({"markdownDescription": "m"}, {"markdownDescription": "m", "description": "m"}),
        ({"markdownDescription": "m", "description": "d"}, {"markdownDescription": "m", "description": "d"}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"enum": ["a"], "nullable": True}, {"enum": ["a", None]}),
        ({"enum": "x", "nullable": True}, {"enum": "x"}),
        ({"anyOf": [{}], "oneOf": [{}], "nullable": True}, {"anyOf": [{}, {"type": "null"}], "oneOf": [{}, {"type": "null"}]}),
        ({"$ref": "#/a", "nullable": True}, {"anyOf": [{"$ref": "#/a"}, {"type": "null"}]}),
        ({"$ref": "#/a", "anyOf": [], "nullable": True}, {"$ref": "#/a", "anyOf": [{"type": "null"}]}),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
        ({"type": "integer", "exclusiveMinimum": 0.5, "exclusiveMaximum": 2.5}, {"type": "integer", "minimum": 1, "maximum": 2}),
        ({"type": ["integer", "null"], "exclusiveMaximum": 10}, {"type": ["integer", "null"], "maximum": 9}),
        ({"type": "integer", "exclusiveMinimum": 1, "minimum": 5}, {"type": "integer", "minimum": 5}),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0, "exclusiveMinimum": 0}),
        ({"exclusiveMaximum": 3, "maximum": 2}, {"exclusiveMaximum": 3, "maximum": 2}),
        ({"exclusiveMaximum": 3, "maximum": "2"}, {"exclusiveMaximum": 3, "maximum": 3}),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "minimum": 0, "exclusiveMinimum": 0}),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": True}, {"type": "integer", "maximum": 4}),
        ({"minimum": 0, "exclusiveMinimum": False}, {"minimum": 0}),
        ({"exclusiveMinimum": True}, {}),
        ({"exclusiveMinimum": float("inf")}, {}),
    ],
)  # fmt: skip
def test_in_the_words_of_2020_12(old: dict[str, Any], new: dict[str, Any]) -> None:
    losses: set[str] = set()
    assert modern(old, losses) == new
    assert losses == set()


@pytest.mark.parametrize("kind", ["date", ["string", "file"], [], 5, None, [1]])
def test_a_type_that_means_nothing(kind: object) -> None:
    losses: set[str] = set()
    assert modern({"type": kind}, losses) == {}
    assert losses == UNKNOWN_TYPE


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (1, True),
        (10**400, True),
        (0.5, True),
        (True, False),
        ("1", False),
        (float("nan"), False),
        (None, False),
    ],
)
def test_numbers(value: object, answer: bool) -> None:
    assert is_number(value) is answer


def test_types() -> None:
    assert types_of({}) == ()
    assert types_of({"type": "string"}) == ("string",)
    assert types_of({"type": ["string", "null"]}) == ("string", "null")
