"""Images, files and texts inside a message or a tool's output."""

import base64
from typing import Any

import pytest

from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest


def user(*parts: object) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(parts)}


def refused(item: object) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parse_create_request({"input": [item]})
    return caught.value


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("aW1n", "a value without the 'data:' prefix"),
        ("ftp://example.org/a.png", "a value without the 'data:' prefix"),
        ("data:application/pdf;base64,aW1n", "unsupported MIME type 'application/pdf'"),
        ("data:" + "a" * 500, "unsupported MIME type '" + "a" * 64 + "...'"),
        ("data:image/png,aW1n", "a data URL that is not marked as base64-encoded"),
        ("data:image/png;base64,", "empty base64-encoded bytes"),
        ("data:image/png;base64,aW1", "invalid base64-encoded bytes"),
        ("data:image/png;base64,aW1\n", "invalid base64-encoded bytes"),
        ("data:image/png;base64,a=W1", "invalid base64-encoded bytes"),
        ("data:image/png;base64,aW1é", "invalid base64-encoded bytes"),
    ],
)
def test_an_image_that_is_no_base64_data_url(url: str, problem: str) -> None:
    error = refused(user({"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": url}))
    assert (error.param, error.code) == ("input[0].content[1].image_url", "invalid_image_url")
    assert error.message == (
        "Invalid 'input[0].content[1].image_url'. Expected a base64-encoded data URL with an image MIME "
        f"type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got {problem}."
    )


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "heic", "heif", "gif", "PNG"])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_every_image_type_and_padding(kind: str, length: int) -> None:
    url = f"data:image/{kind};base64,{base64.b64encode(b'i' * length).decode()}"
    item = user({"type": "input_image", "image_url": url})
    assert parse_create_request({"input": [item]}).input == (item,)


def test_an_image_above_20_mib_is_refused_by_its_length() -> None:
    url = "data:image/png;base64," + "A" * 20_971_520
    error = refused(user({"type": "input_image", "image_url": url}))
    assert error.code == "string_above_max_length"
    assert len(error.message) < 300


@pytest.mark.parametrize(
    ("part", "member"),
    [
        ({"type": "input_image", "image_url": "https://example.org/a.png", "detail": "huge"}, "detail"),
        ({"type": "input_file", "file_data": 5}, "file_data"),
        ({"type": "input_file", "file_data": "aW1n", "detail": {"a": 1}}, "detail"),
        ({"type": "output_text", "text": "a", "annotations": {}}, "annotations"),
        ({"type": "input_text"}, "text"),
        ({"type": "input_audio"}, "input_audio"),
        ({"type": "input_audio", "input_audio": {"data": "aW1n"}}, "input_audio.format"),
        ({"type": "input_audio", "input_audio": {"data": "?", "format": "wav"}}, "input_audio.data"),
        ({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}, "input_audio.data"),
    ],
)
def test_a_wrong_member_of_a_part_is_named(part: dict[str, Any], member: str) -> None:
    assert refused(user(part)).param == f"input[0].content[0].{member}"


def test_audio_in_the_shape_of_chat_completions() -> None:
    item = user({"type": "input_audio", "input_audio": {"data": "aW1n", "format": "mp3"}})
    assert parse_create_request({"input": [item]}).input == (item,)
