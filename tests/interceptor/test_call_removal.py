"""What the language server gets: byte for byte the upstream's answer, but for the function calls in it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.call_removal import call_remover
from interceptor.matching import AnswerForm
from responses_api.core.generation_events import Finished, TextDelta, ToolCall
from responses_api.gemini.stream_parser import GeminiStreamParser

CALL = {"functionCall": {"name": "look_up", "args": {"q": "x" * 30}}, "thoughtSignature": "c2ln"}


def chunk(*parts: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **more}


def event(document: Any, ending: str = "\r\n") -> bytes:
    return f"data: {json.dumps(document)}{ending}{ending}".encode()


def through(form: AnswerForm, *pieces: bytes) -> bytes:
    remover = call_remover(form)
    return b"".join(b"".join(remover.feed(piece)) for piece in (*pieces, b""))


def documents(body: bytes) -> list[Any]:
    return [
        json.loads(frame.removeprefix(b"data:")) for frame in body.replace(b"\r", b"").split(b"\n\n") if frame
    ]


def test_a_call_becomes_an_empty_stop() -> None:
    body = event(chunk(CALL, finish="STOP", usageMetadata={"totalTokenCount": 5}))
    edited = through(AnswerForm.EVENTS, body)

    assert documents(edited) == [chunk({"text": ""}, finish="STOP", usageMetadata={"totalTokenCount": 5})]
    assert len(edited) == len(body)


def test_what_stands_beside_a_call_stays() -> None:
    parts = [{"text": "I look it up", "thought": True}, {"text": "One moment."}]
    edited = through(AnswerForm.EVENTS, event(chunk(*parts, CALL, CALL, finish="MAX_TOKENS")))

    assert documents(edited) == [chunk(*parts, finish="STOP")]


def test_a_call_before_the_end_does_not_end_the_answer() -> None:
    """Its own chunk has no finish reason; the last one has."""
    body = event(chunk(CALL)) + event(chunk({"text": ""}, finish="STOP"))

    assert documents(through(AnswerForm.EVENTS, body)) == [
        chunk({"text": ""}),
        chunk({"text": ""}, finish="STOP"),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_wrapped_chunks_and_every_line_ending(ending: str) -> None:
    body = event({"response": chunk(CALL, finish="STOP"), "traceId": "t"}, ending)
    edited = through(AnswerForm.EVENTS, body)

    (document,) = documents(edited.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    assert document == {"response": chunk({"text": ""}, finish="STOP"), "traceId": "t"}


def test_other_lines_of_an_event_stay() -> None:
    body = b"event: chunk\nid: 7\n" + event(chunk(CALL), "\n")
    assert through(AnswerForm.EVENTS, body).startswith(b"event: chunk\nid: 7\ndata:")


def test_numbers_stay_as_they_were_written() -> None:
    body = b'data: {"x":1.50,"big":123456789012345678901234567890,"candidates":[{"content":{"parts":['
    body += b'{"text":"\\u00e9"},{"functionCall":{"name":"f"}}]},"avgLogprobs":-0.10000}]}\n\n'
    edited = through(AnswerForm.EVENTS, body)

    for verbatim in (b'"x":1.50', b'"big":123456789012345678901234567890', b'"\\u00e9"', b"-0.10000"):
        assert verbatim in edited
    assert b"functionCall" not in edited


@pytest.mark.parametrize(
    "body",
    [
        event(chunk({"text": 'the word "functionCall" in a text'})),
        event({"functionCall": 1}),
        event(chunk({"text": "x"}, functionCall=None)),
        b'data: {"candidates": "functionCall"}\n\n',
        b'data: {"candidates": [{"content": {"parts": ["functionCall"]}}]}\n\n',
        b'data: {"candidates": [{"content": "functionCall"}]}\n\n',
        b'data: broken "functionCall"\n\n',
        b'data: "functionCall" \xff\n\n',
        b': a comment on "functionCall"\n\n',
        b'{"error": {"message": "functionCall"}}',
        b"data: " + b"[" * 100_000 + b'"functionCall"\n\n',
    ],
)
def test_everything_without_a_call_passes_byte_for_byte(body: bytes) -> None:
    assert through(AnswerForm.EVENTS, body) == body
    assert through(AnswerForm.DOCUMENT, body) == body


def test_whole_events_pass_at_once_and_only_an_unfinished_one_waits() -> None:
    remover = call_remover(AnswerForm.EVENTS)
    first, second = event(chunk({"text": "1"})), event(chunk({"text": "2"}))

    assert remover.feed(first) == [first]
    assert remover.feed(second + first[:10]) == [second]
    assert remover.feed(first[10:-1]) == []
    assert remover.feed(first[-1:]) == [first]
    assert remover.feed(b"") == []


def test_the_form_of_a_document_and_of_an_array() -> None:
    document = json.dumps(chunk({"text": "a"}, CALL, finish="STOP"), indent=2).encode()
    edited = through(AnswerForm.DOCUMENT, document[:50], document[50:])
    assert json.loads(edited) == chunk({"text": "a"}, finish="STOP")
    assert len(edited) == len(document)

    array = json.dumps([chunk({"text": "a"}), chunk(CALL, finish="STOP")]).encode()
    edited = through(AnswerForm.ARRAY, array)
    assert json.loads(edited) == [chunk({"text": "a"}), chunk({"text": ""}, finish="STOP")]
    assert len(edited) == len(array)
    assert through(AnswerForm.DOCUMENT) == b""


_PARTS = st.sampled_from(
    [
        {"text": "hello"},
        {"text": "hm", "thought": True},
        CALL,
        {"text": 'a "functionCall" b'},
        {"text": "é\u2028"},
    ]
)
_CHUNKS = st.lists(st.lists(_PARTS, max_size=4), min_size=1, max_size=5)


@given(_CHUNKS, st.data(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_cutting_the_bytes_elsewhere_changes_nothing(
    chunks: list[list[Any]], data: st.DataObject, ending: str
) -> None:
    finished = [*(chunk(*parts) for parts in chunks), chunk({"text": "."}, finish="STOP")]
    body = b"".join(event(document, ending) for document in finished)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(body) - 1), max_size=8)))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    edited = through(AnswerForm.EVENTS, *pieces)

    assert edited == through(AnswerForm.EVENTS, body)
    parser = GeminiStreamParser()
    events = [*parser.feed(edited), *parser.feed(b"")]
    assert not any(isinstance(seen, ToolCall) for seen in events)
    texts = "".join(
        part["text"] for parts in chunks for part in parts if "text" in part and "thought" not in part
    )
    assert "".join(seen.text for seen in events if isinstance(seen, TextDelta)) == texts + "."
    assert isinstance(events[-1], Finished)


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_are_lost_or_made(pieces: list[bytes]) -> None:
    pieces = [piece for piece in pieces if piece]
    for form in AnswerForm:
        assert through(form, *pieces) == b"".join(pieces)
