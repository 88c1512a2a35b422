"""What a cascade shows of itself, look after look -> generation events. Pure.

Steps hold growing texts: what was added since the last look is the delta. What has been told
stays told, so a text that changes in its middle is held back as long as its step is open: it may
yet become what it was. If it never does, the answer fails rather than being garbled; of changed
thoughts the rest is left out, for they are no part of the answer. A text that only got shorter
at its end, as by trimming, counts as told.

Within one look thoughts come before text, the order in which a model writes them.
"""

import re
from collections.abc import Sequence
from typing import Final

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    FinishOutcome,
    GenerationEvent,
    PartIgnored,
    UpstreamFailed,
)
from responses_api.exchanges import cascade_steps
from responses_api.exchanges.cascade_steps import PlannerResponse, Run, Step
from responses_api.exchanges.planner_reading import PlannerReader
from responses_api.gemini.errors import failure_from_status, protocol_failure
from responses_api.gemini.redaction import redact
from responses_api.gemini.status import ErrorStatus

_OUTCOMES: Final[dict[str, FinishOutcome]] = {
    "": "completed",
    "STOP_REASON_UNSPECIFIED": "completed",
    "STOP_REASON_STOP_PATTERN": "completed",
    "STOP_REASON_MAX_TOKENS": "max_output_tokens",
    "STOP_REASON_CONTENT_FILTER": "content_filter",
}
"""Stop reasons after which what was written stands; every other one is a failure."""
_BROKEN_OFF: Final = "STOP_REASON_CLIENT_STREAM_ERROR"

_REWRITTEN: Final = protocol_failure(
    "TEXT_REWRITTEN",
    "The language server rewrote text that had been passed on already. Please try again.",
)
_NEEDS_APPROVAL: Final = protocol_failure(
    "NEEDS_APPROVAL",
    "The language server's agent waits for an approval that this gateway cannot give.",
)
_NO_ANSWER: Final = Finished(
    "failed", raw_reason=cascade_steps.IDLE, message="The model wrote no answer. Please try again."
)
_UPSTREAM_ERROR: Final = re.compile(r"HTTP (\d{3})(?: ([A-Z_]+))?")
"""How our language server shortens what the model's endpoint answered."""


class CascadeReader:
    """Follows the one run of a fresh cascade.

    Args:
        thoughts: Whether the client is to see the model's thoughts.
    """

    def __init__(self, *, thoughts: bool) -> None:
        self._thoughts = thoughts
        self._planner: PlannerReader | None = None
        self._answered = False
        self.offset = 0
        """Index of the first step that may still change: where the next look begins."""
        self.turns = 0
        """Model calls so far."""
        self.ended = False
        """Whether the terminal event has been given."""

    def read(self, steps: Sequence[Step], run: Run | None = None) -> list[GenerationEvent]:
        """What has happened since the last look.

        Args:
            steps: The steps from ``offset`` on.
            run: The run's state, asked before the steps; None if it was not asked. It counts
                only where the steps bring nothing new.
        """
        events: list[GenerationEvent] = []
        for following, step in enumerate(steps, start=1):
            is_planner = step.type == cascade_steps.PLANNER
            events += self._read_planner(step) if is_planner else self._read_other(step)
            # What follows an open step of the model is read once that one is final.
            if self.ended or (not step.is_final and (is_planner or following == len(steps))):
                break
            self.offset += 1
            self._planner = None
        return events or self._read_run(run)

    def break_off(self, steps: Sequence[Step]) -> list[GenerationEvent]:
        """The same of a run that was stopped: no terminal event, but the count as far as it got."""
        events = [event for event in self.read(steps) if not isinstance(event, Finished | UpstreamFailed)]
        self.ended = True
        return [*events, *(self._planner.count() if self._planner is not None else ())]

    def _read_planner(self, step: Step) -> list[GenerationEvent]:
        events: list[GenerationEvent] = []
        if self._planner is None:
            self._planner = PlannerReader(thoughts=self._thoughts)
            self.turns += 1
            events.append(AnswerStarted(step.metadata.generator_model if step.metadata else None))
        events += self._planner.grow(step)
        self._answered = self._answered or self._planner.has_text
        if step.is_final:
            events += self._end_of(step, self._planner)
        return events

    def _end_of(self, step: Step, planner: PlannerReader) -> list[GenerationEvent]:
        """The terminal event, if the answer ends with this step."""
        said = step.planner_response or PlannerResponse()
        reason = said.stop_reason or ""
        if planner.rewritten:
            return self._end(_REWRITTEN)
        if step.status == cascade_steps.ERROR:
            # Why is said by the next step, or by the run's status.
            return []
        if step.status != cascade_steps.DONE or reason == _BROKEN_OFF:
            said_reason = reason or redact(step.status)
            return self._end(
                _failure(f"The language server broke the answer off ({said_reason}).", said_reason)
            )
        outcome = _OUTCOMES.get(reason, "failed")
        if said.tool_calls or (outcome == "completed" and not planner.has_text):
            # The agent goes on by itself: it runs a tool of its own, or asks again after a mere thought.
            return []
        message = f"The model stopped with {redact(reason)}." if outcome == "failed" else None
        return self._end(Finished(outcome, raw_reason=reason or step.status, message=message))

    def _read_other(self, step: Step) -> list[GenerationEvent]:
        if step.type == cascade_steps.ERROR_MESSAGE:
            return self._end(_failure_in(step))
        if step.status == cascade_steps.WAITING:
            return self._end(_NEEDS_APPROVAL)
        if step.is_final and step.type != cascade_steps.USER_INPUT:
            return [PartIgnored(step.type)]
        return []

    def _read_run(self, run: Run | None) -> list[GenerationEvent]:
        """The terminal event that the run's status amounts to."""
        if run is None or self.ended or run.status == cascade_steps.RUNNING:
            return []
        if run.status != cascade_steps.IDLE:
            return self._end(_failure("The language server's run ended with an error.", run.status))
        if run.termination == cascade_steps.USER_CANCELED:
            return self._end(_failure("The run was cancelled at the language server.", run.termination))
        if self._planner is not None and self._planner.rewritten:
            return self._end(_REWRITTEN)
        if self._answered:
            counted = self._planner.count() if self._planner is not None else []
            return [*counted, *self._end(Finished("completed", raw_reason=run.status))]
        # Without a record of a run that is over, it has not begun yet.
        return self._end(_NO_ANSWER) if run.termination is not None else []

    def _end(self, event: Finished | UpstreamFailed) -> list[GenerationEvent]:
        self.ended = True
        return [event]


def _failure(message: str, upstream_status: str) -> UpstreamFailed:
    return protocol_failure(redact(upstream_status), message)


def _failure_in(step: Step) -> UpstreamFailed:
    """What an error step tells: the model endpoint's own refusal where it can be recognised."""
    error = step.error_message.error if step.error_message is not None else None
    message, short = (error.user_error_message or "", error.short_error or "") if error else ("", "")
    if (refusal := _UPSTREAM_ERROR.fullmatch(short)) is not None:
        status = ErrorStatus(code=int(refusal[1]), message=message, status=refusal[2] or "")
        return failure_from_status(status, int(refusal[1]))
    return _failure(redact(message or short) or "The language server failed.", short or "ERROR_MESSAGE")
