"""Why the model stopped, in our terms: one row for every documented ``finishReason``.

Pure. A value that is not in the table is never "completed": it becomes ``failed`` with the
raw value in the message.

Source: Gemini API and Vertex AI ``FinishReason`` enumerations, November 2026.
"""

from dataclasses import dataclass

from responses_api.core.generation_events import Finished, FinishOutcome
from responses_api.gemini.redaction import redact


@dataclass(frozen=True, slots=True)
class FinishRule:
    """What one finish reason means for a response."""

    outcome: FinishOutcome
    message: str | None = None
    code: str = "server_error"
    """Responses API error code; read only when ``outcome`` is ``failed``."""


def _filtered(what: str) -> FinishRule:
    return FinishRule("content_filter", f"The model's answer was stopped: {what}.")


def _failed(what: str) -> FinishRule:
    return FinishRule("failed", f"The model did not finish its answer: {what}.")


FINISH_RULES: dict[str, FinishRule] = {
    "STOP": FinishRule("completed"),
    "MAX_TOKENS": FinishRule("max_output_tokens", "The model reached the limit of output tokens."),
    "CONTINUATION": FinishRule("max_output_tokens", "The model reached the limit of one upstream call."),
    "SAFETY": _filtered("it was flagged by the safety filter"),
    "RECITATION": _filtered("it recited protected material"),
    "BLOCKLIST": _filtered("it contained a term that is on a blocklist"),
    "PROHIBITED_CONTENT": _filtered("it contained prohibited content"),
    "SPII": _filtered("it contained sensitive personal information"),
    "LANGUAGE": _filtered("it was in an unsupported language"),
    "IMAGE_SAFETY": _filtered("a generated image was flagged by the safety filter"),
    "IMAGE_PROHIBITED_CONTENT": _filtered("a generated image contained prohibited content"),
    "IMAGE_RECITATION": _filtered("a generated image recited protected material"),
    "ESCALATION": _filtered("the upstream escalated it for review"),
    "PUP_LIMITED_DISABLED": _filtered("the account is limited by the prohibited use policy"),
    "MODEL_ARMOR": _filtered("it was blocked by Model Armor"),
    "MALFORMED_FUNCTION_CALL": _failed("it wrote a function call that cannot be read"),
    "UNEXPECTED_TOOL_CALL": _failed("it called a tool that was not offered"),
    "TOO_MANY_TOOL_CALLS": _failed("it called too many tools in a row"),
    "MALFORMED_RESPONSE": _failed("it wrote an answer that cannot be read"),
    "MISSING_THOUGHT_SIGNATURE": _failed("the history lacks a thought signature"),
    "OTHER": _failed("the upstream gave no reason"),
    "NO_IMAGE": _failed("it was to generate an image and did not"),
    "IMAGE_OTHER": _failed("generating an image failed without a reason"),
    "FINISH_REASON_UNSPECIFIED": _failed("the upstream gave no reason"),
}


def finished(raw_reason: str, detail: str | None = None) -> Finished:
    """The terminal event for a finish reason.

    Args:
        raw_reason: The upstream's value, documented or not.
        detail: The upstream's own explanation (``finishMessage``), appended where the answer
            is not complete.
    """
    rule = FINISH_RULES.get(raw_reason) or _failed(f"unknown finish reason {redact(raw_reason)!r}")
    message = rule.message
    if message is not None and detail:
        message = f"{message} Upstream: {redact(detail)}"
    return Finished(outcome=rule.outcome, raw_reason=raw_reason, message=message, code=rule.code)


def finished_empty(raw_reason: str, ignored_kinds: tuple[str, ...]) -> Finished:
    """The terminal event for an answer that claims to be complete and holds nothing.

    Args:
        raw_reason: The upstream's finish reason, normally ``STOP``.
        ignored_kinds: Upstream names of parts that were there and cannot be carried.
    """
    if ignored_kinds:
        message = f"The model answered only with what this gateway cannot carry: {', '.join(ignored_kinds)}."
    else:
        message = "The model stopped without writing anything. Sending the request again may help."
    return Finished(outcome="failed", raw_reason=raw_reason, message=message)
