"""Which requests are ours: only a whole marker, only in the last user turn, only of a generate call."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.matching import (
    AnswerForm,
    GenerateCall,
    called_model,
    generate_call,
    match,
    rewritten_body,
    rewritten_path,
)

CASCADE = "0b5a3bdb-4b3f-4cf5-a8b4-3f5a6f3ad4e7"
MARKER = f".<cid:{CASCADE}>"
FLASH = "gemini-3.8-flash"
PLAIN = GenerateCall(AnswerForm.EVENTS, wrapped=False, model=FLASH)
WRAPPED = GenerateCall(AnswerForm.EVENTS, wrapped=True)


def turn(*texts: str, role: str | None = "user") -> dict[str, Any]:
    said: dict[str, Any] = {"parts": [{"text": text} for text in texts]}
    return said if role is None else {"role": role, **said}


def body(*contents: Any) -> bytes:
    return json.dumps({"contents": list(contents)}).encode()


def cascade_of(data: bytes, call: GenerateCall = PLAIN) -> str | None:
    found = match(call, data)
    return None if found is None else found.cascade_id


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse", PLAIN),
        ("/v1beta/models/gemini-3.8-flash:streamGenerateContent?key=k&alt=sse", PLAIN),
        (
            "/v1beta/models/gemini-3.8-flash:streamGenerateContent",
            GenerateCall(AnswerForm.ARRAY, False, FLASH),
        ),
        (
            "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=json",
            GenerateCall(AnswerForm.ARRAY, False, FLASH),
        ),
        ("/v1/models/gemini-3.8-flash:generateContent", GenerateCall(AnswerForm.DOCUMENT, False, FLASH)),
        (
            "/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent?key=k",
            GenerateCall(AnswerForm.DOCUMENT, False, "m"),
        ),
        ("/v1internal:streamGenerateContent?alt=sse", WRAPPED),
        ("/v1internal:generateContent", GenerateCall(AnswerForm.DOCUMENT, wrapped=True)),
        ("/v1beta/models/gemini-3.8-flash:countTokens", None),
        ("/v1beta/models", None),
        ("/v1internal:loadCodeAssist", None),
        ("/v1beta/models/m:generateContent/more", None),
    ],
)
def test_generate_calls_are_told_from_others(path: str, expected: GenerateCall | None) -> None:
    assert generate_call("POST", path) == expected
    assert generate_call("GET", path) is None


@pytest.mark.parametrize(
    "contents",
    [
        [turn(MARKER)],
        [turn(MARKER, role=None)],
        [turn(f"  {MARKER}\n")],
        [turn("<user_information>an IDE</user_information>", MARKER, "<context>more</context>")],
        [turn("hi"), turn("hello", role="model"), turn(MARKER)],
    ],
)
def test_a_whole_marker_in_the_last_user_turn_matches(contents: list[Any]) -> None:
    assert cascade_of(body(*contents)) == CASCADE


@pytest.mark.parametrize(
    "contents",
    [
        [turn(f"say {MARKER}")],
        [turn(f"{MARKER} please")],
        [turn(f"{MARKER}{MARKER}")],
        [turn(f"<cid:{CASCADE}>")],
        [turn(".<cid:short>")],
        [turn(".<cid:" + "a" * 129 + ">")],
        [turn(".<cid:has space in it>")],
        [turn(MARKER), turn("hello", role="model"), turn("hi")],
        [turn("hi"), turn(MARKER, role="model")],
        [turn(MARKER), turn("result", role="function")],
        [{"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": MARKER}}}]}],
        [],
    ],
)
def test_anything_else_does_not(contents: list[Any]) -> None:
    assert cascade_of(body(*contents)) is None


def test_two_markers_in_a_turn_are_nobodys() -> None:
    other = f".<cid:{CASCADE[::-1]}>"
    for texts in ([MARKER, other], [other, MARKER, "text"]):
        found = match(PLAIN, body(turn(*texts)))
        assert found is not None
        assert found.cascade_id is None
    assert cascade_of(body(turn(MARKER, MARKER))) == CASCADE


def test_the_model_of_a_call_is_in_its_path_or_around_its_request() -> None:
    assert called_model(PLAIN, b"anything") == FLASH
    assert called_model(WRAPPED, b'{"model": "m", "request": {}}') == "m"
    for data in (b"", b"[]", b'{"model": 5}', b'{"request": {}}', b"\xff", b"[" * 100_000):
        assert called_model(WRAPPED, data) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"cid:",
        b"[" * 100_000 + b"cid:",
        b'{"contents": "cid:"}',
        b'["cid:"]',
        b'{"contents": ["cid:"]}',
        b'{"contents": [{"role": "user", "parts": "cid:"}]}',
        b'{"contents": [{"role": "user", "parts": ["cid:", {"text": 5}]}]}',
        b'{"request": {"contents": []}, "cid:": 1}',
    ],
)
def test_a_body_of_another_shape_matches_nothing(data: bytes) -> None:
    assert cascade_of(data) is None
    assert cascade_of(data, WRAPPED) is None


def test_the_marker_of_a_wrapped_request_is_in_its_inner_one() -> None:
    inner = {"contents": [turn(MARKER)]}

    assert cascade_of(json.dumps({"model": "m", "request": inner}).encode(), WRAPPED) == CASCADE
    assert cascade_of(json.dumps(inner).encode(), WRAPPED) is None
    assert cascade_of(json.dumps({"model": "m", "request": inner}).encode(), PLAIN) is None


@given(st.binary())
def test_no_bytes_make_it_raise(data: bytes) -> None:
    assert match(PLAIN, b"cid:" + data) is None
    assert match(WRAPPED, data) is None


def test_the_overlay_takes_the_place_of_the_whole_body() -> None:
    found = match(PLAIN, body(turn(MARKER)))
    assert found is not None

    assert rewritten_body(found, "m", b'{"contents":[]}') == b'{"contents":[]}'


def test_a_wrapper_keeps_its_other_members() -> None:
    outer = {"model": "old", "project": "p", "user_prompt_id": "u", "request": {"contents": [turn(MARKER)]}}
    found = match(WRAPPED, json.dumps(outer).encode())
    assert found is not None

    assert json.loads(rewritten_body(found, "new", b'{"contents":[1]}')) == {
        "model": "new",
        "project": "p",
        "user_prompt_id": "u",
        "request": {"contents": [1]},
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/v1beta/models/old:streamGenerateContent?alt=sse",
            "/v1beta/models/new:streamGenerateContent?alt=sse",
        ),
        ("/v1beta/models/old:generateContent?key=s3cret", "/v1beta/models/new:generateContent"),
        (
            "/v1beta/models/old:generateContent?alt=sse&key=s3cret&x=1",
            "/v1beta/models/new:generateContent?alt=sse&x=1",
        ),
        ("/v1internal:generateContent?alt=sse", "/v1internal:generateContent?alt=sse"),
        (
            "/v1internal:generateContent?%6bey=s3cret&access_token=a&oauth_token=b&userProject=p&alt=sse",
            "/v1internal:generateContent?alt=sse",
        ),
    ],
)
def test_the_path_names_the_overlays_model_and_bears_no_key(path: str, expected: str) -> None:
    assert rewritten_path(path, "new") == expected
