"""Frames: one per event, readable by any SSE reader, JSON whatever the text."""

import json
from typing import Any, cast

from hypothesis import given
from openai._streaming import SSEDecoder

from responses_api.core.generation_events import Finished, GenerationEvent, TextDelta
from responses_api.core.sse_encoding import DONE, encode_event, encode_events
from responses_api.core.stream_events import OutputTextDelta, StreamEvent
from tests.responses_api.core.response_streams import answers, run


def delta(text: str) -> OutputTextDelta:
    return {
        "type": "response.output_text.delta",
        "sequence_number": 4,
        "item_id": "msg_0",
        "output_index": 0,
        "content_index": 0,
        "delta": text,
        "logprobs": [],
    }


def test_a_frame() -> None:
    assert encode_event(delta("Grüße")) == (
        b"event: response.output_text.delta\n"
        b'data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_0",'
        b'"output_index":0,"content_index":0,"delta":"Gr\xc3\xbc\xc3\x9fe","logprobs":[]}\n\n'
    )


def test_done() -> None:
    assert DONE == b"data: [DONE]\n\n"


def test_no_events_are_no_bytes() -> None:
    assert encode_events([]) == b""


def test_line_breaks_of_every_kind_stay_inside_the_frame() -> None:
    text = "a\nb\r\nc\rd\u2028e\u2029f\u0085g\x00"
    frame = encode_event(delta(text))
    assert frame.count(b"\n") == 3
    assert b"\r" not in frame
    assert json.loads(frame.split(b"data: ")[1])["delta"] == text


def test_no_value_that_json_does_not_know() -> None:
    event = cast(StreamEvent, {**delta(""), "logprobs": [float("nan"), float("inf")]})
    data = encode_event(event).split(b"data: ")[1]
    assert json.loads(data, parse_constant=refuse)["logprobs"] == [None, None]


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


@given(answers)
def test_the_official_clients_decoder_reads_back_what_was_encoded(answer: list[GenerationEvent]) -> None:
    _, events = run(answer)
    read = list(SSEDecoder().iter_bytes(iter([encode_events(events) + DONE])))
    assert [frame.event for frame in read[:-1]] == [event["type"] for event in events]
    assert [frame.json() for frame in read[:-1]] == events
    assert read[-1].data == "[DONE]"


def test_joined_frames_are_the_frames_joined() -> None:
    _, events = run([TextDelta("a"), Finished("completed", "STOP")])
    assert encode_events(events) == b"".join(encode_event(event) for event in events)
