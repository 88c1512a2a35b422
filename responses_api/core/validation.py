"""From pydantic's complaints to the API's: one ``InvalidRequest`` with OpenAI's wording, code and path.

Every model of a request in ``core`` is validated through here, so that a wrong value reads
the same wherever it stands. Only the first complaint is told, as OpenAI does. Wording and
codes follow the error bodies that OpenAI's API answers with; values in them are shortened.

Unions of objects are told apart by their ``type`` (``Kinds``). Union tags are written in
parentheses, which is how ``param_path`` knows them from the keys of the request.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import Discriminator, GetCoreSchemaHandler, Tag, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from responses_api.core.errors import InvalidRequest

STRING_OR_OBJECTS = "one of a string or array of objects"
_SHOWN_CHARACTERS = 64
_SHOWN_NUMBER_BOUND = 10**40
_OTHER = "(other)"

_EXPECTED: Mapping[str, str] = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_parsing": "an integer",
    "int_parsing_size": "an integer",
    "float_type": "a decimal",
    "finite_number": "a finite decimal",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
}
"""What was wanted, by pydantic's error type."""


class Kinds:
    """The values of ``type`` that a union of objects knows.

    Used twice in such a union: ``Discriminator(kinds.tag)`` picks the branch, and
    ``Annotated[Never, kinds, kinds.other]`` is the branch of all other values, which
    nothing can pass and whose complaint lists the values that exist.
    """

    other = Tag(_OTHER)

    def __init__(self, *names: str) -> None:
        self.names = names
        self._tags = {name: f"({name})" for name in names}
        self.discriminator = Discriminator(self.tag)

    def tag(self, value: object) -> str:
        """Union tag of ``value``; anything without a known ``type`` goes to the last branch."""
        kind = value.get("type") if isinstance(value, dict) else None
        return self._tags.get(kind, _OTHER) if isinstance(kind, str) else _OTHER

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Schema of an object that lacks a known ``type``."""
        known = core_schema.typed_dict_field(core_schema.literal_schema(list(self.names)))
        return core_schema.typed_dict_schema({"type": known})


def wrong_type(expected: str) -> PydanticCustomError:
    """For a validator: the value is of another JSON type than ``expected`` (with its article)."""
    return PydanticCustomError("invalid_type", "expected {expected}", {"expected": expected})


def missing_member(name: str) -> PydanticCustomError:
    """For a validator of an object: its member ``name`` is absent and needed."""
    return PydanticCustomError("missing_member", "missing {name}", {"name": name})


def quoted(value: str) -> str:
    """``value`` in single quotes, cut to a readable length, and always encodable as UTF-8."""
    shown = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "..."
    return "'" + shown.encode("utf-8", "replace").decode() + "'"


def listed(values: Sequence[str]) -> str:
    """``'a'``, ``'a' and 'b'``, or ``'a', 'b', and 'c'``."""
    names = [f"'{value}'" for value in values]
    if len(names) <= 2:
        return " and ".join(names)
    return ", ".join(names[:-1]) + ", and " + names[-1]


def json_type(value: object) -> str:
    """Name of the JSON type of ``value`` with its article, as error texts put it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def param_path(loc: Sequence[str | int]) -> str:
    """The path of a parameter in OpenAI's style, e.g. ``input[0].content[1].image_url``."""
    path = ""
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not step.startswith(("(", "[")):
            name = quoted(step)[1:-1]
            path = f"{path}.{name}" if path else name
    return path


def invalid_request(error: ValidationError) -> InvalidRequest:
    """The first complaint of ``error`` as the client shall read it."""
    detail = error.errors(include_url=False)[0]
    path = param_path(detail["loc"])
    return _WORDINGS.get(detail["type"], _wrong_type)(path, detail)


def _fault(path: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, param=path or None, code=code)


def _wrong_type(path: str, detail: ErrorDetails) -> InvalidRequest:
    context = detail.get("ctx", {})
    expected = context.get("expected") or _EXPECTED.get(detail["type"], "another value")
    got = json_type(detail["input"])
    return _fault(
        path, "invalid_type", f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    )


def _missing(path: str, detail: ErrorDetails) -> InvalidRequest:
    member = detail.get("ctx", {}).get("name")
    path = f"{path}.{member}" if member else path
    return _fault(path, "missing_required_parameter", f"Missing required parameter: '{path}'.")


def _unknown(path: str, detail: ErrorDetails) -> InvalidRequest:
    return _fault(path, "unknown_parameter", f"Unknown parameter: '{path}'.")


def _wrong_choice(path: str, detail: ErrorDetails) -> InvalidRequest:
    choices = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
    value = detail["input"]
    if not isinstance(value, str):
        expected = "one of " + " or ".join(f"'{choice}'" for choice in choices)
        got = json_type(value)
        return _fault(
            path, "invalid_type", f"Invalid type for '{path}': expected {expected}, but got {got} instead."
        )
    message = f"Invalid value: {quoted(value)}. Supported values are: {listed(choices)}."
    return _fault(path, "invalid_value", message)


def _out_of_range(side: str, sign: str, bound_name: str) -> Callable[[str, ErrorDetails], InvalidRequest]:
    def wording(path: str, detail: ErrorDetails) -> InvalidRequest:
        bound, value = detail["ctx"][bound_name], detail["input"]
        kind = "decimal" if isinstance(bound, float) else "integer"
        got = value if abs(value) < _SHOWN_NUMBER_BOUND else "a number of more than 40 digits"
        return _fault(
            path,
            f"{kind}_{side}_{'min' if side == 'below' else 'max'}_value",
            f"Invalid '{path}': {kind} {side} {'minimum' if side == 'below' else 'maximum'} value. "
            f"Expected a value {sign} {bound:g}, but got {got} instead.",
        )

    return wording


def _string_too_long(path: str, detail: ErrorDetails) -> InvalidRequest:
    limit, length = detail["ctx"]["max_length"], len(detail["input"])
    return _fault(
        path,
        "string_above_max_length",
        f"Invalid '{path}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {length} instead.",
    )


def _string_too_short(path: str, detail: ErrorDetails) -> InvalidRequest:
    return _fault(
        path,
        "empty_string",
        f"Invalid '{path}': empty string. Expected a string with minimum length 1, "
        "but got an empty string instead.",
    )


def _wrong_unicode(path: str, detail: ErrorDetails) -> InvalidRequest:
    return _fault(path, "invalid_value", f"Invalid '{path}': string with an unpaired surrogate.")


def _wrong_pattern(path: str, detail: ErrorDetails) -> InvalidRequest:
    pattern = detail["ctx"]["pattern"]
    return _fault(
        path,
        "invalid_value",
        f"Invalid '{path}': string does not match pattern. "
        f"Expected a string that matches the pattern '{pattern}'.",
    )


def _too_many(path: str, detail: ErrorDetails) -> InvalidRequest:
    limit, length = detail["ctx"]["max_length"], len(detail["input"])
    if isinstance(detail["input"], dict):
        return _fault(
            path,
            "object_above_max_properties",
            f"Invalid '{path}': too many properties. Expected an object with at most {limit} properties, "
            f"but got an object with {length} properties instead.",
        )
    return _fault(
        path,
        "array_above_max_length",
        f"Invalid '{path}': array too long. Expected an array with maximum length {limit}, "
        f"but got an array with length {length} instead.",
    )


def _too_few(path: str, detail: ErrorDetails) -> InvalidRequest:
    return _fault(
        path,
        "empty_array",
        f"Invalid '{path}': empty array. Expected an array with minimum length 1, "
        "but got an empty array instead.",
    )


def _wrong_image_url(path: str, detail: ErrorDetails) -> InvalidRequest:
    return _fault(
        path,
        "invalid_image_url",
        f"Invalid '{path}'. Expected a base64-encoded data URL with an image MIME type "
        f"(e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got {detail['ctx']['problem']}.",
    )


def _wrong_base64(path: str, detail: ErrorDetails) -> InvalidRequest:
    problem = detail["ctx"]["problem"]
    return _fault(
        path, "invalid_value", f"Invalid '{path}'. Expected base64-encoded data, but got {problem}."
    )


_WORDINGS: Mapping[str, Callable[[str, ErrorDetails], InvalidRequest]] = {
    "missing": _missing,
    "missing_member": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _wrong_choice,
    "greater_than": _out_of_range("below", ">", "gt"),
    "greater_than_equal": _out_of_range("below", ">=", "ge"),
    "less_than_equal": _out_of_range("above", "<=", "le"),
    "string_too_long": _string_too_long,
    "string_too_short": _string_too_short,
    "string_unicode": _wrong_unicode,
    "string_pattern_mismatch": _wrong_pattern,
    "too_long": _too_many,
    "too_short": _too_few,
    "invalid_image_url": _wrong_image_url,
    "invalid_base64": _wrong_base64,
}
"""The wording by pydantic's error type; every other complaint is one of a wrong type."""
