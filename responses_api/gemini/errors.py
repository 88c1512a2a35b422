"""The upstream's errors in the Responses API's terms.

Pure. Reads ``google.rpc.Status`` in every shape the upstream sends it (plain body, array,
inside a stream) and decides by the HTTP status first, because the canonical status is often
too coarse: an empty account is 402 with ``RESOURCE_EXHAUSTED``, a bad key is 400.

What a client does next depends on status and code, so both say whether trying again helps: a
model that does not exist is a 400 (clients repeat a 404), a call that the upstream cancelled is
a 503 (they give up on a 499), and "overloaded" has the code that agents back off from.

Source: Gemini API error reference and ``google.rpc`` error details, November 2026; reasons of
the Code Assist backend as its own client (gemini-cli) tells them apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from responses_api.core.errors import InternalError
from responses_api.core.generation_events import Remedy, UpstreamFailed
from responses_api.gemini.chunks import UnreadableChunk, decode_payload
from responses_api.gemini.redaction import redact
from responses_api.gemini.sse import SseDecoder
from responses_api.gemini.status import ErrorDetail, ErrorStatus, decode_details

STREAM_ENDED_EARLY = "STREAM_ENDED_EARLY"
UNREADABLE_ANSWER = "UNREADABLE_ANSWER"


class LocalProtocolError(InternalError):
    """The caller broke the contract of a pure object, such as feeding bytes after the end."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """The client's view of one upstream HTTP status."""

    http_status: int
    type: str
    code: str


_SERVER_ERROR = "server_error"
_RULES: dict[int, _Rule] = {
    400: _Rule(400, "invalid_request_error", "invalid_value"),
    401: _Rule(401, "authentication_error", "invalid_api_key"),
    402: _Rule(429, "insufficient_quota", "insufficient_quota"),
    403: _Rule(403, "permission_error", "permission_denied"),
    404: _Rule(400, "invalid_request_error", "model_not_found"),
    408: _Rule(504, _SERVER_ERROR, _SERVER_ERROR),
    409: _Rule(409, "invalid_request_error", "conflict"),
    413: _Rule(413, "invalid_request_error", "request_too_large"),
    429: _Rule(429, "rate_limit_error", "rate_limit_exceeded"),
    499: _Rule(503, _SERVER_ERROR, _SERVER_ERROR),
    500: _Rule(500, _SERVER_ERROR, _SERVER_ERROR),
    501: _Rule(400, "invalid_request_error", "unsupported_operation"),
    503: _Rule(503, _SERVER_ERROR, "server_is_overloaded"),
    504: _Rule(504, _SERVER_ERROR, _SERVER_ERROR),
}
_QUOTA_USED_UP = _Rule(429, "insufficient_quota", "insufficient_quota")
_OVERLOADED = _RULES[503]
_TOO_LONG = _Rule(400, "invalid_request_error", "context_length_exceeded")
_ANY_OTHER = _Rule(502, _SERVER_ERROR, _SERVER_ERROR)

_CANONICAL_STATUSES = (
    ("CANCELLED", 499),
    ("UNKNOWN", 500),
    ("INVALID_ARGUMENT", 400),
    ("DEADLINE_EXCEEDED", 504),
    ("NOT_FOUND", 404),
    ("ALREADY_EXISTS", 409),
    ("PERMISSION_DENIED", 403),
    ("RESOURCE_EXHAUSTED", 429),
    ("FAILED_PRECONDITION", 400),
    ("ABORTED", 409),
    ("OUT_OF_RANGE", 400),
    ("UNIMPLEMENTED", 501),
    ("INTERNAL", 500),
    ("UNAVAILABLE", 503),
    ("DATA_LOSS", 500),
    ("UNAUTHENTICATED", 401),
)
"""In the order of gRPC's numbers, from 1."""

_HTTP_STATUS_OF = dict(_CANONICAL_STATUSES)
_HTTP_STATUS_OF_NUMBER = {str(number): http for number, (_, http) in enumerate(_CANONICAL_STATUSES, start=1)}

_REFUSED_CREDENTIAL_REASONS = frozenset(
    {
        "API_KEY_INVALID",
        "API_KEY_EXPIRED",
        "ACCESS_TOKEN_EXPIRED",
        "ACCESS_TOKEN_TYPE_UNSUPPORTED",
        "CREDENTIALS_MISSING",
    }
)
_QUOTA_REASONS = frozenset({"QUOTA_EXHAUSTED", "INSUFFICIENT_G1_CREDITS_BALANCE"})
_CAPACITY_REASON = "MODEL_CAPACITY_EXHAUSTED"
_LONGEST_WAIT = 300.0
"""Seconds; a limit that lasts longer is a quota that is used up, for whoever waits for an answer."""

_PARAMETER_OF = (
    ("system_instruction", "instructions"),
    ("systemInstruction", "instructions"),
    ("contents", "input"),
    ("tools", "tools"),
    ("tool_config", "tool_choice"),
    ("toolConfig", "tool_choice"),
    ("model", "model"),
    ("generation_config.temperature", "temperature"),
    ("generation_config.top_p", "top_p"),
    ("generation_config.max_output_tokens", "max_output_tokens"),
    ("generation_config.response", "text.format"),
    ("generation_config.thinking", "reasoning"),
    ("generation_config.logprobs", "top_logprobs"),
)

_REFUSED_CREDENTIAL = (
    "The upstream refused this gateway's own credential; your API key is fine. Please tell the operator."
)
_TOO_LONG_TEXT = re.compile(
    r"token count.*exceed|exceed.*token count|exceeds? the maximum number of tokens", re.I | re.S
)
_LIMIT_ZERO_TEXT = re.compile(r"\blimit: 0\b")
_SIGNATURE_TEXT = re.compile(r"thought[ _]?signature", re.I)
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[dhms]))+")
_RETRY_TEXT = re.compile(rf"(?:retry|try again) in ({_DURATION.pattern})", re.I)
_RESET_TEXT = re.compile(rf"reset after ({_DURATION.pattern})", re.I)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_SECONDS_PER = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def failure_from_body(http_status: int, body: bytes) -> UpstreamFailed:
    """Translate the whole body of an answer that is no success.

    Args:
        http_status: Status of the upstream's answer.
        body: Its body; may be empty, cut off, or no JSON at all (then the status alone decides).
    """
    return failure_from_status(_status_in(body), http_status)


def failure_from_status(status: ErrorStatus, http_status: int | None = None) -> UpstreamFailed:
    """Translate a ``google.rpc.Status``.

    Args:
        status: As decoded; every member may be missing.
        http_status: Status of the HTTP answer; None inside a stream, where the answer was a 200
            and ``status.code`` has to serve.

    Returns:
        The failure. Its message holds no secret, and ``retry_after`` (seconds) is set only
        where waiting can help. A complaint about a thought signature, missing or refused, is
        remedied by a request without them, a refused credential by a new access token.
    """
    effective = _effective_status(status, http_status)
    details = decode_details(status)
    wait = _wait(status, details)
    rule = _rule(effective, status, details, wait)
    retry_after = None if rule.type == "insufficient_quota" else wait
    return UpstreamFailed(
        http_status=rule.http_status,
        type=rule.type,
        code=rule.code,
        message=_message(rule, effective, status, details, retry_after),
        param=_param(details),
        retry_after=retry_after,
        upstream_status=status.status or f"HTTP_{effective}",
        remedy=_remedy(rule, effective, status),
    )


def blocked_prompt(reason: str, explanation: str | None = None) -> UpstreamFailed:
    """The failure for a prompt that the upstream refused to answer (``promptFeedback``)."""
    message = f"The prompt was blocked by the upstream: {redact(reason)}."
    return UpstreamFailed(
        http_status=400,
        type="invalid_request_error",
        code="invalid_prompt",
        message=f"{message} {redact(explanation)}" if explanation else message,
        param="input",
        upstream_status=f"PROMPT_BLOCKED_{reason}",
    )


def protocol_failure(upstream_status: str, message: str, remedy: Remedy | None = None) -> UpstreamFailed:
    """The failure for an answer that breaks the protocol: cut short, or not readable."""
    return UpstreamFailed(
        http_status=502,
        type=_SERVER_ERROR,
        code=_SERVER_ERROR,
        message=message,
        upstream_status=upstream_status,
        remedy=remedy,
    )


type ConnectionFault = Literal["dns", "refused", "tls", "reset", "timeout"]

_CONNECTION_FAULTS: dict[ConnectionFault, tuple[int, str]] = {
    "dns": (502, "The upstream's host name could not be resolved."),
    "refused": (502, "The upstream could not be reached."),
    "tls": (502, "The TLS connection to the upstream could not be set up."),
    "reset": (502, "The connection to the upstream broke off."),
    "timeout": (504, "The upstream did not answer in time."),
}


def connection_failure(kind: ConnectionFault, detail: str = "") -> UpstreamFailed:
    """The failure for a connection on which the upstream gave no (whole) answer.

    Args:
        kind: What went wrong below HTTP.
        detail: The transport's own words, appended without secrets.
    """
    http_status, message = _CONNECTION_FAULTS[kind]
    return UpstreamFailed(
        http_status=http_status,
        type=_SERVER_ERROR,
        code="timeout" if kind == "timeout" else _SERVER_ERROR,
        message=f"{message} ({redact(detail)})" if detail else message,
        upstream_status=f"CONNECTION_{kind.upper()}",
    )


def _status_in(body: bytes) -> ErrorStatus:
    """The first status that ``body`` holds, as JSON or in a frame of SSE; an empty one otherwise."""
    frames = SseDecoder()
    for payload in (body, *frames.feed(body), *frames.feed(b"")):
        try:
            messages = decode_payload(payload)
        except UnreadableChunk:
            continue
        for message in messages:
            if isinstance(message, ErrorStatus):
                return message
    return ErrorStatus()


def _effective_status(status: ErrorStatus, http_status: int | None) -> int:
    if http_status is not None and http_status >= 400:
        return http_status
    code = str(status.code)
    if code.isdecimal() and len(code) == 3 and int(code) >= 400:
        return int(code)
    return _HTTP_STATUS_OF.get(status.status) or _HTTP_STATUS_OF_NUMBER.get(code, 502)


def _rule(http_status: int, status: ErrorStatus, details: Sequence[ErrorDetail], wait: float | None) -> _Rule:
    reasons = {detail.reason for detail in details}
    if http_status in (400, 401, 403) and reasons & _REFUSED_CREDENTIAL_REASONS:
        return _RULES[401]
    if http_status == 400 and _TOO_LONG_TEXT.search(status.message):
        return _TOO_LONG
    if http_status == 429 and _CAPACITY_REASON in reasons:
        return _OVERLOADED
    if http_status == 429 and (reasons & _QUOTA_REASONS or _is_quota_used_up(status, details, wait)):
        return _QUOTA_USED_UP
    return _RULES.get(http_status, _ANY_OTHER)


def _remedy(rule: _Rule, http_status: int, status: ErrorStatus) -> Remedy | None:
    if rule is _RULES[401]:
        return "refresh_credential"
    return "drop_signatures" if http_status == 400 and _SIGNATURE_TEXT.search(status.message) else None


def _is_quota_used_up(status: ErrorStatus, details: Sequence[ErrorDetail], wait: float | None) -> bool:
    """Whether the quota comes back only much later, or is zero: waiting a moment cannot help."""
    violations = [violation for detail in details for violation in detail.violations]
    return (
        (wait is not None and wait > _LONGEST_WAIT)
        or bool(_LIMIT_ZERO_TEXT.search(status.message))
        or any(
            "PerDay" in violation.quota_id or str(violation.quota_value) == "0" for violation in violations
        )
    )


def _wait(status: ErrorStatus, details: Sequence[ErrorDetail]) -> float | None:
    """Seconds until the upstream wants to be asked again, where it says so."""
    for detail in details:
        for duration in (detail.retry_delay, (detail.metadata or {}).get("quotaResetDelay")):
            if isinstance(duration, str) and _DURATION.fullmatch(duration):
                return _seconds(duration)
    match = _RETRY_TEXT.search(status.message) or _RESET_TEXT.search(status.message)
    return _seconds(match[1]) if match else None


def _seconds(duration: str) -> float:
    """``"34.07s"``, ``"900ms"``, ``"2h52m39s"`` in seconds, to the millisecond."""
    parts = _DURATION_PART.findall(duration)
    return round(sum(float(number) * _SECONDS_PER[unit] for number, unit in parts), 3)


def _message(
    rule: _Rule,
    effective: int,
    status: ErrorStatus,
    details: Sequence[ErrorDetail],
    retry_after: float | None,
) -> str:
    said = redact(status.message.strip()) or f"The upstream answered HTTP {effective} and did not say why."
    if retry_after is not None:
        said = _with_waiting_time(said, retry_after)
    sentences = [_REFUSED_CREDENTIAL, said] if rule.http_status == 401 else [said]
    sentences += [link.url for detail in details for link in detail.links[:1] if link.url not in said]
    return " ".join(sentences)


def _with_waiting_time(said: str, seconds: float) -> str:
    """``said`` with the waiting time in the words from which Codex reads it: plain seconds."""
    hint = f"try again in {seconds:.3f}".rstrip("0").rstrip(".") + "s"
    clear = _RETRY_TEXT.sub(hint, said)
    return clear if hint in clear else f"{clear} Please {hint}."


def _param(details: Sequence[ErrorDetail]) -> str | None:
    """Our parameter behind the first refused upstream field; the field itself if there is none."""
    field = next((violation.field for detail in details for violation in detail.field_violations), "")
    return next((ours for theirs, ours in _PARAMETER_OF if field.startswith(theirs)), redact(field) or None)
