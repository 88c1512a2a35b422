"""The agent: runs the messages of a cascade, one model call after the other."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import assert_never

from responses_api.runtime.tasks import spawn

from .answer import Answered, AnswerEnd, AnswerReader, ModelCallFailed, OnlyThought, WantsTools
from .cascades import Cascade, Termination, UserMessage
from .model_client import ModelClient
from .placeholder import build_request
from .steps import ErrorMessage, PlannerResponse, StepStatus, StopReason, UserInput

MAX_FOLLOW_UPS = 3
"""How often the model is asked again about one message when it only thought."""

_CLOSE_SECONDS = 0.5


class Agent:
    """Owns the runs: at most one per cascade at a time; later messages wait their turn."""

    def __init__(self, model: ModelClient, *, now: Callable[[], float], new_id: Callable[[], str]) -> None:
        """Make an agent without runs.

        Args:
            model: Makes the calls.
            now: Unix seconds.
            new_id: A fresh UUID each time.
        """
        self._model = model
        self._now = now
        self._new_id = new_id
        self._runs: dict[str, asyncio.Task[None]] = {}

    def send(self, cascade: Cascade, message: UserMessage) -> None:
        """Let the agent answer ``message``; returns at once, the run goes on by itself."""
        cascade.queue(message)
        run = self._runs.get(cascade.cascade_id)
        if run is None or run.done():
            run = spawn(self._run(cascade), name=f"cascade {cascade.cascade_id}")
            self._runs[cascade.cascade_id] = run
            run.add_done_callback(partial(self._settle, cascade))

    def cancel(self, cascade: Cascade) -> None:
        """End the cascade's run, if there is one, and drop the messages that wait behind it."""
        if (run := self._runs.get(cascade.cascade_id)) is not None:
            run.cancel()

    async def close(self) -> None:
        """Cancel all runs, and wait a moment for them to let go of their connections."""
        runs = list(self._runs.values())
        for run in runs:
            run.cancel()
        if runs:
            await asyncio.wait(runs, timeout=_CLOSE_SECONDS)

    async def _run(self, cascade: Cascade) -> None:
        while cascade.pending:
            message = cascade.pending.popleft()
            try:
                termination = await self._answer(cascade, message)
            except ModelCallFailed as failure:
                cascade.add(ErrorMessage(failure.message, failure.short, message.execution_id, self._now()))
                termination = Termination.ERROR
            cascade.end_run(message.execution_id, termination)

    async def _answer(self, cascade: Cascade, message: UserMessage) -> Termination:
        cascade.add(UserInput(message.texts, message.requested_model, message.execution_id, self._now()))
        body = build_request(cascade.steps, message.thinking_budget)
        for _ in range(1 + MAX_FOLLOW_UPS):
            end = await self._call(cascade, message, body)
            match end:
                case Answered():
                    return Termination.NO_TOOL_CALL
                case OnlyThought():
                    continue
                case WantsTools(names):
                    text = f"The model called functions that this agent does not have: {', '.join(names)}."
                    raise ModelCallFailed(text, "unknown tool")
                case _:
                    assert_never(end)
        return Termination.MAX_INVOCATIONS

    async def _call(self, cascade: Cascade, message: UserMessage, body: bytes) -> AnswerEnd:
        step = PlannerResponse(self._new_id(), message.requested_model, message.execution_id, self._now())
        reader = AnswerReader(step)
        index = cascade.add(step)

        def on_data(data: bytes) -> None:
            reader.feed(data)
            cascade.step_changed(index)

        try:
            await self._model.stream(message.upstream_model, body, on_data)
            return reader.end()
        except ModelCallFailed:
            step.status = StepStatus.ERROR
            step.stop_reason = step.stop_reason or StopReason.STREAM_BROKEN
            raise
        finally:
            cascade.step_changed(index)

    def _settle(self, cascade: Cascade, run: asyncio.Task[None]) -> None:
        """Leave no cascade in mid-run: called when a run is over, however it ended.

        A task that is cancelled before its first step never enters its coroutine, so this cannot
        be done there.
        """
        if self._runs.get(cascade.cascade_id) is run:
            del self._runs[cascade.cascade_id]
        if run.cancelled():
            _close_open_steps(cascade)
            cascade.end_run(_last_execution(cascade), Termination.USER_CANCELED)
        elif run.exception() is not None:
            _close_open_steps(cascade)
            message = "The language server failed on this message."
            cascade.add(ErrorMessage(message, "internal error", _last_execution(cascade), self._now()))
            cascade.end_run(_last_execution(cascade), Termination.ERROR)


def _close_open_steps(cascade: Cascade) -> None:
    cascade.pending.clear()
    for index, step in enumerate(cascade.steps):
        if isinstance(step, PlannerResponse) and step.status is StepStatus.GENERATING:
            step.status = StepStatus.DONE
            step.stop_reason = StopReason.STREAM_BROKEN
            cascade.step_changed(index)


def _last_execution(cascade: Cascade) -> str:
    return cascade.steps[-1].execution_id if cascade.steps else ""
