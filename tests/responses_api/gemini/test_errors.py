from typing import Any

import msgspec
import pytest

from responses_api.core.generation_events import UpstreamFailed
from responses_api.gemini.chunks import ErrorStatus
from responses_api.gemini.errors import (
    ConnectionFault,
    blocked_prompt,
    connection_failure,
    failure_from_body,
    failure_from_status,
)


def fail(http_status: int, *details: dict[str, Any], message: str = "m", status: str = "S") -> UpstreamFailed:
    error = {"code": http_status, "message": message, "status": status, "details": details}
    return failure_from_body(http_status, msgspec.json.encode({"error": error}))


def detail(kind: str, **members: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **members}


@pytest.mark.parametrize(
    ("http_status", "expected"),
    [
        (400, (400, "invalid_request_error", "invalid_value")),
        (401, (401, "authentication_error", "invalid_api_key")),
        (402, (402, "insufficient_quota", "insufficient_quota")),
        (403, (403, "permission_error", "permission_denied")),
        (404, (404, "invalid_request_error", "model_not_found")),
        (409, (409, "invalid_request_error", "conflict")),
        (413, (413, "invalid_request_error", "request_too_large")),
        (429, (429, "rate_limit_error", "rate_limit_exceeded")),
        (499, (499, "server_error", "cancelled")),
        (500, (500, "server_error", "server_error")),
        (501, (501, "invalid_request_error", "unsupported_operation")),
        (503, (503, "server_error", "server_error")),
        (504, (504, "server_error", "server_error")),
        (408, (504, "server_error", "server_error")),
        (418, (502, "server_error", "server_error")),
        (502, (502, "server_error", "server_error")),
        (302, (502, "server_error", "server_error")),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": {"details": [7]}}', b'{"detail": "x"}'])
def test_the_status_decides_where_the_body_says_nothing(
    http_status: int, expected: tuple[int, str, str], body: bytes
) -> None:
    failure = failure_from_body(http_status, body)
    assert (failure.http_status, failure.type, failure.code) == expected
    assert failure.message
    assert failure.upstream_status


@pytest.mark.parametrize(
    ("canonical", "http_status"),
    [
        ("INVALID_ARGUMENT", 400), ("FAILED_PRECONDITION", 400), ("OUT_OF_RANGE", 400), ("UNAUTHENTICATED", 401),
        ("PERMISSION_DENIED", 403), ("NOT_FOUND", 404), ("ALREADY_EXISTS", 409), ("ABORTED", 409),
        ("RESOURCE_EXHAUSTED", 429), ("CANCELLED", 499), ("UNKNOWN", 500), ("INTERNAL", 500), ("DATA_LOSS", 500),
        ("UNIMPLEMENTED", 501), ("UNAVAILABLE", 503), ("DEADLINE_EXCEEDED", 504), ("SOMETHING_NEW", 502),
    ],
)  # fmt: skip
def test_inside_a_stream_the_canonical_status_serves(canonical: str, http_status: int) -> None:
    failure = failure_from_status(ErrorStatus(status=canonical, message="m"))
    assert (failure.http_status, failure.upstream_status) == (http_status, canonical)


def test_inside_a_stream_the_code_goes_before_the_canonical_status() -> None:
    assert (
        failure_from_status(ErrorStatus(code=402, status="RESOURCE_EXHAUSTED")).code == "insufficient_quota"
    )
    assert failure_from_status(ErrorStatus(code="503", status="INTERNAL")).http_status == 503
    assert failure_from_status(ErrorStatus(code=8, status="RESOURCE_EXHAUSTED")).http_status == 429


@pytest.mark.parametrize("http_status", [400, 401, 403])
def test_a_refused_key_is_the_gateways_own(http_status: int) -> None:
    failure = fail(
        http_status,
        detail("ErrorInfo", reason="API_KEY_INVALID", domain="googleapis.com"),
        message="API key not valid: AIzaSyD-0123456789.",
    )
    assert (failure.http_status, failure.type, failure.code) == (
        401,
        "authentication_error",
        "invalid_api_key",
    )
    assert "gateway's own credential" in failure.message
    assert "AIza" not in failure.message


@pytest.mark.parametrize(
    "message",
    [
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "Unable to submit request because the input token count is 5 but model only supports up to 4. "
        "It exceeds the limit.",
    ],
)
def test_too_long_an_input(message: str) -> None:
    failure = fail(400, message=message)
    assert (failure.http_status, failure.code, failure.message) == (400, "context_length_exceeded", message)


@pytest.mark.parametrize(
    ("violation", "code"),
    [
        (
            {"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaValue": "10"},
            "rate_limit_exceeded",
        ),
        (
            {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "250"},
            "insufficient_quota",
        ),
        (
            {"quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier", "quotaValue": "0"},
            "insufficient_quota",
        ),
        (
            {"quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier", "quotaValue": 0},
            "insufficient_quota",
        ),
    ],
)
def test_a_quota_for_today_and_a_quota_for_now(violation: dict[str, Any], code: str) -> None:
    failure = fail(429, detail("QuotaFailure", violations=[violation]), detail("RetryInfo", retryDelay="34s"))
    assert (failure.http_status, failure.code) == (429, code)
    assert failure.retry_after == (34.0 if code == "rate_limit_exceeded" else None)


def test_a_used_up_quota_by_reason_or_by_text() -> None:
    assert fail(429, detail("ErrorInfo", reason="QUOTA_EXHAUSTED")).code == "insufficient_quota"
    assert fail(429, message="Quota exceeded for metric: x, limit: 0").code == "insufficient_quota"
    assert fail(429, message="Quota exceeded for metric: x, limit: 05").code == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("delay", "message", "seconds"),
    [
        ("34.07s", "m", 34.07),
        ("900ms", "m", 0.9),
        ("7s", "Please retry in 99s.", 7.0),
        ("soon", "Please retry in 12.5s.", 12.5),
        ("", "Please retry in 250ms.", 0.25),
        ("", "later", None),
    ],
)
def test_how_long_to_wait(delay: str, message: str, seconds: float | None) -> None:
    assert fail(429, detail("RetryInfo", retryDelay=delay), message=message).retry_after == seconds


def test_the_waiting_time_stands_in_the_message_in_the_words_that_codex_reads() -> None:
    assert fail(429, detail("RetryInfo", retryDelay="34.07s")).message == "m Please try again in 34.07s."
    assert fail(429, message="Please retry in 3s.").message == "Please try again in 3s."


@pytest.mark.parametrize(
    ("field", "param"),
    [
        ("contents[1].parts[0].text", "input"),
        ("tools[0].function_declarations[2].name", "tools"),
        ("tool_config.function_calling_config", "tool_choice"),
        ("generation_config.temperature", "temperature"),
        ("generation_config.max_output_tokens", "max_output_tokens"),
        ("generation_config.response_json_schema", "text.format"),
        ("generation_config.thinking_config.thinking_level", "reasoning"),
        ("system_instruction", "instructions"),
        ("something_else", "something_else"),
    ],
)
def test_a_refused_field_is_named_as_the_client_knows_it(field: str, param: str) -> None:
    violations = [{"field": field, "description": "d"}, {"field": "other", "description": "d"}]
    assert fail(400, detail("BadRequest", fieldViolations=violations)).param == param


def test_no_field_no_param() -> None:
    assert fail(400, detail("BadRequest", fieldViolations=[{"description": "d"}])).param is None


def test_help_links_are_passed_on_once() -> None:
    link = detail("Help", links=[{"description": "d", "url": "https://ai.google.dev/quota"}])
    assert fail(403, link).message == "m https://ai.google.dev/quota"
    assert (
        fail(403, link, message="See https://ai.google.dev/quota").message
        == "See https://ai.google.dev/quota"
    )


def test_a_blocked_prompt_names_the_reason() -> None:
    failure = blocked_prompt("SAFETY", "because")
    assert (failure.http_status, failure.code, failure.param) == (400, "invalid_prompt", "input")
    assert "SAFETY" in failure.message
    assert failure.message.endswith("because")


@pytest.mark.parametrize(
    ("kind", "http_status"), [("dns", 502), ("refused", 502), ("tls", 502), ("reset", 502), ("timeout", 504)]
)
def test_connection_failures(kind: ConnectionFault, http_status: int) -> None:
    failure = connection_failure(kind, "key=AIzaSyD-0123456789")
    assert (failure.http_status, failure.type) == (http_status, "server_error")
    assert failure.message.endswith("(key=[redacted])")
    assert connection_failure(kind).message.endswith(".")
