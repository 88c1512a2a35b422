"""JSON Schemas of clients in the subset that the upstream understands.

Pure; never changes its input. What the upstream takes is passed unchanged. What it refuses or
ignores is rewritten where the meaning can be kept, and otherwise left out and named, so that a
loss is visible.

Source: Gemini API "structured outputs" guide, keywords of ``responseJsonSchema``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from responses_api.core.errors import InvalidRequest

DEPTH_LIMIT = 64
"""Levels of nesting; deeper schemas are refused upstream as too complex anyway."""

_PLAIN = frozenset(
    {
        "$id",
        "$anchor",
        "type",
        "format",
        "title",
        "description",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "required",
        "propertyOrdering",
    }
)
_SCHEMA = frozenset({"items", "additionalProperties"})
_SCHEMA_LISTS = frozenset({"prefixItems", "anyOf", "oneOf"})
_SCHEMA_MAPS = frozenset({"properties", "$defs"})
_EXCLUSIVE_LIMITS = {"exclusiveMinimum": ("minimum", 1), "exclusiveMaximum": ("maximum", -1)}
_MEANINGLESS = frozenset({"$schema", "$comment"})

type Schema = Mapping[str, Any] | bool


def to_upstream_schema(schema: Schema, *, param: str) -> tuple[Any, tuple[str, ...]]:
    """Translate one JSON Schema.

    Args:
        schema: As the client sent it.
        param: Where it stands in the request, for errors.

    Returns:
        The schema to send, and the keywords that were left out, sorted.

    Raises:
        InvalidRequest: nested deeper than ``DEPTH_LIMIT``.
    """
    translation = _Translation(param)
    return translation.schema(schema, 0), tuple(sorted(translation.lost))


def is_empty_object(schema: Schema | None) -> bool:
    """Whether ``schema`` says only "an object without known properties", or nothing at all.

    The upstream wants no schema then.
    """
    if schema is None or schema is True:
        return True
    if schema is False:
        return False
    meaning = {
        key for key, value in schema.items() if key not in _MEANINGLESS and value not in ({}, [], None)
    }
    return meaning <= {"type", "additionalProperties", "title", "description"} and (
        schema.get("type", "object") == "object"
        and not isinstance(schema.get("additionalProperties"), Mapping)
    )


class _Translation:
    """One walk over one schema; collects what is lost."""

    def __init__(self, param: str) -> None:
        self._param = param
        self.lost: set[str] = set()

    def schema(self, schema: Any, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise InvalidRequest(
                f"The JSON schema is nested more than {DEPTH_LIMIT} levels deep.", param=self._param
            )
        if not isinstance(schema, Mapping):
            return schema
        if "$ref" in schema and "anyOf" in schema:
            self.lost.add("$ref beside anyOf")
            schema = _without(schema, "$ref")
        result: dict[str, Any] = {}
        for key, value in _with_any_of(schema).items():
            self._keyword(key, value, result, depth)
        self._exclusive_limits(schema, result)
        return result

    def _keyword(self, key: str, value: Any, result: dict[str, Any], depth: int) -> None:
        if key in _PLAIN:
            result[key] = value
        elif key in _SCHEMA:
            result[key] = self.schema(value, depth + 1)
        elif key in _SCHEMA_LISTS and isinstance(value, list | tuple):
            result[key] = [self.schema(entry, depth + 1) for entry in value]
        elif key in _SCHEMA_MAPS or key == "definitions":
            self._definitions(key, value, result, depth)
        elif key == "$ref":
            result[key] = str(value).replace("#/definitions/", "#/$defs/")
        elif key in ("const", "enum"):
            self._enum([value] if key == "const" else value, result)
        elif key not in _EXCLUSIVE_LIMITS:
            self.lost.add(key)

    def _definitions(self, key: str, value: Any, result: dict[str, Any], depth: int) -> None:
        """``properties`` and ``$defs``; the older name ``definitions`` becomes ``$defs``."""
        if not isinstance(value, Mapping):
            self.lost.add(key)
            return
        target = "$defs" if key == "definitions" else key
        schemas = {name: self.schema(entry, depth + 1) for name, entry in value.items()}
        result[target] = {**result.get(target, {}), **schemas}

    def _enum(self, values: Any, result: dict[str, Any]) -> None:
        """The upstream knows enumerations of strings and numbers only."""
        listed = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else []
        known = [
            value for value in listed if isinstance(value, str | int | float) and not isinstance(value, bool)
        ]
        if len(known) < len(listed):
            self.lost.add("enum of other than strings and numbers")
        if known:
            result["enum"] = known

    def _exclusive_limits(self, schema: Mapping[str, Any], result: dict[str, Any]) -> None:
        """An exclusive limit on integers is the next inclusive one; others are lost."""
        for key, (inclusive, step) in _EXCLUSIVE_LIMITS.items():
            if key not in schema:
                continue
            match schema:
                case {"type": "integer", **rest} if inclusive not in rest and type(rest[key]) is int:
                    result[inclusive] = rest[key] + step
                case _:
                    self.lost.add(key)


def _with_any_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """``schema`` without the two forms that mean "exactly this other schema".

    Generators write them to annotate a reference: an ``allOf`` of one schema, and a ``$ref``
    with keywords beside it, which the upstream refuses. An ``anyOf`` of one says the same.
    """
    match schema:
        case {"anyOf": _}:
            return schema
        case {"$ref": reference} if _has_keywords_beside_reference(schema):
            return {**_without(schema, "$ref"), "anyOf": [{"$ref": reference}]}
        case {"allOf": [only]}:
            return {**_without(schema, "allOf"), "anyOf": [only]}
        case _:
            return schema


def _has_keywords_beside_reference(schema: Mapping[str, Any]) -> bool:
    return any(not key.startswith("$") and key != "definitions" for key in schema)


def _without(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != keyword}
