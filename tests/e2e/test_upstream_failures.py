"""Everything the upstream can do instead of answering, as the client sees it: in JSON and in a stream."""

from typing import Any

import openai
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import text_of, types

MAX_TOKENS = ("MAX_TOKENS", "CONTINUATION")
FILTERED = (
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY"),
    *("IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION", "PUP_LIMITED_DISABLED", "MODEL_ARMOR"),
)
FAILED = (
    *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"),
    *("MISSING_THOUGHT_SIGNATURE", "OTHER", "NO_IMAGE", "IMAGE_OTHER", "FINISH_REASON_UNSPECIFIED"),
    "SOMETHING_NEW",
)
BLOCKED = ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK")


def failure(stack: Stack, text: str, **parameters: Any) -> openai.APIStatusError:
    """The error of a JSON answer, as the official client raises it."""
    with pytest.raises(openai.APIStatusError) as caught:
        stack.client().responses.create(**{"model": MODEL, "input": text, **parameters})
    return caught.value


def failed_stream(stack: Stack, text: str, **parameters: Any) -> list[dict[str, Any]]:
    """The events of a stream that ends with ``error`` and ``response.failed``."""
    events = stack.stream(text, **parameters)
    assert types(events)[-2:] == ["error", "response.failed"]
    assert types(events).count("error") == 1
    last = events[-1]["response"]
    assert last["status"] == "failed"
    assert last["error"]["message"] == events[-2]["message"]
    assert stack.booking(last["id"])["outcome"] in ("upstream_error", "timeout")
    return events


# --- finish reasons ---


@pytest.mark.parametrize("reason", [*MAX_TOKENS, *FILTERED])
def test_reasons_to_stop_early_keep_what_was_written(stack: Stack, reason: str) -> None:
    expected = "max_output_tokens" if reason in MAX_TOKENS else "content_filter"
    text = f"[[text=some text]] [[finish={reason}]]"
    response = stack.client().responses.create(model=MODEL, input=text)

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == expected
    assert "some text".startswith(response.output_text)
    assert response.output_text
    assert stack.booking(response.id)["outcome"] == "incomplete"

    events = stack.stream(text)
    last = events[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": expected}
    assert text_of(events) == response.output_text


@pytest.mark.parametrize("reason", FAILED)
def test_reasons_that_are_failures(stack: Stack, reason: str) -> None:
    text = f"[[text=some text]] [[finish={reason}]]"
    error = failure(stack, text)

    assert error.status_code == 502
    assert (error.code, error.type) == ("server_error", "server_error")
    assert stack.latest_booking()["outcome"] == "upstream_error"
    events = failed_stream(stack, text)
    assert text_of(events) == "some text"
    assert events[-1]["response"]["error"]["code"] == "server_error"


def test_an_unknown_reason_is_named(stack: Stack) -> None:
    assert "SOMETHING_NEW" in failure(stack, "[[finish=SOMETHING_NEW]]").message


# --- blocked prompts ---


@pytest.mark.parametrize("reason", BLOCKED)
def test_a_blocked_prompt_is_the_clients_own_mistake(stack: Stack, reason: str) -> None:
    error = failure(stack, f"[[block={reason}]]")

    assert isinstance(error, openai.BadRequestError)
    assert (error.code, error.param) == ("invalid_prompt", "input")
    assert reason in error.message
    # It comes at once, before the stream is open: an HTTP error there too.
    assert isinstance(failure(stack, f"[[block={reason}]]", stream=True), openai.BadRequestError)
    booking = stack.latest_booking()
    assert (booking["outcome"], booking["input_tokens"] > 0) == ("upstream_error", True)


# --- refusals ---

STATUSES: list[tuple[int, int, type[openai.APIStatusError], str]] = [
    (400, 400, openai.BadRequestError, "invalid_value"),
    (401, 401, openai.AuthenticationError, "invalid_api_key"),
    (402, 429, openai.RateLimitError, "insufficient_quota"),
    (403, 403, openai.PermissionDeniedError, "permission_denied"),
    (404, 400, openai.BadRequestError, "model_not_found"),
    (409, 409, openai.ConflictError, "conflict"),
    (429, 429, openai.RateLimitError, "rate_limit_exceeded"),
    (499, 503, openai.InternalServerError, "server_error"),
    (500, 500, openai.InternalServerError, "server_error"),
    (501, 400, openai.BadRequestError, "unsupported_operation"),
    (503, 503, openai.InternalServerError, "server_is_overloaded"),
    (504, 504, openai.InternalServerError, "server_error"),
    (418, 502, openai.InternalServerError, "server_error"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("upstream", "status", "kind", "code"), STATUSES)
def test_an_upstream_refusal_is_an_http_error(
    stack: Stack, upstream: int, status: int, kind: type[openai.APIStatusError], code: str, stream: bool
) -> None:
    error = failure(stack, f"[[status={upstream}]]", stream=stream)

    assert isinstance(error, kind)
    assert error.status_code == status
    assert error.code == code
    assert isinstance(error.body, dict)
    assert error.body.keys() == {"message", "type", "param", "code"}
    booked = stack.latest_booking()
    assert (booked["outcome"], booked["source"]) == ("upstream_error", "none")
    assert booked["error"]["http_status"] == status


@BOTH
@pytest.mark.parametrize(("seconds", "header"), [("7", "7"), ("6", "6"), ("0.2", "1"), ("33.4", "34")])
def test_a_rate_limit_says_when_to_come_back(stack: Stack, seconds: str, header: str) -> None:
    error = failure(stack, f"[[status=429 retry={seconds}]]")

    assert error.response.headers["retry-after"] == header
    assert "try again in" in error.message


def test_a_used_up_daily_quota_is_not_to_be_tried_again(stack: Stack) -> None:
    error = failure(stack, "[[status=429 retry=7 quota=day]]")

    assert (error.status_code, error.code) == (429, "insufficient_quota")
    assert "retry-after" not in error.response.headers


def test_a_refused_gateway_credential_is_not_blamed_on_the_client(stack: Stack) -> None:
    assert "your API key is fine" in failure(stack, "[[status=401]]").message


# --- answers that break off ---

BREAKS = [
    pytest.param("[[error_mid=3 code=503]]", 503, id="error in a chunk"),
    pytest.param("[[error_mid=3 code=429]]", 429, id="rate limit in a chunk"),
    pytest.param("[[raw_error_mid=3 code=500]]", 500, id="error without a frame"),
    pytest.param("[[cut=3]]", 502, id="connection cut"),
    pytest.param("[[cut=0]]", 502, id="connection cut at once"),
    pytest.param("[[garbage=3]]", 502, id="unreadable chunk"),
    pytest.param("[[no_finish]]", 502, id="no finish reason"),
    pytest.param("[[no_content]]", 502, id="empty answer"),
]


@BOTH
@pytest.mark.parametrize(("directive", "status"), BREAKS)
def test_an_answer_that_breaks_off_fails(stack: Stack, directive: str, status: int) -> None:
    text = f"[[chunks=6]] {directive}"

    assert failure(stack, text).status_code == status
    assert stack.latest_booking()["outcome"] == "upstream_error"


@BOTH
@pytest.mark.parametrize(("directive", "status"), BREAKS[:4] + BREAKS[5:])
def test_a_stream_that_breaks_off_ends_with_one_terminal_event(
    stack: Stack, directive: str, status: int
) -> None:
    events = failed_stream(stack, f"[[chunks=6]] {directive}")

    written = [event for event in events if event["type"] == "response.output_item.done"]
    assert [event["item"]["status"] for event in written] == [
        item["status"] for item in events[-1]["response"]["output"]
    ]


def test_a_connection_cut_before_the_first_byte_is_an_http_error_for_streams_too(stack: Stack) -> None:
    assert failure(stack, "[[cut=0]]", stream=True).status_code == 502


def test_the_partial_output_of_a_failed_stream_is_kept(stack: Stack) -> None:
    events = failed_stream(stack, "[[chunks=6]] [[error_mid=3 code=503]]")

    (item,) = events[-1]["response"]["output"]
    assert item["status"] == "incomplete"
    assert item["content"][0]["text"] == text_of(events) != ""


# --- limits of the request ---


def test_max_output_tokens_cuts_the_answer(stack: Stack) -> None:
    response = stack.client().responses.create(model=MODEL, input="[[chunks=60]]", max_output_tokens=40)

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.usage is not None
    assert 0 < response.usage.output_tokens <= 40
    assert response.output_text


@BOTH
def test_a_timeout_is_a_504(stack: Stack) -> None:
    error = failure(stack, "[[first_delay_ms=20000]]", extra_body={"timeout": 0.4})

    assert (error.status_code, error.code) == (504, "timeout")
    assert stack.latest_booking()["outcome"] == "timeout"


@BOTH
def test_a_timeout_in_a_stream_fails_it_and_closes_the_upstream(stack: Stack) -> None:
    with stack.simulator.stream_is_closed():
        events = failed_stream(stack, "[[chunks=8]] [[stall=3]]", timeout=0.6)

    assert events[-2]["code"] == "timeout"
    booking = stack.booking(events[-1]["response"]["id"])
    assert booking["source"] == "intercepted", "the upstream's own count, not an estimate"
    assert text_of(events)


def test_thoughts_without_an_answer_wait_for_the_follow_up_and_then_fail(stack: Stack) -> None:
    """The language server asks again as often as it does; every answer is thoughts only."""
    events = failed_stream(stack, "[[thinking_only]]", reasoning={"summary": "auto"})

    booked = stack.booking(events[-1]["response"]["id"])
    assert booked["turns"] > 1
    reasoning = [item for item in events[-1]["response"]["output"] if item["type"] == "reasoning"]
    assert len(reasoning) == booked["turns"]
    assert booked["reasoning_tokens"] > 0
