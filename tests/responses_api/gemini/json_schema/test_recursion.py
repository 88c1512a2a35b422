from typing import Any

import pytest

from responses_api.gemini.json_schema.recursion import loosen_recursion, used_definitions

A, B, SELF = {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}, {"$ref": "#"}
STRING = {"type": "string"}
CUT = {"recursion outside of properties is cut: any value is allowed there"}
TOLD = {"recursion in required properties is told in words"}


def obj(required: list[str] | None = None, /, **properties: Any) -> dict[str, Any]:
    return {"properties": properties} | ({"required": required} if required else {})


@pytest.mark.parametrize(
    ("root", "definitions"),
    [
        (obj(["a"], a=A), {"a": STRING}),
        (obj(a=SELF), {}),
        (obj(["list"], list=obj(next=SELF)), {}),
        (obj(["a"], a=A), {"a": obj(["value"], value=STRING, next={"items": A})}),
        (A, {"a": {"anyOf": [STRING, B]}, "b": obj(["x"], x=STRING, children={"items": A})}),
        (A, {"a": obj(["b"], b=B), "b": obj(a=A)}),
        ({"items": A, "additionalProperties": False}, {"a": STRING}),
    ],
)
def test_recursion_that_can_end_is_left_alone(root: dict[str, Any], definitions: dict[str, Any]) -> None:
    losses: set[str] = set()
    assert loosen_recursion(root, definitions, losses) == (root, definitions)
    assert losses == set()


@pytest.mark.parametrize(
    ("root", "loosened"),
    [
        (
            obj(["a", "b"], a=SELF, b=STRING),
            obj(["b"], a=SELF, b=STRING) | {"description": "Always present: a."},
        ),
        (
            obj(["a", "b"], a={"items": SELF}, b={"anyOf": [STRING, SELF]}) | {"description": "d"},
            obj(a={"items": SELF}, b={"anyOf": [STRING, SELF]}) | {"description": "d\nAlways present: a, b."},
        ),
        (
            obj(["outer"], outer=obj(["inner"], inner={"prefixItems": [SELF]})),
            obj(
                ["outer"],
                outer=obj(inner={"prefixItems": [SELF]}) | {"description": "Always present: inner."},
            ),
        ),
        (
            {"additionalProperties": obj(["a"], a=SELF)},
            {"additionalProperties": obj(a=SELF) | {"description": "Always present: a."}},
        ),
    ],
)
def test_a_property_that_never_ends_need_not_be_there(root: dict[str, Any], loosened: dict[str, Any]) -> None:
    losses: set[str] = set()
    assert loosen_recursion(root, {}, losses) == (loosened, {})
    assert losses == TOLD


def test_two_that_need_each_other() -> None:
    losses: set[str] = set()
    root, definitions = loosen_recursion(A, {"a": obj(["b"], b=B), "b": obj(["a"], a=A)}, losses)
    assert root == A
    assert definitions == {
        "a": obj(b=B) | {"description": "Always present: b."},
        "b": obj(a=A) | {"description": "Always present: a."},
    }
    assert losses == TOLD


def test_recursion_without_a_property_is_cut() -> None:
    losses: set[str] = set()
    json = {"anyOf": [STRING, {"items": A}, {"additionalProperties": A}]}
    root, definitions = loosen_recursion(obj(["v"], v=A), {"a": json}, losses)
    assert root == obj(["v"], v=A)
    assert definitions == {"a": {"anyOf": [STRING, {"items": {}}, {"additionalProperties": {}}]}}
    assert losses == CUT


def test_used_definitions() -> None:
    definitions = {"a": {"items": B}, "b": {"additionalProperties": True}, "c": A}
    assert used_definitions(obj(x=A), definitions) == {"a": definitions["a"], "b": definitions["b"]}
    assert used_definitions(STRING, definitions) == {}
