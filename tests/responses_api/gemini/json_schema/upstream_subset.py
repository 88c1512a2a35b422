"""What the upstream says of the schemas that it takes, as a check of ours."""

from collections.abc import Iterator
from typing import Any

KEYWORDS = {
    "$id",
    "$defs",
    "$ref",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "properties",
    "additionalProperties",
    "required",
    "propertyOrdering",
}


def faults(document: Any) -> list[str]:
    """Why the upstream might refuse ``document``, each fault with where it is."""
    definitions = document.get("$defs", {})
    return [
        f"{place}: {fault}"
        for place, schema in _schemas(document, "#")
        for fault in _faults(schema, definitions)
    ]


def _schemas(schema: Any, place: str) -> Iterator[tuple[str, Any]]:
    yield place, schema
    if not isinstance(schema, dict):
        return
    for keyword in ("properties", "$defs"):
        for name, part in schema.get(keyword, {}).items():
            yield from _schemas(part, f"{place}/{keyword}/{name}")
    for keyword in ("anyOf", "prefixItems"):
        for index, part in enumerate(schema.get(keyword, [])):
            yield from _schemas(part, f"{place}/{keyword}/{index}")
    if "items" in schema:
        yield from _schemas(schema["items"], f"{place}/items")
    if not isinstance(schema.get("additionalProperties", True), bool):
        yield from _schemas(schema["additionalProperties"], f"{place}/additionalProperties")


def _faults(schema: Any, definitions: dict[str, Any]) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield "no object"
        return
    yield from schema.keys() - KEYWORDS
    if "$ref" in schema:
        yield from (f"{keyword} beside $ref" for keyword in schema if not keyword.startswith("$"))
        name = schema["$ref"].removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
        if schema["$ref"] != "#" and name not in definitions:
            yield f"{schema['$ref']} leads nowhere"
    for value in schema.get("enum", []):
        if value == "" or isinstance(value, bool) or not isinstance(value, str | int | float):
            yield f"{value!r} in enum"
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            yield f"required {name} is not defined"
