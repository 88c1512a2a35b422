"""The tap: what it passes on, and what it says of it."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard
from mitmproxy import http

from interceptor import answer_tap
from interceptor.answer_tap import AnswerTap
from interceptor.matching import AnswerForm, GenerateCall
from responses_api.core.generation_events import (
    Finished,
    GenerationEvent,
    TextDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)

CALLED = {"functionCall": {"name": "f", "args": {}}}


def answer(*parts: Any) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": list(parts)}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3},
    }


HELLO = answer({"text": "hello"})


class Heard:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.status = 0
        self.events: list[GenerationEvent] = []
        self.ends: list[str] = []

    def answered(self, status: int) -> None:
        self.status = status

    def hear(self, events: list[GenerationEvent], *, last: bool) -> None:
        self.events += events
        self.ends += ["last"] * last

    def broke_off(self, usage: list[GenerationEvent], *, by_client: bool) -> None:
        self.events += usage
        self.ends.append("client" if by_client else "upstream")


def tapped(
    form: AnswerForm = AnswerForm.EVENTS, *, status: int = 200, removes_calls: bool = True, **headers: str
) -> tuple[AnswerTap, Heard]:
    heard = Heard()
    tap = AnswerTap(GenerateCall(form, wrapped=False), heard, removes_calls=removes_calls)
    response = http.Response.make(status)
    for name, text in headers.items():
        response.headers[name.replace("_", "-")] = text
    tap.begin(response)
    return tap, heard


def through(tap: AnswerTap, *pieces: bytes) -> bytes:
    return b"".join(b"".join(out) if isinstance(out, list) else out for out in map(tap, [*pieces, b""]))


def events_body(*documents: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(document).encode() + b"\r\n\r\n" for document in documents)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (AnswerForm.EVENTS, events_body(HELLO)),
        (AnswerForm.DOCUMENT, json.dumps(HELLO).encode()),
        (AnswerForm.ARRAY, json.dumps([HELLO]).encode()),
    ],
)
def test_an_answer_in_each_form_passes_unchanged_and_is_heard(form: AnswerForm, body: bytes) -> None:
    tap, heard = tapped(form)

    assert through(tap, body[:10], body[10:]) == body
    assert TextDelta("hello") in heard.events
    assert isinstance(heard.events[-1], Finished)
    assert (heard.status, heard.ends) == (200, ["last"])


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (AnswerForm.EVENTS, events_body(answer(CALLED))),
        (AnswerForm.DOCUMENT, json.dumps(answer(CALLED)).encode()),
        (AnswerForm.ARRAY, json.dumps([answer(CALLED)]).encode()),
    ],
)
def test_a_call_is_heard_and_not_passed_on(form: AnswerForm, body: bytes) -> None:
    tap, heard = tapped(form)
    passed = through(tap, body)

    assert b"functionCall" not in passed
    assert len(passed) == len(body)
    assert ToolCall("f", "{}") in heard.events


def test_calls_of_others_pass() -> None:
    tap, heard = tapped(removes_calls=False)
    body = events_body(answer(CALLED))
    assert through(tap, body) == body
    assert ToolCall("f", "{}") in heard.events


def test_an_error_passes_as_it_is() -> None:
    tap, heard = tapped(status=400)
    body = b'{"error": {"code": 400, "message": "no functionCall", "status": "INVALID_ARGUMENT"}}'
    assert [tap(body[:9]), tap(body[9:])] == [body[:9], body[9:]]
    assert tap(b"") == b""
    assert isinstance(heard.events[-1], UpstreamFailed)


def test_the_answer_says_in_which_form_it_is() -> None:
    document = json.dumps(HELLO).encode()
    tap, heard = tapped(AnswerForm.EVENTS, content_type="application/json; charset=UTF-8")
    assert through(tap, document) == document
    assert TextDelta("hello") in heard.events

    tap, heard = tapped(AnswerForm.DOCUMENT, content_type="text/event-stream")
    assert through(tap, events_body(HELLO)) == events_body(HELLO)
    assert TextDelta("hello") in heard.events


@pytest.mark.parametrize(
    ("coding", "compress"), [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.compress)]
)
def test_what_is_compressed_is_read_and_passes_unchanged(
    coding: str, compress: Callable[[bytes], bytes]
) -> None:
    tap, heard = tapped(content_encoding=coding)
    body = compress(events_body(HELLO, answer(CALLED)))
    pieces = [body[index : index + 3] for index in range(0, len(body), 3)]

    assert [tap(piece) for piece in pieces] == pieces
    tap(b"")
    assert TextDelta("hello") in heard.events
    assert heard.ends == ["last"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", b"not gzip at all"), ("rot13", b"x"), ("gzip", gzip.compress(bytes(99_999)))],
)
def test_what_cannot_be_decoded_fails_once_and_passes(
    coding: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_tap, "LONGEST_ANSWER", 1_000)
    tap, heard = tapped(content_encoding=coding)

    assert [tap(body), tap(b"more"), tap(b"")] == [body, b"more", b""]
    (failure,) = heard.events
    assert isinstance(failure, UpstreamFailed)
    assert (failure.upstream_status, heard.ends) == ("UNREADABLE_CODING", ["last"])


def test_the_end_is_heard_once() -> None:
    tap, heard = tapped()
    through(tap, events_body(HELLO))
    tap.finish()
    tap.break_off(by_client=True)
    tap.cancel()
    assert heard.ends == ["last"]


@pytest.mark.parametrize("by_client", [True, False])
def test_an_answer_that_breaks_off_brings_its_usage(by_client: bool) -> None:
    tap, heard = tapped()
    tap(events_body({"usageMetadata": {"promptTokenCount": 7}}))
    tap.break_off(by_client=by_client)
    tap.break_off(by_client=by_client)

    assert heard.events[-1] == UsageReported(7)
    assert heard.ends == ["client" if by_client else "upstream"]


def test_a_cancel_before_the_head() -> None:
    heard = Heard()
    tap = AnswerTap(GenerateCall(AnswerForm.EVENTS, wrapped=False), heard)
    tap.cancel()
    tap.begin(http.Response.make(200))
    assert through(tap, events_body(HELLO)) == events_body(HELLO)
    assert (heard.events, heard.ends) == ([], ["last"])
