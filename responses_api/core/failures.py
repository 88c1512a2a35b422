"""How failures are told inside a stream: which code, which family.

The code in ``response.error`` steers what clients do next: a permanent failure must not
look like a transient one, or an agent runs the same doomed request several times.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from responses_api.core.generation_events import Finished, UpstreamFailed
from responses_api.core.stream_events import StreamEvent

PASSED_THROUGH: Final = frozenset(
    {
        # ResponseErrorCode of OpenAI's OpenAPI document.
        "server_error",
        "rate_limit_exceeded",
        "invalid_prompt",
        "data_residency_mismatch",
        "bio_policy",
        "vector_store_timeout",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "image_too_large",
        "image_too_small",
        "image_parse_error",
        "image_content_policy_violation",
        "invalid_image_mode",
        "image_file_too_large",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "image_file_not_found",
        # Not in the document, but OpenAI sends them and Codex gives each its own meaning.
        "context_length_exceeded",
        "insufficient_quota",
        "usage_not_included",
        "cyber_policy",
        "server_is_overloaded",
        "slow_down",
    }
)
"""Codes that clients know; they stay as they are."""

_TRANSIENT_STATUSES: Final = frozenset({408, 409, 429})
"""Client errors that may pass when tried again; the SDKs retry the same ones."""


def failure_code(code: str, http_status: int) -> str:
    """The code for ``response.error``, given ours and the HTTP status it would have had.

    Returns:
        ``code`` itself where clients know it; else ``invalid_prompt`` for what cannot
        succeed however often it is tried, and ``server_error`` for everything else.
    """
    if code in PASSED_THROUGH:
        return code
    if 400 <= http_status < 500 and http_status not in _TRANSIENT_STATUSES:
        return "invalid_prompt"
    return "server_error"


def failure_of(finished: Finished) -> UpstreamFailed:
    """The failure that an answer with outcome ``failed`` amounts to."""
    message = finished.message or f"The model stopped without a usable answer ({finished.raw_reason})."
    if finished.code == "invalid_prompt":
        return UpstreamFailed(400, "invalid_request_error", finished.code, message)
    return UpstreamFailed(502, "server_error", finished.code, message)


def failed_instead(last_events: Sequence[StreamEvent], message: str) -> list[StreamEvent]:
    """The end of a stream, with a failure in place of its terminal event.

    For a response that had ended and then could not be kept; one that failed stays as it is.

    Args:
        last_events: the stream's last events, the terminal one at their end.
        message: for the client; no secrets.
    """
    *before, terminal = last_events
    kept: Any = terminal
    if kept["type"] == "response.failed":
        return list(last_events)
    number: int = kept["sequence_number"]
    code = "server_error"
    detail = {"type": code, "code": code, "message": message, "param": None}
    error = {**detail, "type": "error", "sequence_number": number, "error": detail}
    response = {
        **kept["response"],
        "status": "failed",
        "completed_at": None,
        "incomplete_details": None,
        "error": {"code": code, "message": message},
    }
    failed = {"type": "response.failed", "sequence_number": number + 1, "response": response}
    return [*before, cast(StreamEvent, error), cast(StreamEvent, failed)]
