"""Schemas that contain themselves.

The upstream unrolls them to some depth, which has to be able to end: somewhere on the way
back to itself there has to be a property that may be left out.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

from responses_api.gemini.json_schema.references import ROOT, reference_to

type _Graph = Mapping[str, frozenset[str]]
"""References to named schemas that each named schema leads to."""


class _Way(IntEnum):
    """How a schema comes to a reference in it."""

    BARE = 0
    """Through no property."""
    REQUIRED = 1
    """Through properties that have to be there."""
    OPTIONAL = 2
    """Through a property that may be left out, among others."""


def loosen_recursion(
    root: Mapping[str, Any], definitions: Mapping[str, Any], losses: set[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A document that contains itself only where the upstream follows.

    Args:
        root: A schema of the upstream's subset, without ``$defs``.
        definitions: Its ``$defs``.
        losses: Where it is recorded that a property need not be there, or that any value is allowed.

    Returns:
        The two again, new where something had to change.
    """
    named = _named(root, definitions)
    unavoidable, bare = _graph(named, _Way.REQUIRED), _graph(named, _Way.BARE)
    loosened = {
        reference: _Loosening(_back(reference, unavoidable), _back(reference, bare), losses).schema(schema)
        for reference, schema in named.items()
    }
    return loosened[ROOT], {name: loosened[reference_to(name)] for name in definitions}


def used_definitions(root: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``definitions`` to which ``root`` leads."""
    used = _graph(_named(root, definitions), _Way.OPTIONAL)[ROOT]
    return {name: schema for name, schema in definitions.items() if reference_to(name) in used}


def _named(root: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {ROOT: root, **{reference_to(name): schema for name, schema in definitions.items()}}


def _graph(named: Mapping[str, Any], longest: _Way) -> _Graph:
    """What leads where, by ways up to ``longest`` only."""
    direct = {
        reference: frozenset(met for met, way in _references(schema, _Way.BARE) if way <= longest)
        for reference, schema in named.items()
    }
    return {reference: _reachable(reference, direct) for reference in named}


def _reachable(start: str, direct: _Graph) -> frozenset[str]:
    reached: set[str] = set()
    waiting = list(direct[start])
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting.extend(direct[reference])
    return frozenset(reached)


def _back(reference: str, graph: _Graph) -> frozenset[str]:
    """The references that lead back to ``reference``, its own included."""
    return frozenset(other for other in graph if other == reference or reference in graph[other])


def _references(schema: Any, way: _Way) -> Iterator[tuple[str, _Way]]:
    """The references in ``schema``, which is come to by ``way``."""
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        yield schema["$ref"], way
    for part in _parts(schema):
        yield from _references(part, way)
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        step = _Way.REQUIRED if name in required else _Way.OPTIONAL
        yield from _references(part, max(way, step))


def _parts(schema: Mapping[str, Any]) -> Iterator[Any]:
    """The direct subschemas but for those of properties."""
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield schema[keyword]
    for keyword in ("anyOf", "prefixItems"):
        yield from schema.get(keyword, ())


class _Loosening:
    """One walk through a named schema."""

    def __init__(self, endless: frozenset[str], bare: frozenset[str], losses: set[str]) -> None:
        self._endless = endless
        """References that lead back here without a property that may be left out."""
        self._bare = bare
        """References that lead back here without any property."""
        self._losses = losses

    def schema(self, schema: Any, way: _Way = _Way.BARE) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        if way is _Way.BARE and schema.get("$ref") in self._bare:
            self._losses.add("recursion outside of properties is cut: any value is allowed there")
            return {}
        result = dict(schema)
        for keyword in ("items", "additionalProperties"):
            if keyword in schema:
                result[keyword] = self.schema(schema[keyword], way)
        for keyword in ("anyOf", "prefixItems"):
            if keyword in schema:
                result[keyword] = [self.schema(part, way) for part in schema[keyword]]
        if "properties" in schema:
            self._properties(schema, result, way)
        return result

    def _properties(self, schema: Mapping[str, Any], result: dict[str, Any], way: _Way) -> None:
        required = schema.get("required", ())
        properties = schema["properties"]
        ways = {name: max(way, _Way.REQUIRED if name in required else _Way.OPTIONAL) for name in properties}
        result["properties"] = {name: self.schema(part, ways[name]) for name, part in properties.items()}
        endless = [
            name for name in required if ways[name] is _Way.REQUIRED and self._is_endless(properties[name])
        ]
        if endless:
            self._losses.add("recursion in required properties is told in words")
            result["required"] = [name for name in required if name not in endless]
            if not result["required"]:
                del result["required"]
            text = f"Always present: {', '.join(endless)}."
            result["description"] = f"{schema['description']}\n{text}" if "description" in schema else text

    def _is_endless(self, part: Any) -> bool:
        """Whether ``part`` leads back without passing another property."""
        if not isinstance(part, Mapping):
            return False
        return part.get("$ref") in self._endless or any(self._is_endless(inner) for inner in _parts(part))
