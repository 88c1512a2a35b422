"""Lists of allowed values, of which the upstream knows those of strings and numbers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from responses_api.gemini.json_schema.dialects import is_number
from responses_api.gemini.json_schema.words import quoted_json


@dataclass(frozen=True, slots=True)
class Enumeration:
    """What the upstream can be told of a list of values."""

    alternatives: tuple[dict[str, Any], ...] = ()
    """Schemas of which a value fits one; empty = every value is allowed."""
    sentence: str | None = None
    """The values in words, where the alternatives allow more."""
    loss: str | None = None


def fitting_values(values: Sequence[Any], types: Sequence[str]) -> list[Any]:
    """Those of ``values`` that are of one of ``types``; no types = all."""
    return [value for value in values if not types or any(_is_of(value, kind) for kind in types)]


def enumeration(values: Sequence[Any], types: Sequence[str]) -> Enumeration:
    """Translate an ``enum``.

    Args:
        values: JSON values. The empty string is one that the upstream does not list either.
        types: The types that are allowed beside it; empty = all.
    """
    fitting = fitting_values(values, types)
    listed = [value for value in fitting if value != "" and (isinstance(value, str) or is_number(value))]
    if len(listed) == len(fitting) and fitting:
        return Enumeration(({"enum": _distinct(listed)},))
    alternatives: list[dict[str, Any]] = []
    if "" in fitting:
        alternatives.append({"type": "string"})
        listed = [value for value in listed if not isinstance(value, str)]
    if listed:
        alternatives.insert(0, _typed(_distinct(listed)))
    alternatives += [
        {"type": kind}
        for kind in ("boolean", "null", "object", "array")
        if any(_is_of(value, kind) for value in fitting)
    ]
    vague = "" in fitting or any(isinstance(value, dict | list) for value in fitting)
    booleans = {value for value in fitting if isinstance(value, bool)}
    if fitting and not vague and len(booleans) != 1:
        return Enumeration(tuple(alternatives))
    text = quoted_json(list(values))
    if text is None:
        return Enumeration(tuple(alternatives), None, "enum is left out")
    return Enumeration(tuple(alternatives), f"One of the values {text}.", "enum is told in words")


def _typed(values: list[Any]) -> dict[str, Any]:
    """The list with the type that its values have in common, as the others of its alternatives have one."""
    strings = [value for value in values if isinstance(value, str)]
    if len(strings) == len(values):
        return {"type": "string", "enum": values}
    return {"type": ["string", "number"] if strings else "number", "enum": values}


def _distinct(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _is_of(value: object, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return is_number(value)
        case "integer":
            return is_number(value) and value == int(value)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "object":
            return isinstance(value, dict)
        case _:
            return isinstance(value, list)
