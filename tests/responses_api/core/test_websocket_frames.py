"""Frames of WebSocket mode: what is a request, what is refused and how that reads."""

import json
from typing import Any

import pytest

from responses_api.core.errors import AuthenticationFailed, InvalidRequest, RateLimited
from responses_api.core.stream_events import StreamEvent
from responses_api.core.websocket_frames import FrameRefused, error_frame, event_frame, read_frame
from tests.oracles.openai_sdk import parse_server_event


def frame(**members: Any) -> str:
    return json.dumps({"type": "response.create", "model": "m", "input": "hi", **members})


def test_a_request_is_the_body_without_what_belongs_to_the_frame() -> None:
    message = frame(stream_id="main-1.b_C", generate=False, store=False)
    read = read_frame(message)

    assert (read.stream_id, read.generate, read.size) == ("main-1.b_C", False, len(message))
    assert read.body == {"model": "m", "input": "hi", "store": False, "stream": True}


@pytest.mark.parametrize("members", [{}, {"stream_id": None, "generate": None, "background": None}])
def test_what_is_not_said(members: dict[str, Any]) -> None:
    read = read_frame(frame(**members))
    assert (read.stream_id, read.generate) == (None, True)


@pytest.mark.parametrize("stream", [True, False, None])
def test_it_is_streamed_whatever_it_says(stream: bool | None) -> None:
    assert read_frame(frame(stream=stream)).body["stream"] is True


def test_a_wrong_stream_is_left_for_the_check_of_the_request() -> None:
    assert read_frame(frame(stream="yes")).body["stream"] == "yes"


def test_bytes_are_read_like_text() -> None:
    assert read_frame(frame().encode()).body["input"] == "hi"


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ("", "invalid_json", None),
        ("{", "invalid_json", None),
        (b"\xff\xfe", "invalid_json", None),
        ("[" * 100_000, "invalid_json", None),
        ("null", "invalid_type", None),
        ("[1]", "invalid_type", None),
        ('"response.create"', "invalid_type", None),
        ("{}", "missing_required_parameter", "type"),
        ('{"type": null}', "missing_required_parameter", "type"),
        ('{"type": "response.steer"}', "invalid_value", "type"),
        ('{"type": 5}', "invalid_value", "type"),
        (frame(stream_id=""), "invalid_stream_id", "stream_id"),
        (frame(stream_id="a b"), "invalid_stream_id", "stream_id"),
        (frame(stream_id="a\n"), "invalid_stream_id", "stream_id"),
        (frame(stream_id="x" * 257), "invalid_stream_id", "stream_id"),
        (frame(stream_id=5), "invalid_stream_id", "stream_id"),
        (frame(generate="no"), "invalid_type", "generate"),
        (frame(background=True), "unsupported_parameter", "background"),
    ],
)
def test_what_is_no_request(message: str | bytes, code: str, param: str | None) -> None:
    with pytest.raises(FrameRefused) as caught:
        read_frame(message)

    assert (caught.value.error.code, caught.value.error.param) == (code, param)
    assert caught.value.error.http_status == 400
    assert caught.value.stream_id is None


def test_a_refusal_names_the_lane_where_it_could_be_read() -> None:
    with pytest.raises(FrameRefused) as caught:
        read_frame(frame(stream_id="main", background=True))
    assert caught.value.stream_id == "main"


def test_the_longest_stream_id() -> None:
    assert read_frame(frame(stream_id="x" * 256)).stream_id == "x" * 256


def test_an_event_names_its_lane_if_it_has_one() -> None:
    event: StreamEvent = {
        "type": "response.output_text.delta",
        "sequence_number": 4,
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "hé",
        "logprobs": [],
    }
    assert json.loads(event_frame(event, None)) == event
    assert json.loads(event_frame(event, "main")) == {**event, "stream_id": "main"}
    assert "stream_id" not in event


def test_an_error() -> None:
    error = InvalidRequest("No.", param="input", code="invalid_value")
    assert json.loads(error_frame(error, "main")) == {
        "type": "error",
        "status": 400,
        "error": {
            "type": "invalid_request_error",
            "code": "invalid_value",
            "message": "No.",
            "param": "input",
        },
        "stream_id": "main",
    }


def test_an_error_always_has_a_code() -> None:
    told = json.loads(error_frame(InvalidRequest("No."), None))
    assert told["error"]["code"] == "invalid_request_error"
    assert "stream_id" not in told


def test_an_error_tells_when_to_try_again() -> None:
    told = json.loads(error_frame(RateLimited("Slow down.", retry_after=2.1), None))
    assert told["status"] == 429
    assert told["error"]["headers"] == told["headers"] == {"retry-after": "3"}


def test_an_error_tells_what_headers_would() -> None:
    limits = {"x-ratelimit-limit-requests": "1", "x-should-retry": "false"}
    frame = error_frame(RateLimited("Slow down.", retry_after=300), None, limits)
    told = json.loads(frame)

    assert told["error"]["headers"] == told["headers"] == {**limits, "retry-after": "300"}
    assert parse_server_event(frame).error.headers == told["headers"]
    assert limits == {"x-ratelimit-limit-requests": "1", "x-should-retry": "false"}


def test_the_official_client_reads_an_error() -> None:
    read = parse_server_event(error_frame(AuthenticationFailed("Wrong key."), "main"))

    assert (read.type, read.status, read.stream_id) == ("error", 401, "main")
    assert (read.error.code, read.error.message) == ("invalid_api_key", "Wrong key.")
