"""Request bodies against ``schema.json``: the shape of every field, in Google's words.

Pure. The schema is compiled once into closures: a general JSON Schema validator costs
milliseconds per request, which a benchmark's upstream must not. Only the keywords that
``schema.json`` uses are known; any other one is refused at import, so none is ignored silently.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from .errors import ApiError, Violation, bad_request
from .values import JsonObject

type _Check = Callable[[Any, str], list[Violation]]

_DEFS: dict[str, JsonObject] = msgspec.json.decode(files(__package__).joinpath("schema.json").read_bytes())[
    "$defs"
]
_PROTO_TYPES = {
    "string": "TYPE_STRING",
    "number": "TYPE_FLOAT",
    "integer": "TYPE_INT32",
    "boolean": "TYPE_BOOL",
    "array": "repeated field",
    "object": "TYPE_MESSAGE",
}
_KNOWN = {
    "$ref", "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
    "minProperties", "enum", "pattern", "minimum", "maximum", "oneOf", "format",
}  # fmt: skip


def generate_content_error(body: object) -> ApiError | None:
    """What is wrong with the shape of a generateContent body, or None."""
    return _error("GenerateContentRequest", body)


def count_tokens_error(body: object) -> ApiError | None:
    """What is wrong with the shape of a countTokens body, or None."""
    return _error("CountTokensRequest", body)


def _error(name: str, body: object) -> ApiError | None:
    violations = _definition(name)(body, "")
    return bad_request(violations) if violations else None


def snake_case(name: str) -> str:
    """The proto spelling of a JSON field name: ``thinkingConfig`` -> ``thinking_config``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


_snake_case = cache(snake_case)


@cache
def _definition(name: str) -> _Check:
    return _compile(_DEFS[name], name)


def _compile(schema: JsonObject, name: str) -> _Check:
    if unknown := set(schema) - _KNOWN:
        raise ValueError(f"schema.json uses {sorted(unknown)}, which validation.py does not know")
    if "$ref" in schema:
        return _compile_reference(schema["$ref"].rsplit("/", 1)[-1])
    if "enum" in schema:
        return _compile_enum(frozenset(schema["enum"]), name)
    match schema.get("type"):
        case "object":
            return _compile_object(schema)
        case "array":
            return _compile_array(schema)
        case None if "oneOf" in schema:
            return _compile_alternatives([_compile(option, name) for option in schema["oneOf"]])
        case None:
            return _anything
        case scalar:
            return _compile_scalar(schema, scalar)


def _anything(value: Any, path: str) -> list[Violation]:
    return []


def _compile_reference(name: str) -> _Check:
    def check(value: Any, path: str) -> list[Violation]:
        return _definition(name)(value, path)

    return check


def _invalid_value(path: str, type_name: str, value: Any) -> list[Violation]:
    shown = msgspec.json.encode(value).decode()[:200]
    return [Violation(path, f"Invalid value at '{path}' ({type_name}), {shown}")]


def _compile_enum(members: frozenset[str], name: str) -> _Check:
    type_name = f"type.googleapis.com/google.ai.generativelanguage.v1beta.{name}"

    def check(value: Any, path: str) -> list[Violation]:
        if isinstance(value, str) and value in members:
            return []
        return _invalid_value(path, type_name, value)

    return check


def _is_of_type(value: Any, name: str) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return type(value) is int or (type(value) is float and value.is_integer())
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case _:
            raise ValueError(f"schema.json uses the type {name}, which validation.py does not know")


def _compile_scalar(schema: JsonObject, declared: str | list[str]) -> _Check:
    types = [declared] if isinstance(declared, str) else declared
    type_name = _PROTO_TYPES[types[0]]
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None
    low, high = schema.get("minimum"), schema.get("maximum")

    def check(value: Any, path: str) -> list[Violation]:
        if not any(_is_of_type(value, name) for name in types):
            return _invalid_value(path, type_name, value)
        if pattern is not None and not pattern.search(value):
            return _invalid_value(path, type_name, value)
        if (low is not None and value < low) or (high is not None and value > high):
            return _invalid_value(path, type_name, value)
        return []

    return check


def _compile_alternatives(options: list[_Check]) -> _Check:
    def check(value: Any, path: str) -> list[Violation]:
        outcomes = [option(value, path) for option in options]
        return [] if any(not outcome for outcome in outcomes) else outcomes[0]

    return check


def _compile_array(schema: JsonObject) -> _Check:
    item = _compile(schema["items"], "item")
    low, high = schema.get("minItems", 0), schema.get("maxItems")

    def check(value: Any, path: str) -> list[Violation]:
        if not isinstance(value, list):
            return _invalid_value(path, _PROTO_TYPES["array"], value)
        if len(value) < low:
            return [Violation(path, f"* GenerateContentRequest.{path}: {path} must not be empty.")]
        if high is not None and len(value) > high:
            return [Violation(path, f"* GenerateContentRequest.{path}: at most {high} values are allowed.")]
        found: list[Violation] = []
        for index, entry in enumerate(value):
            found += item(entry, f"{path}[{index}]")
        return found

    return check


def _compile_object(schema: JsonObject) -> _Check:
    properties = {
        name: (_compile(value, name[0].upper() + name[1:]), _snake_case(name))
        for name, value in schema.get("properties", {}).items()
    }
    extra = _compile_extra(schema.get("additionalProperties", True))
    finish = _compile_presence(schema)

    def check(value: Any, path: str) -> list[Violation]:
        if not isinstance(value, dict):
            return _invalid_value(path or "body", _PROTO_TYPES["object"], value)
        found: list[Violation] = []
        for name, member in value.items():
            known = properties.get(name)
            if known is None:
                found += extra(name, member, path)
            else:
                found += known[0](member, f"{path}.{known[1]}" if path else known[1])
        return found or finish(value, path)

    return check


def _compile_extra(declared: bool | JsonObject) -> Callable[[str, Any, str], list[Violation]]:
    match declared:
        case True:
            return lambda name, member, path: []
        case False:
            return _unknown_name
        case schema:
            check = _compile(schema, "value")
            return lambda name, member, path: check(member, f"{path}[{name}]")


def _unknown_name(name: str, member: Any, path: str) -> list[Violation]:
    place = f" at '{path}'" if path else ""
    text = f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
    return [Violation(path, text)]


def _compile_presence(schema: JsonObject) -> _Check:
    """Which fields must be there: ``required``, ``minProperties``, and ``oneOf`` over single fields."""
    required: list[str] = schema.get("required", [])
    fewest = schema.get("minProperties", 0)
    one_of = [option["required"][0] for option in schema.get("oneOf", [])]

    def check(value: Any, path: str) -> list[Violation]:
        for name in required:
            if name not in value:
                return [_missing(path, _snake_case(name))]
        if len(value) < fewest:
            return [_missing(path, "tool_type")]
        if one_of and (count := sum(name in value for name in one_of)) != 1:
            return [_wrong_choice(path, count)]
        return []

    return check


def _missing(path: str, name: str) -> Violation:
    field = f"{path}.{name}" if path else name
    return Violation(field, f"* GenerateContentRequest.{field}: {name} is not specified")


def _wrong_choice(path: str, count: int) -> Violation:
    field = f"{path}.data" if path else "data"
    if count:
        return Violation(field, f"Invalid value at '{path}' (oneof), oneof field 'data' is already set.")
    return Violation(
        field,
        f"* GenerateContentRequest.{field}: required oneof field 'data' must have one initialized field",
    )
