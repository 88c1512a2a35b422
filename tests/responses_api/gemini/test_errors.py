from typing import Any

import msgspec
import pytest

from responses_api.core.generation_events import UpstreamFailed
from responses_api.gemini.errors import (
    ConnectionFault,
    blocked_prompt,
    connection_failure,
    failure_from_body,
    failure_from_status,
    protocol_failure,
)
from responses_api.gemini.status import ErrorStatus


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
        (402, (429, "insufficient_quota", "insufficient_quota")),
        (403, (403, "permission_error", "permission_denied")),
        (404, (400, "invalid_request_error", "model_not_found")),
        (409, (409, "invalid_request_error", "conflict")),
        (413, (413, "invalid_request_error", "request_too_large")),
        (429, (429, "rate_limit_error", "rate_limit_exceeded")),
        (499, (503, "server_error", "server_error")),
        (500, (500, "server_error", "server_error")),
        (501, (400, "invalid_request_error", "unsupported_operation")),
        (503, (503, "server_error", "server_is_overloaded")),
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


CANONICAL = [
    (1, "CANCELLED", 503, "server_error"),
    (2, "UNKNOWN", 500, "server_error"),
    (3, "INVALID_ARGUMENT", 400, "invalid_value"),
    (4, "DEADLINE_EXCEEDED", 504, "server_error"),
    (5, "NOT_FOUND", 400, "model_not_found"),
    (6, "ALREADY_EXISTS", 409, "conflict"),
    (7, "PERMISSION_DENIED", 403, "permission_denied"),
    (8, "RESOURCE_EXHAUSTED", 429, "rate_limit_exceeded"),
    (9, "FAILED_PRECONDITION", 400, "invalid_value"),
    (10, "ABORTED", 409, "conflict"),
    (11, "OUT_OF_RANGE", 400, "invalid_value"),
    (12, "UNIMPLEMENTED", 400, "unsupported_operation"),
    (13, "INTERNAL", 500, "server_error"),
    (14, "UNAVAILABLE", 503, "server_is_overloaded"),
    (15, "DATA_LOSS", 500, "server_error"),
    (16, "UNAUTHENTICATED", 401, "invalid_api_key"),
    (99, "SOMETHING_NEW", 502, "server_error"),
]


@pytest.mark.parametrize(("number", "canonical", "http_status", "code"), CANONICAL)
def test_inside_a_stream_the_canonical_status_serves_or_its_number(
    number: int, canonical: str, http_status: int, code: str
) -> None:
    by_name = failure_from_status(ErrorStatus(status=canonical, message="m"))
    assert (by_name.http_status, by_name.code, by_name.upstream_status) == (http_status, code, canonical)
    by_number = failure_from_status(ErrorStatus(code=number, message="m"))
    assert (by_number.http_status, by_number.code) == (http_status, code)


@pytest.mark.parametrize("number", [404, 410, 499, 501, 505])
def test_no_status_that_clients_misread_is_passed_on(number: int) -> None:
    assert fail(number).http_status in {400, 502, 503}


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


@pytest.mark.parametrize(
    ("http_status", "reason", "expected"),
    [
        (429, "RATE_LIMIT_EXCEEDED", (429, "rate_limit_exceeded")),
        (429, "QUOTA_EXHAUSTED", (429, "insufficient_quota")),
        (429, "INSUFFICIENT_G1_CREDITS_BALANCE", (429, "insufficient_quota")),
        (429, "MODEL_CAPACITY_EXHAUSTED", (503, "server_is_overloaded")),
        (503, "MODEL_CAPACITY_EXHAUSTED", (503, "server_is_overloaded")),
        (403, "VALIDATION_REQUIRED", (403, "permission_denied")),
        (403, "SECURITY_POLICY_VIOLATED", (403, "permission_denied")),
        (403, "UNSUPPORTED_CLIENT", (403, "permission_denied")),
        (403, "SERVICE_DISABLED", (403, "permission_denied")),
        (401, "ACCESS_TOKEN_TYPE_UNSUPPORTED", (401, "invalid_api_key")),
        (403, "ACCESS_TOKEN_EXPIRED", (401, "invalid_api_key")),
        (400, "API_KEY_EXPIRED", (401, "invalid_api_key")),
        (500, "API_KEY_EXPIRED", (500, "server_error")),
    ],
)
def test_reasons(http_status: int, reason: str, expected: tuple[int, str]) -> None:
    failure = fail(http_status, detail("ErrorInfo", reason=reason, domain="cloudcode-pa.googleapis.com"))
    assert (failure.http_status, failure.code) == expected


def test_a_quota_of_zero_by_text() -> None:
    assert fail(429, message="Quota exceeded for metric: x, limit: 0").code == "insufficient_quota"
    assert fail(429, message="Quota exceeded for metric: x, limit: 05").code == "rate_limit_exceeded"


def test_a_limit_that_lasts_long_is_a_used_up_quota() -> None:
    short, long = (fail(429, detail("RetryInfo", retryDelay=delay)) for delay in ("300s", "301s"))
    assert (short.code, short.retry_after) == ("rate_limit_exceeded", 300.0)
    assert (long.code, long.retry_after) == ("insufficient_quota", None)
    assert fail(503, detail("RetryInfo", retryDelay="301s")).retry_after == 301.0


@pytest.mark.parametrize(
    ("delay", "message", "seconds"),
    [
        ("34.07s", "m", 34.07),
        ("900ms", "m", 0.9),
        ("7s", "Please retry in 99s.", 7.0),
        ("soon", "Please retry in 12.5s.", 12.5),
        ("", "Please retry in 250ms.", 0.25),
        ("", "Your quota will reset after 1m2.5s.", 62.5),
        ("", "Please retry in 1h.", None),
        ("", "later", None),
    ],
)
def test_how_long_to_wait(delay: str, message: str, seconds: float | None) -> None:
    assert fail(429, detail("RetryInfo", retryDelay=delay), message=message).retry_after == seconds


def test_the_waiting_time_of_code_assist() -> None:
    info = detail(
        "ErrorInfo", reason="RATE_LIMIT_EXCEEDED", metadata={"quotaResetDelay": "540ms", "model": "m"}
    )
    assert fail(429, info).retry_after == 0.54
    assert fail(429, detail("ErrorInfo", metadata={"quotaResetDelay": 7})).retry_after is None


def test_the_waiting_time_stands_in_the_message_in_the_words_that_codex_reads() -> None:
    assert fail(429, detail("RetryInfo", retryDelay="34.07s")).message == "m Please try again in 34.07s."
    assert fail(429, message="Please retry in 3s.").message == "Please try again in 3s."
    assert fail(429, message="Please retry in 4m1.25s.").message == "Please try again in 241.25s."
    assert fail(429, message="Resets after 2s.", status="x").message == "Resets after 2s."
    assert (
        fail(429, message="It will reset after 2s.").message
        == "It will reset after 2s. Please try again in 2s."
    )
    assert fail(429, detail("RetryInfo", retryDelay="9s"), message="Please retry in 3s.").message == (
        "Please try again in 9s."
    )


SIGNATURE_COMPLAINTS = [
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work.",
    "Unable to submit request because function call `X` in the 2. content block is missing a `thought_signature`.",
    "Invalid thought signature.",
    "Corrupted thought signature.",
    "Thought signature is not valid.",
    "Invalid JSON payload received. Unknown name \"thoughtSignature\" at 'contents[1].parts[0]': Cannot find field.",
]


@pytest.mark.parametrize("message", SIGNATURE_COMPLAINTS)
def test_a_complaint_about_signatures_is_remedied_without_them(message: str) -> None:
    assert fail(400, message=message).remedy == "drop_signatures"
    assert failure_from_status(ErrorStatus(400, message, "INVALID_ARGUMENT")).remedy == "drop_signatures"


@pytest.mark.parametrize(
    ("http_status", "message"), [(400, "m"), (500, "Invalid thought signature."), (429, "m")]
)
def test_no_other_refusal_has_a_remedy(http_status: int, message: str) -> None:
    assert fail(http_status, message=message).remedy is None


def test_a_protocol_failure_has_the_remedy_it_is_given() -> None:
    assert protocol_failure("S", "m").remedy is None
    assert protocol_failure("S", "m", "repeat").remedy == "repeat"


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


@pytest.mark.parametrize(
    ("http_status", "body", "remedy"),
    [
        (401, b"", "refresh_credential"),
        (403, b'{"error": {"details": [{"reason": "ACCESS_TOKEN_EXPIRED"}]}}', "refresh_credential"),
        (400, b'{"error": {"message": "Invalid thought_signature"}}', "drop_signatures"),
        (400, b'{"error": {"message": "Invalid role"}}', None),
        (403, b"", None),
        (429, b"", None),
    ],
)
def test_what_another_call_could_help(http_status: int, body: bytes, remedy: str | None) -> None:
    assert failure_from_body(http_status, body).remedy == remedy
