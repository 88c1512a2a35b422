"""Older and neighbouring dialects of JSON Schema in the words of the 2020-12 draft.

Clients send what their generators write: draft 4 and 7, OpenAPI 3.0, Gemini's own spelling.
"""

import math
from collections.abc import Mapping
from typing import Any, TypeIs

TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_ANYTHING = ("any", "unknown", "mixed", "*")
"""Values of ``type`` by which some generators mean that every value is allowed."""
_IN_PLACE = ("$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependencies")
"""Keywords whose subschemas are of the same value, and evaluate its properties too."""


def is_number(value: object) -> TypeIs[int | float]:
    """Whether ``value`` is a JSON number that can be compared."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def modern(schema: Mapping[str, Any], losses: set[str]) -> dict[str, Any]:
    """``schema`` in the words of the 2020-12 draft; a new dict, its values shared.

    Args:
        schema: In any dialect.
        losses: Where a ``type`` that means nothing is recorded.
    """
    result = dict(schema)
    _type(result, losses)
    if "description" not in result and "markdownDescription" in result:
        result["description"] = result["markdownDescription"]
    _tuple(result)
    _closed(result)
    if "const" in result:
        _constant(result)
    if result.pop("nullable", None) is True:
        _nullable(result)
    _limit(result, "exclusiveMinimum", "minimum")
    _limit(result, "exclusiveMaximum", "maximum")
    return result


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that a modern schema allows; empty = all of them."""
    given = schema.get("type", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _type(schema: dict[str, Any], losses: set[str]) -> None:
    if "type" not in schema:
        return
    given = schema["type"]
    names = [given] if isinstance(given, str) else given if isinstance(given, list) else [None]
    lowered = [name.lower() if isinstance(name, str) else None for name in names]
    if lowered and all(name in TYPES for name in lowered):
        known = list(dict.fromkeys(lowered))
        schema["type"] = known if isinstance(given, list) else known[0]
        return
    del schema["type"]
    if not any(name in _ANYTHING for name in lowered):
        losses.add("a type that JSON Schema does not know is left out")


def _tuple(schema: dict[str, Any]) -> None:
    """A list of schemas in ``items`` is the old spelling of ``prefixItems``."""
    rest = schema.pop("additionalItems", None)
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        if rest is not None:
            schema["items"] = rest


def _constant(schema: dict[str, Any]) -> None:
    """One value is a list of one; beside another list it has to be in that, too."""
    value, beside = schema.pop("const"), schema.get("enum")
    fits = not isinstance(beside, list) or any(
        entry == value and isinstance(entry, bool) == isinstance(value, bool) for entry in beside
    )
    schema["enum"] = [value] if fits else []


def _closed(schema: dict[str, Any]) -> None:
    """With nothing else to evaluate them, unevaluated properties are the additional ones."""
    if "unevaluatedProperties" in schema and not any(
        keyword in schema for keyword in (*_IN_PLACE, "additionalProperties")
    ):
        schema["additionalProperties"] = schema.pop("unevaluatedProperties")


def _nullable(schema: dict[str, Any]) -> None:
    """OpenAPI's word for "or null", said in each keyword that would rule null out."""
    if "enum" in schema and isinstance(schema["enum"], list):
        schema["enum"] = [*schema["enum"], None]
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            schema[keyword] = [*schema[keyword], {"type": "null"}]
    if "type" in schema:
        schema["type"] = list(dict.fromkeys([*types_of(schema), "null"]))
    if "$ref" in schema and "anyOf" not in schema:
        schema["anyOf"] = [{"$ref": schema.pop("$ref")}, {"type": "null"}]


def _limit(schema: dict[str, Any], exclusive: str, inclusive: str) -> None:
    """Of an exclusive limit, the inclusive one that follows from it; the same for integers."""
    limit = schema.get(exclusive)
    if limit is True and is_number(schema.get(inclusive)):
        limit = schema[exclusive] = schema[inclusive]
    elif not is_number(limit):
        schema.pop(exclusive, None)
        return
    if types_of(schema) and "number" not in types_of(schema):
        limit = math.floor(limit) + 1 if inclusive == "minimum" else math.ceil(limit) - 1
        del schema[exclusive]
    tighter = max if inclusive == "minimum" else min
    given = schema.get(inclusive)
    schema[inclusive] = tighter(given, limit) if is_number(given) else limit
