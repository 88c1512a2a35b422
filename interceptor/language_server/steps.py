"""The steps of a cascade and their JSON form.

Pure. Names and shapes as public clients of the language server read them; proto3 JSON: enums
by name, 64-bit integers as strings, zero values left out.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, assert_never


class StepStatus(StrEnum):
    """How far a step is. ``GENERATING`` is open, the others are final."""

    GENERATING = "CORTEX_STEP_STATUS_GENERATING"
    DONE = "CORTEX_STEP_STATUS_DONE"
    ERROR = "CORTEX_STEP_STATUS_ERROR"


class StopReason(StrEnum):
    """Why the model stopped writing a planner response."""

    STOP = "STOP_REASON_STOP_PATTERN"
    MAX_TOKENS = "STOP_REASON_MAX_TOKENS"
    CONTENT_FILTER = "STOP_REASON_CONTENT_FILTER"
    ERROR = "STOP_REASON_ERROR"
    STREAM_BROKEN = "STOP_REASON_CLIENT_STREAM_ERROR"
    """Cancelled, or the connection broke: what is there is all there will be."""


class GrowingText:
    """Text that arrives in pieces; made into a string only when somebody looks."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        # A string for each piece would take several times the room.
        self._bytes = bytearray()

    def append(self, piece: str) -> None:
        """Add ``piece`` at the end."""
        self._bytes += piece.encode(errors="surrogatepass")

    def __bool__(self) -> bool:
        return bool(self._bytes)

    def __str__(self) -> str:
        return self._bytes.decode(errors="surrogatepass")


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Token counts of one model call, as the upstream reported them last."""

    prompt: int = 0
    """Tool-use tokens included."""
    answer: int = 0
    """Visible output, thoughts excluded."""
    thoughts: int = 0


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A function call of the model."""

    call_id: str
    name: str
    arguments_json: str


@dataclass(frozen=True, slots=True)
class UserInput:
    """What the user said: one text per item of the message."""

    texts: tuple[str, ...]
    requested_model: str
    execution_id: str
    created_at: float
    """Unix seconds."""
    status: StepStatus = StepStatus.DONE


@dataclass(slots=True)
class PlannerResponse:
    """What the model answered in one call; grows while it streams."""

    message_id: str
    requested_model: str
    execution_id: str
    created_at: float
    """Unix seconds."""
    status: StepStatus = StepStatus.GENERATING
    text: GrowingText = field(default_factory=GrowingText)
    thoughts: GrowingText = field(default_factory=GrowingText)
    signature: str = ""
    """The last thought signature of the answer, opaque."""
    calls: list[ToolRequest] = field(default_factory=list)
    stop_reason: StopReason | None = None
    usage: TokenUsage = TokenUsage()
    model_version: str = ""
    """The model that really answers, as the upstream names it."""


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """Why a run ended without an answer."""

    message: str
    """For the user."""
    short: str
    execution_id: str
    created_at: float
    """Unix seconds."""
    status: StepStatus = StepStatus.DONE


type Step = UserInput | PlannerResponse | ErrorMessage


def step_view(step: Step) -> dict[str, Any]:
    """The JSON form ``{type, status, metadata, <payload>}`` of a step as it is now."""
    match step:
        case UserInput():
            kind, source, payload = "USER_INPUT", "USER_EXPLICIT", {"userInput": _user_input(step)}
            details: dict[str, Any] = {"requestedModel": {"model": step.requested_model}}
        case PlannerResponse():
            kind, source, payload = "PLANNER_RESPONSE", "MODEL", {"plannerResponse": _planner_response(step)}
            details = _without_zeros(
                {
                    "requestedModel": {"model": step.requested_model},
                    "generatorModel": step.model_version,
                    "modelUsage": _model_usage(step.usage),
                }
            )
        case ErrorMessage():
            kind, source, details = "ERROR_MESSAGE", "SYSTEM", {}
            error = {"userErrorMessage": step.message, "shortError": step.short}
            payload = {"errorMessage": {"error": error}}
        case _:
            assert_never(step)
    return {
        "type": f"CORTEX_STEP_TYPE_{kind}",
        "status": step.status,
        "metadata": {
            "createdAt": rfc3339(step.created_at),
            "source": f"CORTEX_STEP_SOURCE_{source}",
            "executionId": step.execution_id,
            **details,
        },
        **payload,
    }


def rfc3339(unix_seconds: float) -> str:
    """A timestamp as proto3 JSON writes it, in UTC with milliseconds."""
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _user_input(step: UserInput) -> dict[str, Any]:
    items = [{"text": text} for text in step.texts]
    return {"userResponse": "\n".join(step.texts), "items": items}


def _planner_response(step: PlannerResponse) -> dict[str, Any]:
    return _without_zeros(
        {
            "response": str(step.text),
            "thinking": str(step.thoughts),
            "thinkingSignature": step.signature,
            "messageId": step.message_id,
            "toolCalls": [
                _without_zeros({"id": call.call_id, "name": call.name, "argumentsJson": call.arguments_json})
                for call in step.calls
            ],
            "stopReason": step.stop_reason,
        }
    )


def _model_usage(usage: TokenUsage) -> dict[str, str]:
    counts = {
        "inputTokens": usage.prompt,
        "outputTokens": usage.answer + usage.thoughts,
        "thinkingOutputTokens": usage.thoughts,
        "responseOutputTokens": usage.answer,
    }
    return {name: str(count) for name, count in counts.items() if count}


def _without_zeros(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
