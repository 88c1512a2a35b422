"""A cascade as the language server shows it: run status and steps, as typed values. Pure.

Names and shapes drift between releases: unknown members are ignored, every known one may be
missing, numbers may come as strings. ``docs/language-server.md`` describes what ours sends.
"""

from collections.abc import Iterable

import msgspec

from responses_api.core.generation_events import UsageReported

PLANNER = "CORTEX_STEP_TYPE_PLANNER_RESPONSE"
ERROR_MESSAGE = "CORTEX_STEP_TYPE_ERROR_MESSAGE"
USER_INPUT = "CORTEX_STEP_TYPE_USER_INPUT"

_STATUS = "CORTEX_STEP_STATUS_"
DONE = f"{_STATUS}DONE"
ERROR = f"{_STATUS}ERROR"
WAITING = f"{_STATUS}WAITING"
_OPEN = frozenset({"", f"{_STATUS}UNSPECIFIED", f"{_STATUS}PENDING", f"{_STATUS}GENERATING"}) | {
    f"{_STATUS}RUNNING",
    f"{_STATUS}QUEUED",
    WAITING,
}

IDLE = "CASCADE_RUN_STATUS_IDLE"
RUNNING = "CASCADE_RUN_STATUS_RUNNING"
USER_CANCELED = "EXECUTOR_TERMINATION_REASON_USER_CANCELED"


class _Shown(msgspec.Struct, frozen=True, rename="camel"):
    """Base: camelCase on the wire, unknown members ignored."""


class ModelUsage(_Shown, frozen=True):
    """Tokens of one model call."""

    input_tokens: int = 0
    output_tokens: int = 0
    """Thoughts included."""
    thinking_output_tokens: int = 0

    def __bool__(self) -> bool:
        return bool(self.input_tokens or self.output_tokens or self.thinking_output_tokens)

    def reported(self) -> UsageReported:
        """The same as a generation event."""
        return UsageReported(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            reasoning_tokens=self.thinking_output_tokens,
        )


class Metadata(_Shown, frozen=True):
    """What is noted of a step."""

    generator_model: str | None = None
    model_usage: ModelUsage | None = None


class InternalCall(_Shown, frozen=True):
    """A call of one of the agent's own tools."""

    name: str | None = None


class PlannerResponse(_Shown, frozen=True):
    """What the model says in one call; the texts grow, and are whole each time."""

    response: str | None = None
    modified_response: str | None = None
    """The text as the language server has changed it."""
    thinking: str | None = None
    thinking_signature: str | None = None
    tool_calls: list[InternalCall] | None = None
    stop_reason: str | None = None


class ShownError(_Shown, frozen=True):
    """Why a run ended without an answer."""

    user_error_message: str | None = None
    short_error: str | None = None


class ErrorMessage(_Shown, frozen=True):
    """The payload of an error step."""

    error: ShownError | None = None


class Step(_Shown, frozen=True):
    """One step of a cascade."""

    type: str = ""
    status: str = ""
    metadata: Metadata | None = None
    planner_response: PlannerResponse | None = None
    error_message: ErrorMessage | None = None

    @property
    def is_final(self) -> bool:
        """Whether it will not change any more."""
        return self.status not in _OPEN

    @property
    def usage(self) -> ModelUsage:
        """Its tokens so far."""
        return (self.metadata and self.metadata.model_usage) or ModelUsage()


class Steps(_Shown, frozen=True):
    """The answer of GetCascadeTrajectorySteps."""

    steps: list[Step] | None = None


class FinishedRun(_Shown, frozen=True):
    """The record of a run that is over."""

    termination_reason: str | None = None


class _Trajectory(_Shown, frozen=True):
    executor_metadatas: list[FinishedRun] | None = None


class Run(_Shown, frozen=True):
    """The answer of GetCascadeTrajectory, as far as it is about the run."""

    status: str = IDLE
    """Also ``IDLE`` before the first run; left out where it is the enum's zero."""
    trajectory: _Trajectory | None = None

    @property
    def termination(self) -> str | None:
        """Why the latest run ended; None if none has."""
        runs = self.trajectory.executor_metadatas if self.trajectory is not None else None
        return (runs[-1].termination_reason or "") if runs else None


def total_usage(steps: Iterable[Step]) -> UsageReported | None:
    """Tokens of all the model's steps together; None where nobody counted."""
    counts = [step.usage for step in steps if step.type == PLANNER and step.usage]
    if not counts:
        return None
    return UsageReported(
        input_tokens=sum(count.input_tokens for count in counts),
        output_tokens=sum(count.output_tokens for count in counts),
        reasoning_tokens=sum(count.thinking_output_tokens for count in counts),
    )
