"""The state machine: which events come out, in what order, and what remains of them."""

from typing import Any

import pytest

from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    Finished,
    GenerationEvent,
    ImageMade,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from tests.responses_api.core.response_streams import (
    NOW,
    new_response,
    new_stream,
    output_of,
    run,
    send_all,
    started,
    types,
)

STOP = Finished("completed", "STOP")
HELLO = TextDelta("Hello")
HMM = ThoughtDelta("Hmm")
CALL = ToolCall("f", '{"a":1}', "up_1")

MESSAGE_OPENS = ["output_item.added", "content_part.added", "output_text.delta"]
MESSAGE_CLOSES = ["output_text.done", "content_part.done", "output_item.done"]
THOUGHT_OPENS = ["output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta"]
THOUGHT_CLOSES = ["reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"]
CALLS = [
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
]


# Events in, types out


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param([], [], id="nothing yet"),
        pytest.param([AnswerStarted("m", "up")], [], id="an answer's start shows nothing"),
        pytest.param([STOP], ["completed"], id="an empty answer"),
        pytest.param([HELLO, STOP], [*MESSAGE_OPENS, *MESSAGE_CLOSES, "completed"], id="text"),
        pytest.param([HELLO, HELLO], [*MESSAGE_OPENS, "output_text.delta"], id="text goes on"),
        pytest.param(
            [HMM, HMM, HELLO],
            [*THOUGHT_OPENS, "reasoning_summary_text.delta", *THOUGHT_CLOSES, *MESSAGE_OPENS],
            id="thoughts, then text",
        ),
        pytest.param(
            [HMM, HELLO, HMM],
            [*THOUGHT_OPENS, *THOUGHT_CLOSES, *MESSAGE_OPENS, *MESSAGE_CLOSES, *THOUGHT_OPENS],
            id="thoughts after text are a new item",
        ),
        pytest.param([CALL, CALL, CALL], [*CALLS, *CALLS, *CALLS], id="parallel calls"),
        pytest.param(
            [HELLO, CALL, HELLO],
            [*MESSAGE_OPENS, *MESSAGE_CLOSES, *CALLS, *MESSAGE_OPENS],
            id="a call ends the text before it",
        ),
        pytest.param(
            [HELLO, PartSigned("s"), HELLO],
            [*MESSAGE_OPENS, *MESSAGE_CLOSES, *MESSAGE_OPENS],
            id="a signature ends its part",
        ),
        pytest.param(
            [HMM, PartSigned("s"), HMM],
            [*THOUGHT_OPENS, *THOUGHT_CLOSES, *THOUGHT_OPENS],
            id="a thought's signature ends it too",
        ),
        pytest.param(
            [HELLO, PartSigned("s"), UsageReported(1)],
            MESSAGE_OPENS,
            id="what is about a signed part may still come",
        ),
        pytest.param([PartSigned("s")], [], id="a signature alone shows nothing"),
        pytest.param(
            [HELLO, PartIgnored("video"), HELLO],
            [*MESSAGE_OPENS, "output_text.delta"],
            id="an ignored part shows nothing",
        ),
        pytest.param(
            [HMM, AnswerStarted("m"), HMM],
            [*THOUGHT_OPENS, *THOUGHT_CLOSES, *THOUGHT_OPENS],
            id="a follow-up answer's parts are its own",
        ),
        pytest.param(
            [HELLO, AnswerContinued("m"), HELLO],
            [*MESSAGE_OPENS, "output_text.delta"],
            id="an answer that is continued goes on with its text",
        ),
        pytest.param(
            [HELLO, Finished("max_output_tokens", "MAX_TOKENS")],
            [*MESSAGE_OPENS, *MESSAGE_CLOSES, "incomplete"],
            id="cut short",
        ),
        pytest.param(
            [HELLO, Finished("failed", "OTHER")],
            [*MESSAGE_OPENS, *MESSAGE_CLOSES, "error", "failed"],
            id="failed",
        ),
        pytest.param([UpstreamFailed(503, "t", "c", "m")], ["error", "failed"], id="upstream failed"),
    ],
)
def test_types(sent: list[GenerationEvent], expected: list[str]) -> None:
    assert types(run(sent)[1]) == ["created", "in_progress", *expected]


# Ends


def test_completed() -> None:
    stream, events = run([HELLO, UsageReported(10, 4, 7, 5), STOP])
    assert stream.response == {
        **new_response(),
        "status": "completed",
        "completed_at": NOW,
        "output": [
            {
                "type": "message",
                "id": "msg_0",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}],
            }
        ],
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 17,
        },
    }
    assert events[-1] == {
        "type": "response.completed",
        "sequence_number": len(events) - 1,
        "response": stream.response,
    }


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
def test_cut_short(reason: Any) -> None:
    stream, events = run([HELLO, UsageReported(1, 0, 2, 2), Finished(reason, "RAW")])
    response = stream.response
    assert events[-1]["type"] == "response.incomplete"
    assert response["incomplete_details"] == {"reason": reason}
    assert response["completed_at"] is None
    assert response["usage"]["total_tokens"] == 3
    assert [item["status"] for item in response["output"]] == ["incomplete"]


def test_a_filter_that_leaves_nothing_is_shown_as_a_refusal() -> None:
    stream, events = run([HMM, Finished("content_filter", "SAFETY", "Not this.")])
    assert types(events)[-7:] == [
        "output_item.added",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
        "incomplete",
    ]
    thought, message = output_of(stream)
    assert (thought["status"], message["status"]) == ("incomplete", "completed")
    assert message["content"] == [{"type": "refusal", "refusal": "Not this."}]
    assert not stream.has_output


def test_a_refusal_says_something_even_if_the_filter_does_not() -> None:
    [message] = output_of(run([Finished("content_filter", "SAFETY")])[0])
    assert "filter" in message["content"][0]["refusal"]


@pytest.mark.parametrize("said", [HELLO, CALL, ImageMade("image/png", "aW1n")])
def test_what_was_said_before_a_filter_is_the_answer(said: GenerationEvent) -> None:
    [item] = output_of(run([said, Finished("content_filter", "SAFETY", "Not this.")])[0])
    assert "Not this." not in str(item)


def test_only_the_open_item_is_incomplete() -> None:
    stream, _ = run([HMM, CALL, HELLO, Finished("max_output_tokens", "MAX_TOKENS")])
    assert [item["status"] for item in output_of(stream)] == ["completed", "completed", "incomplete"]


def test_upstream_failure_is_told_twice() -> None:
    failure = UpstreamFailed(404, "invalid_request_error", "model_not_found", "No such model.", "model")
    stream, events = run([HELLO, UsageReported(3), failure])
    assert events[-2] == {
        "type": "error",
        "sequence_number": len(events) - 2,
        "code": "model_not_found",
        "message": "No such model.",
        "param": "model",
        "error": {
            "type": "invalid_request_error",
            "code": "model_not_found",
            "message": "No such model.",
            "param": "model",
        },
    }
    assert events[-1]["type"] == "response.failed"
    assert stream.response["error"] == {"code": "invalid_prompt", "message": "No such model."}
    assert stream.response["usage"]["input_tokens"] == 3
    assert output_of(stream)[0]["status"] == "incomplete"
    assert stream.response["completed_at"] is None


@pytest.mark.parametrize(
    ("finished", "error_type", "code", "message"),
    [
        (Finished("failed", "MALFORMED", "Bad call."), "server_error", "server_error", "Bad call."),
        (
            Finished("failed", "BLOCKED", "No.", "invalid_prompt"),
            "invalid_request_error",
            "invalid_prompt",
            "No.",
        ),
    ],
)
def test_an_answer_may_fail(finished: Finished, error_type: str, code: str, message: str) -> None:
    stream, events = run([finished])
    error = events[-2]
    assert error["type"] == "error"
    assert error["error"] == {"type": error_type, "code": code, "message": message, "param": None}
    assert stream.response["error"] == {"code": code, "message": message}


def test_an_answer_that_fails_without_a_message_names_its_reason() -> None:
    stream, _ = run([Finished("failed", "IMAGE_OTHER")])
    assert "IMAGE_OTHER" in stream.response["error"]["message"]


def test_the_code_of_an_error_event_is_never_empty() -> None:
    _, events = run([UpstreamFailed(502, "server_error", "", "Broken.")])
    error = events[-2]
    assert error["type"] == "error"
    assert error["code"] == error["error"]["code"] == "server_error"


def test_fail_closes_what_is_open() -> None:
    stream = started()
    stream.send(HELLO)
    events = stream.fail("mitm_timeout", "Nobody came.", param="model")
    assert types(events) == [*MESSAGE_CLOSES, "error", "failed"]
    assert stream.response["error"] == {"code": "server_error", "message": "Nobody came."}
    error = events[-2]
    assert error["type"] == "error"
    assert (error["code"], error["param"], error["error"]["type"]) == (
        "mitm_timeout",
        "model",
        "server_error",
    )


def test_fail_with_a_permanent_fault() -> None:
    stream = started()
    stream.fail("bad_credential", "Sign in.", error_type="invalid_request_error", http_status=401)
    assert stream.response["error"]["code"] == "invalid_prompt"


def test_cancel_closes_what_is_open_and_tells_the_status() -> None:
    stream = started()
    send_all(stream, [HELLO, UsageReported(1, 0, 1, 0)])
    assert types(stream.cancel()) == [*MESSAGE_CLOSES, "incomplete"]
    response = stream.response
    assert response["status"] == "cancelled"
    assert response["usage"]["total_tokens"] == 2
    assert response["output"][0]["status"] == "incomplete"
    assert len(stream.items) == 1


def test_cancel_before_the_start_says_nothing() -> None:
    stream = new_stream()
    assert stream.cancel() == []
    assert stream.response["status"] == "cancelled"


# Heartbeat


def test_heartbeat_shows_the_object_so_far_without_usage() -> None:
    stream = started()
    last = send_all(stream, [HMM, HELLO, UsageReported(5, 0, 5, 0)])[-1]
    [beat] = stream.heartbeat()
    assert beat["type"] == "response.in_progress"
    assert beat["sequence_number"] == last["sequence_number"] + 1
    assert beat["response"]["usage"] is None
    assert [item["status"] for item in beat["response"]["output"]] == ["completed", "in_progress"]
    assert beat["response"] == stream.response
    assert types(stream.send(HELLO)) == ["output_text.delta"]
