"""Estimates of tokens: near enough for texts, by size for media."""

import pytest

from responses_api.gemini.token_estimate import estimate_tokens


@pytest.mark.parametrize(("text", "tokens"), [("word " * 400, 500), ("雨が降っています。" * 100, 675)])
def test_texts_count_by_their_bytes(text: str, tokens: int) -> None:
    assert abs(estimate_tokens({"contents": [{"parts": [{"text": text}]}]}) - tokens) < 20


def test_numbers_keys_and_nesting_count_a_little() -> None:
    assert 0 < estimate_tokens({"a": [1, None, True, {"b": 2.5}]}) < 10
    assert estimate_tokens({}) == 0


@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "image/png", "data": "A" * 400_000}},
        {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 400_000},
    ],
)
def test_media_count_less_than_their_base64(part: object) -> None:
    assert 1_000 < estimate_tokens([part]) < 10_000


def test_signatures_count_nothing() -> None:
    part = {"text": "hi", "thoughtSignature": "A" * 10_000}
    assert estimate_tokens(part) < 20


def test_deep_values_are_no_trouble() -> None:
    value: object = "x"
    for _ in range(50_000):
        value = [value]
    assert estimate_tokens(value) == 0
