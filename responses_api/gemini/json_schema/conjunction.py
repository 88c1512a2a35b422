"""Two schemas of the upstream's subset in one: what fits both fits it.

The upstream has no ``allOf``. The one schema is never stricter than the two; where it has to
be looser, that is named.
"""

from collections.abc import Callable, Mapping
from typing import Any

from responses_api.gemini.json_schema.dialects import types_of
from responses_api.gemini.json_schema.enumerations import fitting_values

type _Losses = set[str]
type _Combine = Callable[[Any, Any, _Losses], Any]

_KEPT_OF_FIRST = frozenset({"title", "$id"})


def conjunction(first: Mapping[str, Any], second: Mapping[str, Any], losses: _Losses) -> dict[str, Any]:
    """Neither a reference: what is wanted of both is one schema's to say.

    Args:
        first: A schema of the upstream's subset.
        second: The same; where the two cannot be reconciled, it yields.
        losses: Where that is recorded.
    """
    _note_closed(first, second, losses)
    result = dict(first)
    for keyword, value in second.items():
        if keyword not in first:
            result[keyword] = value
        elif keyword not in _KEPT_OF_FIRST and first[keyword] != value:
            result[keyword] = _COMBINE.get(keyword, _first_of(keyword))(first[keyword], value, losses)
    if "enum" in result and "type" in result:
        _drop_unfitting(result, losses)
    return result


def _drop_unfitting(schema: dict[str, Any], losses: _Losses) -> None:
    """What one schema lists may be of a type that the other does not allow."""
    values = fitting_values(schema["enum"], types_of(schema))
    if values:
        schema["enum"] = values
    else:
        del schema["enum"]
        losses.add("an enum of which allOf leaves nothing is left out")


def _note_closed(first: Mapping[str, Any], second: Mapping[str, Any], losses: _Losses) -> None:
    """In a conjunction each part closes the object by itself, against the other's properties too."""
    for closed, other in ((first, second), (second, first)):
        if closed.get("additionalProperties", True) not in (True, {}):
            if other.get("properties", {}).keys() - closed.get("properties", {}).keys():
                losses.add("additionalProperties in allOf leaves the properties of all its parts alone")
        if "items" in closed and "prefixItems" in other and "prefixItems" not in closed:
            losses.add("items in allOf leaves the prefixItems of its other parts alone")


def _first_of(keyword: str) -> _Combine:
    def combine(first: Any, second: Any, losses: _Losses) -> Any:
        losses.add(f"of several {keyword} in allOf the first is taken")
        return first

    return combine


def _types(first: Any, second: Any, losses: _Losses) -> Any:
    left = [first] if isinstance(first, str) else first
    right = [second] if isinstance(second, str) else second
    common = [kind for kind in left if kind in right or (kind == "integer" and "number" in right)]
    common += [kind for kind in right if kind == "integer" and "number" in left and kind not in left]
    if not common:
        return _first_of("type")(first, second, losses)
    return common if len(common) > 1 or isinstance(first, list) else common[0]


def _enums(first: Any, second: Any, losses: _Losses) -> Any:
    common = [value for value in first if value in second]
    return common or _first_of("enum")(first, second, losses)


def _properties(first: Any, second: Any, losses: _Losses) -> Any:
    common = {name: _subschemas(first[name], second[name], losses) for name in first if name in second}
    return {**first, **second, **common}


def _prefixes(first: Any, second: Any, losses: _Losses) -> Any:
    common = [_subschemas(left, right, losses) for left, right in zip(first, second, strict=False)]
    return [*common, *first[len(common) :], *second[len(common) :]]


def _subschemas(first: Any, second: Any, losses: _Losses) -> Any:
    """Of two different references the first counts; so does what stands where a reference cannot."""
    if first == second or first is False or second in ({}, True):
        return first
    if second is False or first in ({}, True):
        return second
    for one, other in ((first, second), (second, first)):
        if isinstance(one, dict) and "$ref" in one and isinstance(other, dict):
            if "$ref" not in other and "anyOf" not in other:
                return {**other, "anyOf": [one]}
            return _first_of("$ref")(first, second, losses)
    return conjunction(first, second, losses)


def _both_lists(first: Any, second: Any, losses: _Losses) -> Any:
    return list(dict.fromkeys([*first, *second]))


def _descriptions(first: Any, second: Any, losses: _Losses) -> Any:
    return f"{first}\n{second}"


def _greater(first: Any, second: Any, losses: _Losses) -> Any:
    return max(first, second)


def _smaller(first: Any, second: Any, losses: _Losses) -> Any:
    return min(first, second)


_COMBINE: Mapping[str, _Combine] = {
    "type": _types,
    "enum": _enums,
    "properties": _properties,
    "required": _both_lists,
    "propertyOrdering": _both_lists,
    "items": _subschemas,
    "additionalProperties": _subschemas,
    "prefixItems": _prefixes,
    "minimum": _greater,
    "minItems": _greater,
    "maximum": _smaller,
    "maxItems": _smaller,
    "description": _descriptions,
}
"""How two values of a keyword become one; of the others (format, anyOf) the first is taken."""
