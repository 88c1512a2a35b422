"""The words of validation that no single parameter owns."""

from collections.abc import Sequence

import pytest
from pydantic import TypeAdapter, ValidationError

from responses_api.core.validation import invalid_request, json_type, listed, param_path, quoted


@pytest.mark.parametrize(
    ("loc", "path"),
    [
        ((), ""),
        (("input",), "input"),
        (
            ("input", 0, "(message)", "content", 1, "(input_image)", "image_url"),
            "input[0].content[1].image_url",
        ),
        (("metadata", "key", "[key]"), "metadata.key"),
        (("metadata", "\ud800"), "metadata.?"),
    ],
)
def test_param_path(loc: Sequence[str | int], path: str) -> None:
    assert param_path(loc) == path


@pytest.mark.parametrize(
    ("values", "text"),
    [(["a"], "'a'"), (["a", "b"], "'a' and 'b'"), (["a", "b", "c"], "'a', 'b', and 'c'")],
)
def test_listed(values: list[str], text: str) -> None:
    assert listed(values) == text


def test_quoted_cuts_and_stays_encodable() -> None:
    assert quoted("a" * 64) == "'" + "a" * 64 + "'"
    assert quoted("a" * 65) == "'" + "a" * 64 + "...'"
    assert quoted("\ud800").encode()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "an integer"),
        (1.5, "a decimal number"),
        ("", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_json_type(value: object, name: str) -> None:
    assert json_type(value) == name


def test_a_complaint_without_a_wording_of_its_own_is_still_an_invalid_request() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(bytes).validate_python(5)
    error = invalid_request(caught.value)
    assert (error.param, error.code, error.http_status) == (None, "invalid_type", 400)
