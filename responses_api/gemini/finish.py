"""Why the model stopped, in our terms: one row for every documented ``finishReason``.

Pure. A value that is not in the table is never "completed": it becomes ``failed`` with the
raw value in the message.

Accidents of sampling are worth the same request once more, as the vendor's own clients do: a
call or an answer that cannot be read, a tool that was not offered, nothing at all. The others
are not: a filter, a limit, a loop of tool calls or a failure without a reason (``OTHER`` also
hides refusals) would cost the tokens again and end alike.

Source: Gemini API and Vertex AI ``FinishReason`` enumerations, November 2026.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from responses_api.core.generation_events import Finished, FinishOutcome, Remedy
from responses_api.gemini.redaction import redact

CONTINUATION = "CONTINUATION"
"""The reason of an answer that stops at the limit of one upstream call and can be gone on with."""


@dataclass(frozen=True, slots=True)
class FinishRule:
    """What one finish reason means for a response."""

    outcome: FinishOutcome
    message: str | None = None
    code: str = "server_error"
    """Responses API error code; read only when ``outcome`` is ``failed``."""
    remedy: Remedy | None = None
    """What another upstream call could do better."""


def _filtered(what: str) -> FinishRule:
    return FinishRule("content_filter", f"The model's answer was stopped: {what}.")


def _failed(what: str, remedy: Remedy | None = None) -> FinishRule:
    return FinishRule("failed", f"The model did not finish its answer: {what}.", remedy=remedy)


FINISH_RULES: dict[str, FinishRule] = {
    "STOP": FinishRule("completed"),
    "MAX_TOKENS": FinishRule("max_output_tokens", "The model reached the limit of output tokens."),
    CONTINUATION: FinishRule("max_output_tokens", "The model reached the limit of one upstream call."),
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
    "MALFORMED_FUNCTION_CALL": _failed("it wrote a function call that cannot be read", "repeat"),
    "UNEXPECTED_TOOL_CALL": _failed("it called a tool that was not offered", "repeat"),
    "TOO_MANY_TOOL_CALLS": _failed("it called too many tools in a row"),
    "MALFORMED_RESPONSE": _failed("it wrote an answer that cannot be read", "repeat"),
    "MISSING_THOUGHT_SIGNATURE": _failed("the history lacks a thought signature", "drop_signatures"),
    "OTHER": _failed("the upstream gave no reason"),
    "NO_IMAGE": _failed("it was to generate an image and did not"),
    "IMAGE_OTHER": _failed("generating an image failed without a reason"),
    "FINISH_REASON_UNSPECIFIED": _failed("the upstream gave no reason"),
}


def finished(raw_reason: str, detail: str | None = None, *, continuation: str | None = None) -> Finished:
    """The terminal event for a finish reason.

    Args:
        raw_reason: The upstream's value, documented or not.
        detail: The upstream's own explanation (``finishMessage``), appended where the answer
            is not complete.
        continuation: The upstream's latest token for going on; of use only where it asks to.
    """
    rule = FINISH_RULES.get(raw_reason) or _failed(f"unknown finish reason {redact(raw_reason)!r}")
    message = rule.message
    if message is not None and detail:
        message = f"{message} Upstream: {redact(detail)}"
    return Finished(
        outcome=rule.outcome,
        raw_reason=raw_reason,
        message=message,
        code=rule.code,
        continuation=continuation if raw_reason == CONTINUATION and continuation else None,
        remedy=rule.remedy,
    )


def finished_empty(raw_reason: str, ignored_kinds: Sequence[str]) -> Finished:
    """The terminal event for an answer that claims to be complete and holds nothing.

    Args:
        raw_reason: The upstream's finish reason, normally ``STOP``.
        ignored_kinds: Upstream names of parts that were there and cannot be carried; the same
            request would bring them again.
    """
    if ignored_kinds:
        kinds = redact(", ".join(dict.fromkeys(ignored_kinds)))
        message = f"The model answered only with what this gateway cannot carry: {kinds}."
        return Finished(outcome="failed", raw_reason=raw_reason, message=message)
    message = "The model stopped without writing anything. Sending the request again may help."
    return Finished(outcome="failed", raw_reason=raw_reason, message=message, remedy="repeat")
