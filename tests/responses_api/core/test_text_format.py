"""The format of the answer's text."""

from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.text_format import (
    JsonObjectFormat,
    JsonSchemaFormat,
    PlainTextFormat,
    TextFormat,
    TextOptions,
)


def options(text: dict[str, Any]) -> TextOptions:
    request = parse_create_request({"input": "hi", "text": text})
    assert request.text is not None
    return request.text


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ({"type": "text"}, PlainTextFormat()),
        ({"type": "json_object"}, JsonObjectFormat(type="json_object")),
        (None, None),
    ],
)
def test_formats_are_told_apart_by_class(wire: dict[str, Any] | None, expected: TextFormat | None) -> None:
    assert options({"format": wire}).format == expected


def test_a_schema_is_kept_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/x"}}}
    wire = {"type": "json_schema", "name": "n-1", "schema": schema, "strict": None, "description": "d"}
    text_format = options({"format": wire, "verbosity": None}).format
    assert isinstance(text_format, JsonSchemaFormat)
    assert text_format.json_schema == schema
    assert (text_format.name, text_format.description, text_format.strict) == ("n-1", "d", None)
