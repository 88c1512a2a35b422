"""Cascades: the conversations a language server holds, and how long it remembers them.

Pure: the clock comes in, nothing waits. Who wants to know of changes registers a listener.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .steps import Step, step_view

FIRST_PAGE = 100
"""Steps that the trajectory view carries; the steps view has no such limit."""


class RunStatus(StrEnum):
    """What a cascade is doing. ``IDLE`` is also the state before its first run."""

    IDLE = "CASCADE_RUN_STATUS_IDLE"
    RUNNING = "CASCADE_RUN_STATUS_RUNNING"
    ERROR = "CASCADE_RUN_STATUS_ERROR"


class Termination(StrEnum):
    """Why a run ended."""

    NO_TOOL_CALL = "EXECUTOR_TERMINATION_REASON_NO_TOOL_CALL"
    MAX_INVOCATIONS = "EXECUTOR_TERMINATION_REASON_MAX_INVOCATIONS"
    USER_CANCELED = "EXECUTOR_TERMINATION_REASON_USER_CANCELED"
    ERROR = "EXECUTOR_TERMINATION_REASON_ERROR"


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A message on its way into a cascade."""

    texts: tuple[str, ...]
    requested_model: str
    """As the client named it."""
    upstream_model: str
    execution_id: str
    thinking_budget: int | None = None
    """Tokens; None leaves it to the model."""


@dataclass(frozen=True, slots=True)
class Execution:
    """The record of one finished run."""

    execution_id: str
    last_step: int
    """Index of its last step."""
    termination: Termination


@dataclass(slots=True, eq=False)
class Cascade:
    """One conversation: its steps in order, its runs, and who watches it."""

    cascade_id: str
    trajectory_id: str
    status: RunStatus = RunStatus.IDLE
    steps: list[Step] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    annotations: dict[str, Any] = field(default_factory=dict)
    pending: deque[UserMessage] = field(default_factory=deque)
    """Messages that no run has taken up yet."""
    version: int = 0
    """Grows with every change."""
    listeners: set[Callable[[], None]] = field(default_factory=set)
    """Called after every change, from the event loop's thread."""
    _step_versions: list[int] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether a run has ended and none is under way."""
        return bool(self.executions) and self.status is not RunStatus.RUNNING

    def queue(self, message: UserMessage) -> None:
        """Take ``message`` in; from now on the cascade is running."""
        self.pending.append(message)
        self.status = RunStatus.RUNNING
        self._changed()

    def add(self, step: Step) -> int:
        """Append ``step`` and return its index."""
        self.steps.append(step)
        self._step_versions.append(self.version)
        self.step_changed(len(self.steps) - 1)
        return len(self.steps) - 1

    def step_changed(self, index: int) -> None:
        """Tell the listeners that the step at ``index`` is not what it was."""
        self._changed()
        self._step_versions[index] = self.version

    def end_run(self, execution_id: str, termination: Termination) -> None:
        """Record the end of a run; the cascade stays ``RUNNING`` while messages are pending."""
        self.executions.append(Execution(execution_id, max(len(self.steps) - 1, 0), termination))
        if not self.pending:
            self.status = RunStatus.ERROR if termination is Termination.ERROR else RunStatus.IDLE
        self._changed()

    def annotate(self, annotations: dict[str, Any], *, merge: bool) -> None:
        """Set annotations, beside the earlier ones (``merge``) or instead of them."""
        self.annotations = {**self.annotations, **annotations} if merge else dict(annotations)
        self._changed()

    def steps_changed_since(self, version: int) -> list[int]:
        """Indices of the steps that changed after ``version``."""
        return [index for index, changed in enumerate(self._step_versions) if changed > version]

    def _changed(self) -> None:
        self.version += 1
        for listener in self.listeners:
            listener()


def trajectory_view(cascade: Cascade) -> dict[str, Any]:
    """The answer of GetCascadeTrajectory: status first, then the first page of steps."""
    trajectory: dict[str, Any] = {
        "cascadeId": cascade.cascade_id,
        "trajectoryId": cascade.trajectory_id,
        "steps": steps_view(cascade, 0, FIRST_PAGE),
        "executorMetadatas": [_execution_view(execution) for execution in cascade.executions],
        "annotations": cascade.annotations,
    }
    view = {
        "status": cascade.status,
        "numTotalSteps": len(cascade.steps),
        "trajectory": {name: value for name, value in trajectory.items() if value},
    }
    return {name: value for name, value in view.items() if value}


def steps_view(cascade: Cascade, start: int, end: int | None = None) -> list[dict[str, Any]]:
    """The JSON forms of the steps ``start`` to ``end`` (exclusive; None = all that follow)."""
    return [step_view(step) for step in cascade.steps[start:end]]


def update_view(cascade: Cascade, since: int) -> dict[str, Any]:
    """One reactive update: what changed after version ``since``.

    Field numbers of such diffs differ between releases of the language server, so clients take
    an update as a wake-up and read the steps again. Here 1 is the run status, 2 the steps, of
    which only the indices of the changed ones are sent.
    """
    diffs: list[dict[str, Any]] = [{"fieldNumber": 1, "updateSingular": {"stringValue": cascade.status}}]
    if indices := cascade.steps_changed_since(since):
        diffs.append({"fieldNumber": 2, "updateRepeated": {"updateIndices": indices}})
    return {"version": str(cascade.version), "diff": {"fieldDiffs": diffs}}


def _execution_view(execution: Execution) -> dict[str, Any]:
    view = {
        "executionId": execution.execution_id,
        "lastStepIdx": execution.last_step,
        "terminationReason": execution.termination,
    }
    return {name: value for name, value in view.items() if value}


class CascadeStore:
    """The cascades by id. Those at rest are forgotten: the longest unused first, or after a while."""

    def __init__(self, *, now: Callable[[], float], max_idle: int = 2_000, idle_seconds: float = 600) -> None:
        """Make an empty store.

        Args:
            now: A monotonic clock in seconds.
            max_idle: How many cascades to keep; running ones are kept beyond it.
            idle_seconds: How long an untouched cascade at rest is kept.
        """
        self._now = now
        self._max_idle = max_idle
        self._idle_seconds = idle_seconds
        self._by_id: OrderedDict[str, tuple[Cascade, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, cascade: Cascade) -> None:
        """Remember ``cascade``, and forget what there is no room for."""
        self._by_id[cascade.cascade_id] = (cascade, self._now())
        self.sweep()

    def get(self, cascade_id: str) -> Cascade | None:
        """The cascade of that id, which counts as a use of it; None if unknown or forgotten."""
        if (entry := self._by_id.get(cascade_id)) is None:
            return None
        cascade, _ = entry
        self._by_id[cascade_id] = (cascade, self._now())
        self._by_id.move_to_end(cascade_id)
        return cascade

    def sweep(self) -> None:
        """Forget the cascades at rest that are too old or too many."""
        deadline = self._now() - self._idle_seconds
        for _ in range(len(self._by_id)):
            cascade_id, (cascade, used_at) = next(iter(self._by_id.items()))
            if used_at > deadline and len(self._by_id) <= self._max_idle:
                return
            if cascade.status is RunStatus.RUNNING or cascade.listeners:
                self.get(cascade_id)
            else:
                del self._by_id[cascade_id]
