from typing import Any

import pytest

from responses_api.gemini.json_schema.words import quoted_json, told


@pytest.mark.parametrize(
    ("keyword", "value", "sentence"),
    [
        ("minLength", 1, "Not empty."),
        ("minLength", 2, "At least 2 characters."),
        ("maxLength", 5, "At most 5 characters."),
        ("pattern", "^\\d+$", "Matches the regular expression ^\\d+$"),
        ("multipleOf", 0.5, "A multiple of 0.5."),
        ("exclusiveMinimum", 0, "Greater than 0."),
        ("exclusiveMaximum", 1.5, "Less than 1.5."),
        ("uniqueItems", True, "No item occurs twice."),
        ("minProperties", 1, "At least one property."),
        ("minProperties", 2, "At least 2 properties."),
        ("maxProperties", 3, "At most 3 properties."),
        ("not", {"required": ["a", "b"]}, 'Has to satisfy the JSON Schema {"not":{"required":["a","b"]}}.'),
        ("not", {}, 'Has to satisfy the JSON Schema {"not":{}}.'),
        ("contains", {}, 'Has to satisfy the JSON Schema {"contains":{}}.'),
        ("dependentRequired", {"a": ["b"]}, 'Has to satisfy the JSON Schema {"dependentRequired":{"a":["b"]}}.'),
        ("unevaluatedItems", False, 'Has to satisfy the JSON Schema {"unevaluatedItems":false}.'),
    ],
)  # fmt: skip
def test_constraints(keyword: str, value: object, sentence: str) -> None:
    losses: set[str] = set()
    assert told({keyword: value}, losses) == [sentence]
    assert losses == {f"{keyword} is told in words"}


def test_conditions_are_told_in_one_sentence() -> None:
    losses: set[str] = set()
    schema = {"then": {"required": ["b"]}, "if": {"required": ["a"]}, "else": {}}
    assert told(schema, losses) == [
        'Has to satisfy the JSON Schema {"if":{"required":["a"]},"then":{"required":["b"]}}.'
    ]
    assert losses == {"if is told in words", "then is told in words"}


@pytest.mark.parametrize(
    ("schema", "sentences"),
    [
        ({"default": False}, ["Default: false."]),
        ({"default": None}, []),
        ({"default": "x" * 1000}, []),
        ({"examples": ["a", 1], "example": {"a": 1}}, ['Examples: ["a",1].', 'Example: {"a":1}.']),
        ({"deprecated": True, "readOnly": True}, ["Deprecated."]),
        ({"deprecated": False}, []),
        ({"contentEncoding": "base64", "contentMediaType": "image/png"}, ["Encoded as base64.", "Of the media type image/png."]),
        ({"contentEncoding": 1}, []),
        ({"enum": ["a", "b"], "enumDescriptions": ["first", "second"]}, ['Values: {"a":"first","b":"second"}.']),
        ({"enum": [1], "markdownEnumDescriptions": ["one"]}, ['Values: {"1":"one"}.']),
        ({"enum": ["a", "b"], "enumDescriptions": ["first"]}, []),
        ({"enumDescriptions": ["first"]}, []),
        ({"minLength": 0, "minProperties": 0, "uniqueItems": False}, []),
        ({"unevaluatedProperties": True, "unevaluatedItems": {}, "propertyNames": {}, "dependencies": {}}, []),
        ({"type": "string", "title": "t", "$schema": "s"}, []),
    ],
)  # fmt: skip
def test_what_constrains_nothing_is_no_loss(schema: dict[str, Any], sentences: list[str]) -> None:
    losses: set[str] = set()
    assert told(schema, losses) == sentences
    assert losses == set()


@pytest.mark.parametrize(
    ("keyword", "value"), [("pattern", "a" * 1001), ("pattern", 5), ("not", {"enum": ["x" * 1000]})]
)
def test_what_is_too_long_or_makes_no_sense_is_left_out(keyword: str, value: object) -> None:
    losses: set[str] = set()
    assert told({keyword: value}, losses) == []
    assert losses == {f"{keyword} is left out"}


def test_quoted_json() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert quoted_json({"a": "ä"}) == '{"a":"ä"}'
    assert [quoted_json(value) for value in (deep, float("nan"), object(), "x" * 999)] == [None] * 4
