"""Whole documents: what is passed on, what is said in other keywords, what is named as lost."""

from typing import Any

import pytest

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.json_schema import DEPTH_LIMIT, is_empty_object, to_upstream_schema
from tests.responses_api.gemini.json_schema.upstream_subset import faults

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
        "t": {"prefixItems": [{"type": "number"}], "maxItems": 2},
        "self": {"$ref": "#"},
    },
    "propertyOrdering": ["u"],
    "required": ["u"],
    "additionalProperties": {"type": "string"},
}
LOST_REFERENCE = "a $ref that leads nowhere is left out: any value is allowed there"
NOTHING_FITS = "a schema that nothing fits is left out: any value is allowed there"
STRING = {"type": "string"}


def test_what_the_upstream_takes_is_unchanged() -> None:
    assert to_upstream_schema(KEPT, param="p") == (KEPT, ())


@pytest.mark.parametrize("schema", [True, False])
def test_boolean_schemas(schema: bool) -> None:
    assert to_upstream_schema(schema, param="p") == (schema, ())


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"const": "a"}, {"enum": ["a"]}),
        ({"enum": ["a", None], "type": ["string", "null"]}, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        ({"$schema": "s", "$comment": "c", "type": "object", "x-y": 1}, {"type": "object"}),
        ({"$anchor": "a", "type": "object"}, {"type": "object"}),
        (obj(a=True, b=False) | {"additionalProperties": False}, obj(a={}) | {"additionalProperties": False}),
        ({"items": True}, {"items": {}}),
        ({"items": False}, {"maxItems": 0}),
        ({"prefixItems": [STRING], "items": False}, {"prefixItems": [STRING], "maxItems": 1}),
        ({"prefixItems": [STRING, True], "items": False, "maxItems": 1}, {"prefixItems": [STRING, {}], "maxItems": 1}),
        ({"anyOf": [STRING, False]}, {"anyOf": [STRING]}),
        ({"oneOf": [STRING]}, {"anyOf": [STRING]}),
        ({"patternProperties": {"^x": {}}, "additionalProperties": True}, {"additionalProperties": True, "description":
            'Has to satisfy the JSON Schema {"patternProperties":{"^x":{}}}.'}),
        (
            {"definitions": {"a": {"const": 1}}, "$ref": "#/definitions/a"},
            {"enum": [1]},
        ),
        (
            obj(b={"$ref": "#/definitions/a", "description": "d"}) | {"definitions": {"a": {"const": 1}}},
            obj(b={"description": "d", "anyOf": [{"$ref": "#/$defs/a"}]}) | {"$defs": {"a": {"enum": [1]}}},
        ),
        (
            obj(b={"allOf": [{"$ref": "#/$defs/a"}], "title": "t"}) | {"$defs": {"a": {"const": 1}, "unused": {}}},
            obj(b={"title": "t", "anyOf": [{"$ref": "#/$defs/a"}]}) | {"$defs": {"a": {"enum": [1]}}},
        ),
        (
            obj(b={"$ref": "#/$defs/a", "required": ["x"]}) | {"$defs": {"a": obj(x=STRING)}},
            obj(b=obj(x=STRING) | {"required": ["x"]}),
        ),
        (
            obj(b={"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}) | {"$defs": {"a": obj(x=STRING), "b": obj(y=STRING)}},
            obj(b=obj(x=STRING, y=STRING)),
        ),
        (
            obj(b={"$ref": "#/$defs/a", "allOf": [obj(x=STRING)]}) | {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": obj(y=STRING)}},
            obj(b=obj(x=STRING, y=STRING)),
        ),
        ({"required": ["a"], "additionalProperties": STRING}, {"required": ["a"], "additionalProperties": STRING, "properties": {"a": STRING}}),
        ({"required": ["a"], "anyOf": [{"required": ["b"]}]},
         {"required": ["a"], "properties": {"a": {}}, "anyOf": [{"required": ["b"], "properties": {"b": {}}}]}),
        ({"anyOf": [STRING], "oneOf": [{"title": "t"}]}, {"anyOf": [STRING], "title": "t"}),
        ({"enum": []}, {"description": "One of the values []."}),
        (obj(b={"allOf": [{"$ref": "#"}, {"$ref": "#/$defs/a"}]}) | {"$defs": {"a": obj(x=STRING)}},
         obj(b=obj(x=STRING) | {"anyOf": [{"$ref": "#"}]})),
        (obj(a={"$ref": "#"}, b={"$ref": "#", "minimum": 1}), obj(a={"$ref": "#"}, b={"minimum": 1, "anyOf": [{"$ref": "#"}]})),
    ],
)  # fmt: skip
def test_the_same_said_otherwise(schema: Any, sent: Any) -> None:
    translated, losses = to_upstream_schema(schema, param="p")
    assert translated == sent
    assert faults(translated) == []
    assert all("told in words" in loss for loss in losses)


SELF = {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, STRING]}}}


@pytest.mark.parametrize(
    ("schema", "sent", "losses"),
    [
        ({"$ref": "#/$defs/none"}, {}, [LOST_REFERENCE]),
        ({"$ref": 1}, {}, [LOST_REFERENCE]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, {}, [LOST_REFERENCE]),
        ({"$ref": "#"}, {}, ["recursion outside of properties is cut: any value is allowed there"]),
        ({"oneOf": [STRING, {"type": "null"}]}, {"anyOf": [STRING, {"type": "null"}]}, ["oneOf is taken as anyOf"]),
        (obj(a=False), obj(), ["properties that have to be absent are left out"]),
        ({"anyOf": [False]}, {}, [NOTHING_FITS]),
        ({"allOf": [False, STRING]}, STRING, [NOTHING_FITS]),
        ({"prefixItems": [False]}, {"prefixItems": [{}]}, [NOTHING_FITS]),
        ({"$ref": "#/$defs/a", "$defs": {"a": False}}, {}, [NOTHING_FITS]),
        (obj(b={"$ref": "#/$defs/a"}) | {"$defs": {"a": False}}, obj(b={"$ref": "#/$defs/a"}) | {"$defs": {"a": {}}}, [NOTHING_FITS]),
        ({"required": ["a"], "additionalProperties": False}, {"required": ["a"], "additionalProperties": False, "properties": {"a": {}}},
         ["required properties that have to be absent are allowed"]),
        ({"anyOf": [STRING, {}], "oneOf": [STRING, {}]}, {"anyOf": [STRING, {}]},
         ["of several anyOf, oneOf and enum in one schema the first is taken", "oneOf is taken as anyOf"]),
        ({"properties": 7, "$defs": []}, {}, ["properties of a wrong type is left out"]),
        ({"anyOf": "x", "enum": 1, "minItems": True, "maxItems": -1, "title": 1, "required": [1], "minimum": "1"}, {},
         ["anyOf of a wrong type is left out", "enum of a wrong type is left out", "maxItems of a wrong type is left out",
          "minItems of a wrong type is left out", "minimum of a wrong type is left out",
          "required of a wrong type is left out", "title of a wrong type is left out"]),
        ({"$id": 1, "uniqueKeys": True, "$dynamicRef": "#x"}, {},
         ["$dynamicRef is left out", "$id of a wrong type is left out", "uniqueKeys is left out"]),
        (obj(b={"$ref": "#/$defs/a", "anyOf": [{"minimum": 1}], "minimum": 0}) | SELF,
         obj(b={"minimum": 0, "anyOf": [{"minimum": 1}]}),
         ["of several anyOf in allOf the first is taken"]),
        (obj(b={"$ref": "#", "anyOf": [{"minimum": 1}]}), obj(b={"anyOf": [{"minimum": 1}]}),
         ["a $ref that leads back to itself is left out beside anyOf"]),
    ],
)  # fmt: skip
def test_what_is_lost(schema: Any, sent: Any, losses: list[str]) -> None:
    translated, told = to_upstream_schema(schema, param="p")
    assert (translated, list(told)) == (sent, losses)
    assert faults(translated) == []


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        (
            {"type": "string", "description": "An id.", "pattern": "^a", "minLength": 2},
            {"type": "string", "description": "An id.\nAt least 2 characters.\nMatches the regular expression ^a"},
        ),
        ({"enum": [True], "default": True}, {"type": "boolean", "description": "Default: true.\nOne of the values [true]."}),
        (
            {"type": "object", "patternProperties": {"^x-": STRING}, "additionalProperties": False},
            {
                "type": "object",
                "additionalProperties": STRING,
                "description": 'Has to satisfy the JSON Schema {"patternProperties":{"^x-":{"type":"string"}}}.',
            },
        ),
        (
            {"patternProperties": {"^x": STRING, "^y": False}, "additionalProperties": {"type": "null"}},
            {
                "additionalProperties": {"anyOf": [STRING, {"type": "null"}]},
                "description": 'Has to satisfy the JSON Schema {"patternProperties":{"^x":{"type":"string"},"^y":false}}.',
            },
        ),
        ({"patternProperties": 1, "additionalProperties": False}, {"additionalProperties": False, "description":
            'Has to satisfy the JSON Schema {"patternProperties":1}.'}),
    ],
)  # fmt: skip
def test_what_is_told_in_words(schema: Any, sent: Any) -> None:
    translated, losses = to_upstream_schema(schema, param="p")
    assert translated == sent
    assert all(loss.endswith("is told in words") for loss in losses)
    assert losses


def test_too_deep() -> None:
    schema: dict[str, Any] = {}
    for _ in range(DEPTH_LIMIT + 1):
        schema = {"items": schema}
    with pytest.raises(InvalidRequest) as caught:
        to_upstream_schema(schema, param="tools[0].parameters")
    assert (caught.value.param, caught.value.message) == (
        "tools[0].parameters",
        f"The JSON schema is nested more than {DEPTH_LIMIT} levels deep.",
    )


def test_definitions_that_double_at_each_step_stay_small() -> None:
    """Each definition takes the next one twice: replaced by what they mean they would be endless."""
    definitions: dict[str, Any] = {"d40": obj(x=STRING)}
    for index in range(40):
        following = {"$ref": f"#/$defs/d{index + 1}"}
        definitions[f"d{index}"] = obj(
            a={"allOf": [following, {"minimum": 1}]}, b={"allOf": [following, {"minimum": 2}]}
        )
    sent, _ = to_upstream_schema(obj(root={"$ref": "#/$defs/d0"}) | {"$defs": definitions}, param="p")
    assert faults(sent) == []
    assert len(repr(sent)) < 5_000_000


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
