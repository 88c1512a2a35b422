"""Constraints that the upstream's schemas cannot say, told in words.

The model reads descriptions, so that what cannot be enforced is at least known to it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

_LONGEST = 1000
"""Characters of JSON that a description may quote at once."""

type Sentence = Callable[[Any], str | None]


def quoted_json(value: object) -> str | None:
    """``value`` as compact JSON; None if it is too long to be quoted or no JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return text if len(text) <= _LONGEST else None


def _quoting(before: str, after: str = ".") -> Sentence:
    def sentence(value: Any) -> str | None:
        text = quoted_json(value)
        return None if text is None else f"{before}{text}{after}"

    return sentence


def _plain(before: str, after: str = ".") -> Sentence:
    def sentence(value: Any) -> str | None:
        return f"{before}{value}{after}" if isinstance(value, str) and len(value) <= _LONGEST else None

    return sentence


def _min_length(value: Any) -> str | None:
    return "Not empty." if value == 1 else _quoting("At least ", " characters.")(value)


def _min_properties(value: Any) -> str | None:
    return "At least one property." if value == 1 else _quoting("At least ", " properties.")(value)


def _unique(value: Any) -> str | None:
    return "No item occurs twice."


CONSTRAINTS: Mapping[str, Sentence] = {
    "minLength": _min_length,
    "maxLength": _quoting("At most ", " characters."),
    "pattern": _plain("Matches the regular expression ", ""),
    "multipleOf": _quoting("A multiple of "),
    "exclusiveMinimum": _quoting("Greater than "),
    "exclusiveMaximum": _quoting("Less than "),
    "uniqueItems": _unique,
    "minProperties": _min_properties,
    "maxProperties": _quoting("At most ", " properties."),
}
"""A sentence for each simple constraint."""

_CONSTRAINS_NOTHING: Mapping[str, tuple[object, ...]] = {
    "minLength": (0,),
    "minProperties": (0,),
    "uniqueItems": (False,),
    "unevaluatedProperties": (True, {}),
    "unevaluatedItems": (True, {}),
    **dict.fromkeys(("patternProperties", "propertyNames", "dependentRequired", "dependentSchemas"), ({},)),
    **dict.fromkeys(("dependencies", "then", "else"), ({},)),
}

QUOTED = (
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "not",
    "if",
    "then",
    "else",
)
"""Constraints that are quoted as they are."""


def _no_null(sentence: Sentence) -> Sentence:
    return lambda value: None if value is None else sentence(value)


ANNOTATIONS: Mapping[str, Sentence] = {
    "default": _no_null(_quoting("Default: ")),
    "examples": _quoting("Examples: "),
    "example": _quoting("Example: "),
    "contentEncoding": _plain("Encoded as "),
    "contentMediaType": _plain("Of the media type "),
    "deprecated": lambda value: "Deprecated." if value is True else None,
}
"""Keywords that constrain nothing and that the model may want to know."""

SILENT = frozenset(
    {
        "$schema",
        "$comment",
        "$vocabulary",
        "$dynamicAnchor",
        "$recursiveAnchor",
        "id",
        "readOnly",
        "writeOnly",
        "discriminator",
        "xml",
        "externalDocs",
        "contentSchema",
        "markdownDescription",
        "enumDescriptions",
        "enumNames",
        "markdownEnumDescriptions",
        "deprecationMessage",
        "errorMessage",
        "defaultSnippets",
    }
)
"""Keywords that mean nothing to the model by themselves."""


_TOLD = frozenset({*CONSTRAINTS, *QUOTED, *ANNOTATIONS, "enumDescriptions", "markdownEnumDescriptions"})


def told(schema: Mapping[str, Any], losses: set[str]) -> list[str]:
    """Sentences for all that ``schema``, a modern one, says in keywords that the upstream does not know.

    Args:
        schema: Its keywords that the upstream knows are passed over.
        losses: Where constraints are recorded, told in words or left out.
    """
    if _TOLD.isdisjoint(schema):
        return []
    sentences = []
    for keyword, make in CONSTRAINTS.items():
        if keyword in schema and schema[keyword] not in _CONSTRAINS_NOTHING.get(keyword, ()):
            sentence = make(schema[keyword])
            losses.add(f"{keyword} is {'told in words' if sentence else 'left out'}")
            sentences.append(sentence)
    sentences.append(_quotation(schema, losses))
    sentences.append(_value_meanings(schema))
    sentences += [make(schema[keyword]) for keyword, make in ANNOTATIONS.items() if keyword in schema]
    return [sentence for sentence in sentences if sentence]


def _quotation(schema: Mapping[str, Any], losses: set[str]) -> str | None:
    constraints = {
        keyword: schema[keyword]
        for keyword in QUOTED
        if keyword in schema and schema[keyword] not in _CONSTRAINS_NOTHING.get(keyword, ())
    }
    if not constraints:
        return None
    text = quoted_json(constraints)
    losses.update(f"{keyword} is {'told in words' if text else 'left out'}" for keyword in constraints)
    return f"Has to satisfy the JSON Schema {text}." if text else None


def _value_meanings(schema: Mapping[str, Any]) -> str | None:
    values = schema.get("enum")
    meanings = schema.get("enumDescriptions") or schema.get("markdownEnumDescriptions")
    if not isinstance(values, list) or not isinstance(meanings, list) or len(values) != len(meanings):
        return None
    return _quoting("Values: ")(
        {str(value): meaning for value, meaning in zip(values, meanings, strict=True)}
    )
