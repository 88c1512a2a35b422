"""A value that fits a JSON Schema: what the simulated model passes to tools or answers in JSON mode.

Pure. Understands JSON Schema as tools use it and the older OpenAPI subset (upper-case types,
``nullable``). Best effort on what cannot be decided locally (``not``, ``if``, ``dependent*``).
"""

import math
from dataclasses import dataclass
from typing import Any

from .pattern_sample import matching
from .values import JsonObject

_DEEPEST = 6
_ENDLESS = 12
_FORMATS = {
    "date-time": "2026-11-22T12:00:00Z",
    "date": "2026-11-22",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "1f0c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


class BadSchema(ValueError):
    """A schema that is none."""


def sample(schema: JsonObject | bool, hint: str = "sample") -> Any:
    """A value of ``schema``; free strings say ``hint``, or the name of their property.

    Raises:
        BadSchema: a keyword has a value that no schema may have.
    """
    try:
        return _Sampler(schema if isinstance(schema, dict) else {}).value(schema, hint, 0, 0)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise BadSchema(f"Invalid schema: {error}") from error


def sample_object(schema: JsonObject | bool) -> JsonObject:
    """Arguments for a function: a sample, or ``{}`` when the schema describes no object."""
    value = sample(schema)
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class _Sampler:
    root: JsonObject

    def value(self, schema: JsonObject | bool, hint: str, depth: int, nth: int) -> Any:
        """A value of ``schema``; different ``nth`` give different values where the schema leaves room."""
        if isinstance(schema, bool):
            return hint
        schema = self._flattened(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][nth % len(schema["enum"])]
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, hint, depth)
            case "string":
                return _string(schema, hint, nth)
            case "integer":
                return int(_number(schema, nth, whole=True))
            case "number":
                return _number(schema, nth, whole=False)
            case "boolean":
                return nth % 2 == 0
            case "null":
                return None
            case _:
                return hint

    def _flattened(self, schema: JsonObject, depth: int) -> JsonObject:
        """``schema`` with references, ``allOf`` and the chosen alternative merged in."""
        if depth > _ENDLESS:
            return {}
        seen: set[str] = set()
        while "$ref" in schema and schema["$ref"] not in seen:
            seen.add(schema["$ref"])
            schema = _merged(self._resolve(schema["$ref"]), {k: v for k, v in schema.items() if k != "$ref"})
        for part in schema.get("allOf", ()):
            schema = _merged(schema, self._flattened(_as_object(part), depth + 1))
        for keyword in ("anyOf", "oneOf"):
            if options := schema.get(keyword):
                rest = {name: member for name, member in schema.items() if name != keyword}
                schema = _merged(rest, self._flattened(self._choice(options, depth), depth + 1))
        return schema

    def _choice(self, options: list[JsonObject | bool], depth: int) -> JsonObject:
        """The first alternative that is not null; when deep, the one that nests least."""
        usable = [_as_object(option) for option in options]
        solid = [option for option in usable if _type_of(option) != "null"] or usable
        if depth >= _DEEPEST:
            return min(usable, key=_nesting)
        return solid[0]

    def _resolve(self, reference: str) -> JsonObject:
        node: Any = self.root
        for step in reference.lstrip("#").strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if step and not (isinstance(node, dict) and step in node):
                return {}
            node = node[step] if step else node
        return _as_object(node)

    def _object(self, schema: JsonObject, depth: int) -> JsonObject:
        properties: JsonObject = schema.get("properties", {})
        required: list[str] = schema.get("required", [])
        room = int(schema.get("maxProperties", len(properties))) - len(required)
        result: JsonObject = {}
        for name, member in properties.items():
            optional = name not in required
            if not optional or (depth < _DEEPEST and room > 0):
                result[name] = self.value(member, name, depth + 1, 0)
                room -= optional
        extra: JsonObject | bool = schema.get("additionalProperties", True)
        for name in required:
            if name not in result:
                result[name] = self.value(extra, name, depth + 1, 0)
        for index in range(int(schema.get("minProperties", 0)) - len(result)):
            result[f"key_{index + 1}"] = self.value(extra, "value", depth + 1, index)
        return result

    def _array(self, schema: JsonObject, hint: str, depth: int) -> list[Any]:
        prefix = schema.get("prefixItems", [])
        least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", 1_000))
        wanted = max(least, len(prefix), 1 if depth < _DEEPEST else 0)
        items = schema.get("items", True)
        if items is False:
            wanted = len(prefix)
        return [
            self.value(prefix[index] if index < len(prefix) else items, hint, depth + 1, index)
            for index in range(min(wanted, most))
        ]


def _as_object(schema: Any) -> JsonObject:
    return schema if isinstance(schema, dict) else {}


def _nesting(schema: JsonObject) -> int:
    if "$ref" in schema:
        return 3
    return {"object": 2, "array": 1}.get(_type_of(schema), 0)


def _merged(first: JsonObject, second: JsonObject) -> JsonObject:
    """Both at once: properties and required united, the tighter bound, else ``second`` wins."""
    result = {**first, **second}
    for name in ("properties", "$defs"):
        if name in first and name in second:
            result[name] = {**first[name], **second[name]}
    if "properties" in first and "properties" in second:
        for name in first["properties"].keys() & second["properties"].keys():
            one, other = first["properties"][name], second["properties"][name]
            if isinstance(one, dict) and isinstance(other, dict):
                result["properties"][name] = _merged(one, other)
    if "required" in first and "required" in second:
        result["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    for name, tighter in (("minimum", max), ("maximum", min), ("minLength", max), ("maxLength", min)):
        if name in first and name in second:
            result[name] = tighter(first[name], second[name])
    if "enum" in first and "enum" in second:
        result["enum"] = [value for value in first["enum"] if value in second["enum"]] or second["enum"]
    return result


def _type_of(schema: JsonObject) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = next((name for name in declared if name != "null"), "null")
    if isinstance(declared, str) and declared.upper() != "TYPE_UNSPECIFIED":
        return declared.lower()
    for keywords, name in (
        (("properties", "required", "additionalProperties", "minProperties"), "object"),
        (("items", "prefixItems", "minItems"), "array"),
        (("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "number"),
        (("pattern", "format", "minLength", "maxLength"), "string"),
    ):
        if any(keyword in schema for keyword in keywords):
            return name
    return ""


def _string(schema: JsonObject, hint: str, nth: int) -> str:
    if "pattern" in schema:
        return matching(schema["pattern"], int(schema.get("minLength", 0)))
    text: str = _FORMATS.get(schema.get("format", ""), "")
    if text:
        return text
    text = hint if nth == 0 else f"{nth + 1} {hint}"
    text += "." * (int(schema.get("minLength", 0)) - len(text))
    return text[: int(schema.get("maxLength", len(text)))]


def _number(schema: JsonObject, nth: int, *, whole: bool) -> float | int:
    """The smallest allowed value near zero, plus ``nth`` steps while they fit."""
    step = schema.get("multipleOf", 1)
    if whole and isinstance(step, float):
        step = int(step) if step.is_integer() else 1
    low, high = _bounds(schema, whole=whole)
    start = low if low > -math.inf else min(1, high)
    if "multipleOf" in schema:
        start = math.ceil(start / step) * step
        if start > high:
            start -= step
    elif whole:
        start = math.ceil(start)
    moved = start + nth * step
    return moved if moved <= high else start


def _bounds(schema: JsonObject, *, whole: bool) -> tuple[float, float]:
    """Inclusive bounds; an exclusive one is moved inwards."""
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    gap: float = 1
    if not whole and above is not None and below is not None:
        gap = (below - above) / 2
    elif not whole and above is not None and high < math.inf:
        gap = min(1, (high - above) / 2)
    elif not whole and below is not None and low > -math.inf:
        gap = min(1, (below - low) / 2)
    if isinstance(above, int | float) and not isinstance(above, bool):
        low = max(low, math.floor(above) + 1 if whole else above + gap)
    if isinstance(below, int | float) and not isinstance(below, bool):
        high = min(high, math.ceil(below) - 1 if whole else below - gap)
    return low, high
