"""One JSON Schema of a client's, rewritten in the upstream's subset."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.json_schema import dialects, words
from responses_api.gemini.json_schema.conjunction import conjunction
from responses_api.gemini.json_schema.enumerations import enumeration
from responses_api.gemini.json_schema.recursion import loosen_recursion, used_definitions
from responses_api.gemini.json_schema.references import ROOT, References, reference_to

DEPTH_LIMIT = 64
"""Levels of nesting; deeper schemas are refused upstream as too complex anyway."""
NODE_LIMIT = 20_000
"""Subschemas after which references are no longer replaced by what they mean."""

_LEADS_NOWHERE = "a $ref that leads nowhere is left out: any value is allowed there"
_NOTHING_FITS = "a schema that nothing fits is left out: any value is allowed there"
_ANNOTATIONS = frozenset({"title", "description"})
_HANDLED_APART = frozenset(
    {
        "$ref",
        "$defs",
        "definitions",
        "$anchor",
        "enum",
        "allOf",
        "anyOf",
        "oneOf",
        "properties",
        "additionalProperties",
        "items",
        "prefixItems",
        *words.CONSTRAINTS,
        *words.ANNOTATIONS,
        *words.QUOTED,
        *words.SILENT,
    }
)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


_PLAIN: Mapping[str, Callable[[object], bool]] = {
    "$id": _is_text,
    "type": bool,
    "format": _is_text,
    "title": _is_text,
    "description": _is_text,
    "minItems": _is_count,
    "maxItems": _is_count,
    "minimum": dialects.is_number,
    "maximum": dialects.is_number,
    "required": _are_texts,
    "propertyOrdering": _are_texts,
}
"""Keywords that are passed on, and what their values have to be."""


class _TooDeep(InvalidRequest):
    """The client's own nesting is its fault; that of schemas put in place of references is not."""


class Translation:
    """One walk over one document; collects what is lost."""

    def __init__(self, root: Mapping[str, Any], param: str) -> None:
        self._root = root
        self._param = param
        self._references = References(root)
        self._used: dict[str, None] = {}
        """Names that references were met to, in order."""
        self._inlined: list[str] = []
        self._nodes = 0
        self.losses: set[str] = set()

    def document(self) -> dict[str, Any]:
        """The whole document, with the definitions that it uses."""
        root = self._possible(self._root, 0)
        root = self._dereferenced(root, 0)
        if "$id" in self._root and _is_text(self._root["$id"]):
            root["$id"] = self._root["$id"]
        if not self._used:
            return root
        definitions: dict[str, Any] = {}
        while missing := [name for name in self._used if name not in definitions and name != ROOT]:
            for name in missing:
                definitions[name] = self._possible(self._references.target(name), 0)
        definitions = used_definitions(root, definitions)
        root, definitions = loosen_recursion(root, definitions, self.losses)
        definitions = used_definitions(root, definitions)
        return {**root, "$defs": definitions} if definitions else root

    def _schema(self, schema: Any, depth: int) -> Any:
        """One subschema; False for one that nothing fits."""
        if depth > DEPTH_LIMIT:
            raise _TooDeep(
                f"The JSON schema is nested more than {DEPTH_LIMIT} levels deep.", param=self._param
            )
        if not isinstance(schema, Mapping):
            return False if schema is False else {}
        self._nodes += 1
        given = dialects.modern(schema, self.losses)
        result = self._plain(given)
        sentences = words.told(given, self.losses)
        self._properties(given, result, depth)
        self._items(given, result, depth)
        alternations = [*self._enum(given, result, sentences), *self._alternations(given, depth)]
        if sentences:
            text = "\n".join(sentences)
            result["description"] = f"{result['description']}\n{text}" if "description" in result else text
        for alternatives in alternations:
            result = self._with_alternatives(result, alternatives, depth)
        for part in self._listed(given, "allOf"):
            result = self._both(result, self._schema(part, depth + 1), depth)
        if "$ref" in given:
            result = self._both(result, self._reference(given["$ref"]), depth)
        return self._with_required_defined(result)

    def _possible(self, schema: Any, depth: int) -> dict[str, Any]:
        """A subschema for a place where the upstream takes none that nothing fits."""
        translated = self._schema(schema, depth)
        if translated is False:
            self.losses.add(_NOTHING_FITS)
        return translated or {}

    def _plain(self, given: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for keyword, value in given.items():
            if keyword in _PLAIN:
                if _PLAIN[keyword](value):
                    result[keyword] = value
                else:
                    self.losses.add(f"{keyword} of a wrong type is left out")
            elif keyword not in _HANDLED_APART and not keyword.startswith("x-"):
                self.losses.add(f"{keyword} is left out")
        result.pop("$id", None)
        return result

    def _properties(self, given: Mapping[str, Any], result: dict[str, Any], depth: int) -> None:
        properties = given.get("properties")
        if isinstance(properties, Mapping):
            schemas = {name: self._schema(entry, depth + 1) for name, entry in properties.items()}
            result["properties"] = {name: schema for name, schema in schemas.items() if schema is not False}
            if len(result["properties"]) < len(schemas) and given.get("additionalProperties") is not False:
                self.losses.add("properties that have to be absent are left out")
        elif "properties" in given:
            self.losses.add("properties of a wrong type is left out")
        further = self._further_properties(given, depth)
        if further is not None:
            result["additionalProperties"] = further

    def _further_properties(self, given: Mapping[str, Any], depth: int) -> Any:
        """The schema of properties that have none of their own, or None.

        The upstream knows no patterns of names: what fits one of them fits all other names.
        """
        further = given.get("additionalProperties")
        if further is None or further is True:
            return further
        patterns = given.get("patternProperties")
        schemas = [*(patterns.values() if isinstance(patterns, Mapping) else ()), further]
        allowed = [
            schema for schema in (self._schema(entry, depth + 1) for entry in schemas) if schema is not False
        ]
        if not allowed:
            return False
        return allowed[0] if len(allowed) == 1 else {"anyOf": allowed}

    def _items(self, given: Mapping[str, Any], result: dict[str, Any], depth: int) -> None:
        prefixes = [self._possible(entry, depth + 1) for entry in self._listed(given, "prefixItems")]
        if prefixes:
            result["prefixItems"] = prefixes
        if "items" not in given:
            return
        items = self._schema(given["items"], depth + 1)
        if items is False:
            result["maxItems"] = min(len(prefixes), result.get("maxItems", len(prefixes)))
        else:
            result["items"] = items

    def _enum(
        self, given: Mapping[str, Any], result: dict[str, Any], sentences: list[str]
    ) -> Iterable[list[Any]]:
        if not isinstance(given.get("enum"), list):
            if "enum" in given:
                self.losses.add("enum of a wrong type is left out")
            return
        values = enumeration(given["enum"], dialects.types_of(result))
        if values.sentence:
            sentences.append(values.sentence)
        if values.loss:
            self.losses.add(values.loss)
        if len(values.alternatives) == 1:
            result.update(values.alternatives[0])
        elif values.alternatives:
            result.pop("type", None)
            yield list(values.alternatives)

    def _alternations(self, given: Mapping[str, Any], depth: int) -> Iterable[list[Any]]:
        for keyword in ("anyOf", "oneOf"):
            parts = [self._schema(part, depth + 1) for part in self._listed(given, keyword)]
            alternatives = [part for part in parts if part is not False]
            if alternatives:
                if keyword == "oneOf" and len(alternatives) > 1:
                    self.losses.add("oneOf is taken as anyOf")
                yield alternatives
            elif parts:
                self.losses.add(_NOTHING_FITS)

    def _with_alternatives(
        self, schema: dict[str, Any], alternatives: list[Any], depth: int
    ) -> dict[str, Any]:
        if "anyOf" not in schema:
            return {**schema, "anyOf": alternatives}
        if len(alternatives) == 1:
            return self._both(schema, alternatives[0], depth)
        self.losses.add("of several anyOf, oneOf and enum in one schema the first is taken")
        return schema

    def _listed(self, given: Mapping[str, Any], keyword: str) -> list[Any]:
        value = given.get(keyword, [])
        if isinstance(value, list):
            return value
        self.losses.add(f"{keyword} of a wrong type is left out")
        return []

    def _reference(self, reference: object) -> dict[str, Any]:
        name = self._references.name_of(reference)
        if name is None:
            self.losses.add(_LEADS_NOWHERE)
            return {}
        self._used[name] = None
        return {"$ref": reference_to(name)}

    def _both(self, first: dict[str, Any], second: Any, depth: int) -> dict[str, Any]:
        """The conjunction of two translated schemas, references included."""
        if second is False:
            self.losses.add(_NOTHING_FITS)
            return first
        if not first or not second:
            return first or second
        if "$ref" not in first and "$ref" not in second:
            return conjunction(first, second, self.losses)
        if "$ref" not in second:
            first, second = second, first
        if first.keys() <= _ANNOTATIONS:
            return {**first, "anyOf": [second]}
        meant = self._dereferenced(second, depth)
        if "$ref" in first:
            first = self._dereferenced(first, depth)
        if "$ref" in first:
            first = {"anyOf": [first]}
        if "$ref" not in meant:
            return conjunction(first, meant, self.losses)
        if "anyOf" not in first:
            return {**first, "anyOf": [meant]}
        self.losses.add("a $ref that leads back to itself is left out beside anyOf")
        return first

    def _dereferenced(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        """What a reference means; the reference itself where it leads back to itself, or too far."""
        seen = set()
        while "$ref" in schema:
            name = self._references.named_by(schema["$ref"])
            if name in seen:
                self.losses.add(_LEADS_NOWHERE)
                return {}
            seen.add(name)
            if name in (*self._inlined, ROOT) or self._nodes > NODE_LIMIT:
                return schema
            self._inlined.append(name)
            try:
                schema = self._possible(self._references.target(name), depth + 1)
            except _TooDeep:
                return schema
            finally:
                self._inlined.pop()
        return schema

    def _with_required_defined(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Every required property is one of ``properties``, as the upstream wants it."""
        undefined = [name for name in schema.get("required", ()) if name not in schema.get("properties", {})]
        if not undefined:
            return schema
        further = schema.get("additionalProperties", True)
        if further is False:
            self.losses.add("required properties that have to be absent are allowed")
        definition = further if isinstance(further, dict) else {}
        return {
            **schema,
            "properties": {**schema.get("properties", {}), **dict.fromkeys(undefined, definition)},
        }
