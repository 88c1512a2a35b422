"""Refusals as Google renders them: ``google.rpc.Status`` in REST JSON form.

Pure. Texts and detail messages follow the Gemini API's public error answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .values import JsonObject

SERVICE = "generativelanguage.googleapis.com"
_TYPE = "type.googleapis.com/google.rpc."

CANONICAL_STATUS: dict[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

_MESSAGES: dict[int, str] = {
    400: "Request contains an invalid argument.",
    401: (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential. "
        "See https://developers.google.com/identity/sign-in/web/devconsole-project."
    ),
    402: "Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing.",
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    405: "Method not allowed.",
    409: "The operation was aborted.",
    499: "The operation was cancelled.",
    500: "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
    501: "Operation is not implemented, or supported, or enabled.",
    503: "The model is overloaded. Please try again later.",
    504: "Deadline expired before operation could complete.",
}


@dataclass(frozen=True, slots=True)
class ApiError:
    """A refusal.

    Attributes:
        http_status: status of the HTTP answer; also ``error.code`` of the body.
        message: text for the caller.
        details: ``google.rpc`` detail messages, each with its ``@type``.
        status: canonical status name.
    """

    http_status: int
    message: str
    details: tuple[JsonObject, ...] = ()
    status: str = ""

    def body(self) -> JsonObject:
        """The JSON body: ``{"error": {code, message, status, details?}}``."""
        error: JsonObject = {
            "code": self.http_status,
            "message": self.message,
            "status": self.status or CANONICAL_STATUS.get(self.http_status, "UNKNOWN"),
        }
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a field; ``field`` is its snake_case path, "" for the body itself."""

    field: str
    description: str

    def to_json(self) -> JsonObject:
        """One entry of ``BadRequest.fieldViolations``."""
        named = {"field": self.field} if self.field else {}
        return {**named, "description": self.description}


def invalid_argument(message: str) -> ApiError:
    """400 INVALID_ARGUMENT without details."""
    return ApiError(400, message)


def bad_request(violations: Sequence[Violation]) -> ApiError:
    """400 INVALID_ARGUMENT that names each field at fault, one line per violation."""
    detail: JsonObject = {
        "@type": _TYPE + "BadRequest",
        "fieldViolations": [violation.to_json() for violation in violations],
    }
    return ApiError(400, "\n".join(violation.description for violation in violations), (detail,))


def error_info(reason: str, **metadata: str) -> JsonObject:
    """An ``ErrorInfo`` detail of Google's own domain."""
    return {
        "@type": _TYPE + "ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": SERVICE, **metadata},
    }


def localized_message(message: str) -> JsonObject:
    """A ``LocalizedMessage`` detail in English."""
    return {"@type": _TYPE + "LocalizedMessage", "locale": "en-US", "message": message}


def model_not_found(model: str, version: str, method: str) -> ApiError:
    """404 for a model that does not exist in this API version."""
    return ApiError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


def quota_exceeded(model: str, retry_seconds: float | None, *, per_day: bool) -> ApiError:
    """429 with QuotaFailure, Help and, unless ``retry_seconds`` is None, RetryInfo."""
    period = "PerDay" if per_day else "PerMinute"
    metric = f"{SERVICE}/generate_content_free_tier_requests"
    message = (
        "You exceeded your current quota, please check your plan and billing details. "
        "For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. "
        f"\n* Quota exceeded for metric: {metric}, limit: 10, model: {model}"
    )
    violation: JsonObject = {
        "quotaMetric": metric,
        "quotaId": f"GenerateRequests{period}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": "10",
    }
    link = {
        "description": "Learn more about Gemini API quotas",
        "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
    }
    details: list[JsonObject] = [
        {"@type": _TYPE + "Help", "links": [link]},
        {"@type": _TYPE + "QuotaFailure", "violations": [violation]},
    ]
    if retry_seconds is not None:
        delay = f"{retry_seconds:g}s"
        message += f"\nPlease retry in {delay}."
        details.append({"@type": _TYPE + "RetryInfo", "retryDelay": delay})
    return ApiError(429, message, tuple(details))


def of_status(http_status: int, model: str, retry_seconds: float | None, *, per_day: bool) -> ApiError:
    """The error that Google would send with ``http_status``, with the details that belong to it."""
    if http_status == 429:
        return quota_exceeded(model, retry_seconds, per_day=per_day)
    message = _MESSAGES.get(http_status, "Unknown error.")
    details: tuple[JsonObject, ...] = ()
    if http_status == 401:
        details = (error_info("ACCESS_TOKEN_EXPIRED"),)
    elif http_status == 403:
        details = (error_info("SERVICE_DISABLED", consumer="projects/simulator"),)
    elif retry_seconds is not None:
        details = ({"@type": _TYPE + "RetryInfo", "retryDelay": f"{retry_seconds:g}s"},)
    return ApiError(http_status, message, details)
