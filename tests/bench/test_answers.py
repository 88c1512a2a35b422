"""The benchmark's checks: a right answer passes, each way of being wrong is noticed."""

from collections.abc import Callable

import pytest

from bench.answers import WrongAnswer, check_gemini_stream, check_response_stream

_FINAL = (
    b'{"id":"resp_1","status":"completed","usage":{"output_tokens":2},"output":[{"type":"message",'
    b'"content":[{"type":"output_text","text":"ab cd"}]}]}'
)
_EVENTS = [
    b'{"type":"response.created","sequence_number":0,"response":{"id":"resp_1"}}',
    b'{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1"}}',
    b'{"type":"response.output_text.delta","sequence_number":2,"delta":"ab "}',
    b'{"type":"response.output_text.delta","sequence_number":3,"delta":"cd"}',
    b'{"type":"response.output_text.done","sequence_number":4,"text":"ab cd"}',
    b'{"type":"response.completed","sequence_number":5,"response":' + _FINAL + b"}",
]


def _stream(events: list[bytes]) -> bytes:
    frames = [b"event: %b\ndata: %b\n\n" % (event.split(b'"')[3], event) for event in events]
    return b"".join(frames) + b"data: [DONE]\n\n"


def test_right_stream_passes() -> None:
    check_response_stream(_stream(_EVENTS), "ab cd", 2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.replace(b'"delta":"cd"', b'"delta":"ce"'),
        lambda body: body.replace(b'"text":"ab cd"', b'"text":"ab"', 1),
        lambda body: body.replace(b'[{"type":"output_text","text":"ab cd"}]', b"[]"),
        lambda body: body.replace(b'"sequence_number":3', b'"sequence_number":4'),
        lambda body: body.replace(b'"status":"completed"', b'"status":"incomplete"'),
        lambda body: body.replace(b'{"output_tokens":2}', b"null"),
        lambda body: body.replace(b'"id":"resp_1"', b'"id":"resp_2"', 1),
        lambda body: body.replace(b"data: [DONE]\n\n", b""),
        lambda body: body.replace(b"event: response.output_text.done", b"event: response.other"),
        lambda body: body.replace(b"response.in_progress", b"response.failed"),
        lambda body: body.replace(b"response.created", b"response.in_progress"),
    ],
)
def test_spoilt_stream_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    whole = _stream(_EVENTS)
    spoilt = spoil(whole)
    assert spoilt != whole
    with pytest.raises(WrongAnswer):
        check_response_stream(spoilt, "ab cd", 2)


def test_joined_deltas_are_refused() -> None:
    with pytest.raises(WrongAnswer, match="2 deltas instead of 3"):
        check_response_stream(_stream(_EVENTS), "ab cd", 3)


def test_another_requests_answer_is_refused() -> None:
    with pytest.raises(WrongAnswer):
        check_response_stream(_stream(_EVENTS), "ab ce", 2)


def test_gemini_stream() -> None:
    frame = b'data: {"candidates":[{"content":{"parts":[{"text":"%b"}]}}]}\r\n\r\n'
    check_gemini_stream(frame % b"ab " + frame % b"cd" + frame % b"", "ab cd", 2)
    with pytest.raises(WrongAnswer):
        check_gemini_stream(frame % b"ab ", "ab cd", 1)
