from typing import Any

import pytest

from responses_api.gemini.json_schema.references import ROOT, References, reference_to

A, B, NESTED, ANCHORED, OWN, DEEP = ({"title": name} for name in "abcdef")
DOCUMENT: dict[str, Any] = {
    "$id": "https://example.org/root",
    "$defs": {"a": A, "x/y~z": B, "b c": B},
    "definitions": {"a": NESTED, "false": False},
    "properties": {"p": {"items": [DEEP, 5], "$defs": {"nested": NESTED}}, "q": {"$id": "Own", **OWN}},
    "anyOf": [{"$anchor": "here", **ANCHORED}],
}


@pytest.mark.parametrize(
    ("reference", "name", "target"),
    [
        ("#/$defs/a", "a", A),
        ("#/definitions/a", "a", NESTED),
        ("#/$defs/x~1y~0z", "x/y~z", B),
        ("#/$defs/b%20c", "b c", B),
        ("https://example.org/root#/$defs/a", "a", A),
        ("#/definitions/false", "false", False),
        ("#/properties/p/items/0", "items_0", DEEP),
        ("#here", "here", {"$anchor": "here", **ANCHORED}),
        ("Own", "Own", {"$id": "Own", **OWN}),
        ("#/$defs/nested", "nested", NESTED),
        ("other.json#/definitions/nested", "nested", NESTED),
    ],
)
def test_what_references_mean(reference: str, name: str, target: Any) -> None:
    references = References(DOCUMENT)
    assert references.name_of(reference) == name
    assert references.name_of(reference) == name
    assert references.target(name) == target
    assert references.named_by(reference_to(name)) == name


@pytest.mark.parametrize("reference", ["#", "", "https://example.org/root"])
def test_the_root(reference: str) -> None:
    references = References(DOCUMENT)
    assert references.name_of(reference) == ROOT
    assert references.target(ROOT) is DOCUMENT
    assert (reference_to(ROOT), references.named_by(ROOT)) == (ROOT, ROOT)


@pytest.mark.parametrize(
    "reference", [None, 5, "#/nothing", "#/properties/p/items/2", "#/properties/p/items/x", "#/$defs/a/title/b", "#nowhere", "b.json"]
)  # fmt: skip
def test_what_leads_nowhere(reference: object) -> None:
    assert References(DOCUMENT).name_of(reference) is None


def test_two_schemas_never_have_one_name() -> None:
    references = References(
        {"$defs": {"a": {"title": "1"}}, "definitions": {"a": {"title": "2"}}, "properties": {"a/b": {}}}
    )
    assert references.name_of("#/$defs/a") == "a"
    assert references.name_of("#/definitions/a") == "a_2"
    assert (references.target("a"), references.target("a_2")) == ({"title": "1"}, {"title": "2"})
    assert references.name_of("#/properties/a~1b") == "properties_a_b"
    assert reference_to("x/y~z") == "#/$defs/x~1y~0z"


def test_one_schema_by_two_references_has_one_name() -> None:
    references = References({"$defs": {"a": {"$anchor": "a"}}})
    assert (references.name_of("#/$defs/a"), references.name_of("#a")) == ("a", "a")
