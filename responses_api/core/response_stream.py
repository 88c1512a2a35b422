"""The state machine between what the model did and what the client reads.

Generation events in, stream events out; ``.response`` is the object so far. It does no
I/O, knows neither clock nor chance, and is the only place where a response's events,
items and final object come from: a non-streaming answer is the same machine run to its
end.

The *lifecycle*, below as a table, says which operation is legal when, and anything else is
our bug: it raises and ends the machine. Within an active response ``core.output_writer``
opens and closes the items, by a table of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, Literal, assert_never, cast

from responses_api.core.conversation import ConversationItem
from responses_api.core.failures import failure_code, failure_of
from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    CodeRan,
    CodeWritten,
    ContextCompacted,
    Finished,
    GenerationEvent,
    Grounded,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.core.output_items import ItemStatus
from responses_api.core.output_options import OutputOptions
from responses_api.core.output_writer import OutputWriter
from responses_api.core.stream_events import ResponseObject, StreamEvent
from responses_api.core.token_usage import usage_object
from responses_api.core.upstream_record import UpstreamRecord


class Lifecycle(StrEnum):
    """Where a response is; all but the first three are final."""

    NEW = "new"
    QUEUED = "queued"
    ACTIVE = "active"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ERROR = "error"


type Operation = Literal["queue", "start", "send", "heartbeat", "complete", "cut short", "fail", "cancel"]

LIFECYCLE: Final[dict[Lifecycle, dict[Operation, Lifecycle]]] = {
    Lifecycle.NEW: {
        "queue": Lifecycle.QUEUED,
        "start": Lifecycle.ACTIVE,
        "cancel": Lifecycle.CANCELLED,
    },
    Lifecycle.QUEUED: {
        "start": Lifecycle.ACTIVE,
        "fail": Lifecycle.FAILED,
        "cancel": Lifecycle.CANCELLED,
    },
    Lifecycle.ACTIVE: {
        "send": Lifecycle.ACTIVE,
        "heartbeat": Lifecycle.ACTIVE,
        "complete": Lifecycle.COMPLETED,
        "cut short": Lifecycle.INCOMPLETE,
        "fail": Lifecycle.FAILED,
        "cancel": Lifecycle.CANCELLED,
    },
    Lifecycle.COMPLETED: {},
    Lifecycle.INCOMPLETE: {},
    Lifecycle.FAILED: {},
    Lifecycle.CANCELLED: {},
    Lifecycle.ERROR: {},
}
"""Per state, the legal operations and where they lead."""

_NO_OPTIONS: Final = OutputOptions()

_REFUSAL: Final = "The answer was withheld by a content filter."
"""For a filter that left nothing of the answer and did not say why."""


class LocalProtocolError(Exception):
    """The machine was used in an illegal order: a bug of ours, never the client's or the upstream's."""


class ResponseStream:
    """One response, from its first stream event to its last.

    Every method that returns events returns them in the order in which the client must
    read them. Events, ``.response`` and ``.items`` are values: changing one changes
    neither the machine nor another.

    Args:
        response: The response object as it begins: every field, ``output`` empty,
            ``usage`` null. Copied. ``max_tool_calls`` and ``parallel_tool_calls`` are
            kept, since the upstream has no switch for them: calls beyond them are dropped.
        new_id: Makes a unique id from a prefix: ``"msg"`` gives ``"msg_…"``.
        now: The time in whole Unix seconds, for ``completed_at``.
        options: What the request lets the items look like.
    """

    def __init__(
        self,
        response: Mapping[str, Any],
        *,
        new_id: Callable[[str], str],
        now: Callable[[], int],
        options: OutputOptions = _NO_OPTIONS,
    ) -> None:
        self._lifecycle = Lifecycle.NEW
        self._response: ResponseObject = _fresh(dict(response))
        self._record = UpstreamRecord(response["id"], options.upstream_model)
        self._output = OutputWriter(response, self._record, options, new_id)
        self._now = now

    # Operations

    def queue(self) -> list[StreamEvent]:
        """Wait for a turn: ``response.created`` and ``response.queued``."""
        self._advance("queue")
        self._response["status"] = "queued"
        self._output.emit("response.created", {"response": self.response})
        self._output.emit("response.queued", {"response": self.response})
        return self._output.take_emitted()

    def start(self) -> list[StreamEvent]:
        """Begin: ``response.created``, unless it was told when queued, and ``response.in_progress``."""
        created = self._lifecycle is Lifecycle.QUEUED
        self._advance("start")
        self._response["status"] = "in_progress"
        if not created:
            self._output.emit("response.created", {"response": self.response})
        self._output.emit("response.in_progress", {"response": self.response})
        return self._output.take_emitted()

    def send(self, event: GenerationEvent) -> list[StreamEvent]:
        """Take in one thing that the model did; return what the client is to be told.

        ``Finished`` and ``UpstreamFailed`` end the response. A second ``AnswerStarted`` is
        a follow-up call's: its items are new ones, its usage adds to the earlier. So does
        that of ``AnswerContinued``, which goes on with the item that is open.

        Raises:
            LocalProtocolError: before ``start`` or after the end.
        """
        self._advance("send")
        self._output.make_way(event)
        match event:
            case TextDelta() | ThoughtDelta() | PartSigned() | ToolCall():
                self._output.say(event)
            case HostedToolCalled() | HostedToolAnswered() | CodeWritten() | CodeRan():
                self._output.step(event)
            case ImageMade():
                self._output.show_image(event)
            case ContextCompacted():
                self._output.show_compaction(event)
            case Grounded():
                self._output.ground(event)
            case PartIgnored():
                self._record.ignored_parts.append(event.kind)
            case AnswerStarted() | AnswerContinued():
                self._output.begin_answer(event)
            case UsageReported():
                self._record.report_usage(event)
            case Finished():
                self._finish(event)
            case UpstreamFailed():
                self._fail(event)
            case _:
                assert_never(event)
        return self._output.take_emitted()

    def heartbeat(self) -> list[StreamEvent]:
        """Say that the response lives: ``response.in_progress`` with the object so far."""
        self._advance("heartbeat")
        self._output.emit("response.in_progress", {"response": self.response})
        return self._output.take_emitted()

    def fail(
        self,
        code: str,
        message: str,
        *,
        error_type: str = "server_error",
        param: str | None = None,
        http_status: int = 500,
    ) -> list[StreamEvent]:
        """End by a fault on our side: open item closed, ``error``, ``response.failed``.

        Args:
            code: Ours; the ``error`` event carries it, ``response.error`` its nearest known one.
            message: For the client; no secrets.
            error_type: Error family on the wire.
            param: Request parameter at fault.
            http_status: What the answer's status would have been; tells permanent from transient.
        """
        self._fail(UpstreamFailed(http_status, error_type, code, message, param))
        return self._output.take_emitted()

    def cancel(self) -> list[StreamEvent]:
        """End as cancelled: the open item is closed, then ``response.incomplete`` with that status.

        The wire has no terminal event of its own for it. Nothing is told where nothing was told before.
        """
        told = self._lifecycle is not Lifecycle.NEW
        self._break_off("cancel")
        if told:
            self._output.emit("response.incomplete", {"response": self.response})
        return self._output.take_emitted()

    # What there is so far

    @property
    def response(self) -> ResponseObject:
        """The object so far, as a client that folded all events would hold it."""
        return {**_fresh(self._response), "output": _fresh(self._output.items)}

    @property
    def lifecycle(self) -> Lifecycle:
        """Where the response is."""
        return self._lifecycle

    @property
    def ended(self) -> bool:
        """Whether nothing may follow."""
        return not LIFECYCLE[self._lifecycle]

    @property
    def items(self) -> list[ConversationItem]:
        """Every finished item with what the upstream attached to it, in order.

        A signature that came on an empty part is that of a reasoning item made for it, where
        the client keeps the conversation. Else it is that of an assistant message without
        content, which is in no output, since it has nothing to show.
        """
        return [replace(item, wire=_fresh(item.wire)) for item in self._record.items]

    @property
    def has_output(self) -> bool:
        """Whether the model wrote text, called a tool of the client's or made an image.

        A dropped call counts; what the upstream did for itself does not.
        """
        return self._output.visible_chars > 0 or self._output.calls > 0 or self._output.images > 0

    @property
    def visible_chars(self) -> int:
        """Characters that were written so far: text, calls (name and arguments), and sealed summaries.

        Dropped calls count.
        """
        return self._output.visible_chars + self._output.summary_chars

    @property
    def thought_chars(self) -> int:
        """Characters of thought summaries so far."""
        return self._output.thought_chars

    @property
    def usage(self) -> UsageReported | None:
        """Tokens of all answers so far; None until one was reported."""
        return self._record.usage

    @property
    def model_version(self) -> str | None:
        """The model that answers, as the upstream names it."""
        return self._record.model_version

    @property
    def upstream_id(self) -> str | None:
        """The upstream's own id of its latest answer."""
        return self._record.upstream_id

    @property
    def dropped(self) -> list[ToolCall]:
        """Calls beyond what the request allowed."""
        return list(self._record.dropped)

    @property
    def ignored_parts(self) -> list[str]:
        """Upstream names of what had no place in the response."""
        return list(self._record.ignored_parts)

    # Ends

    def _finish(self, event: Finished) -> None:
        match event.outcome:
            case "completed":
                self._end("complete", "completed", completed_at=self._now())
                self._output.emit("response.completed", {"response": self.response})
            case "max_output_tokens" | "content_filter" as reason:
                refused = reason == "content_filter" and not self.has_output
                refusal = event.message or _REFUSAL if refused else None
                self._end("cut short", "incomplete", refusal, incomplete_details={"reason": reason})
                self._output.emit("response.incomplete", {"response": self.response})
            case "failed":
                self._fail(failure_of(event))
            case _:
                assert_never(event.outcome)

    def _fail(self, failure: UpstreamFailed) -> None:
        # Strict clients need a string, whatever the upstream's translation found.
        code = failure.code or "server_error"
        message, param = failure.message, failure.param
        known_code = failure_code(code, failure.http_status)
        self._break_off("fail", error={"code": known_code, "message": message})
        detail = {"type": failure.type, "code": code, "message": message, "param": param}
        self._output.emit("error", {"code": code, "message": message, "param": param, "error": detail})
        self._output.emit("response.failed", {"response": self.response})

    def _end(
        self, operation: Operation, item_status: ItemStatus, refusal: str | None = None, **changes: Any
    ) -> None:
        """Show everything; the object is final after this, the terminal event still to be emitted."""
        self._advance(operation)
        self._output.finish(item_status, refusal)
        self._settle(changes)

    def _break_off(self, operation: Operation, **changes: Any) -> None:
        """Only close what is open; the object is final after this."""
        self._advance(operation)
        self._output.close("incomplete")
        self._settle(changes)

    def _settle(self, changes: dict[str, Any]) -> None:
        usage = self.usage
        self._response.update(
            changes, status=self._lifecycle.value, usage=None if usage is None else usage_object(usage)
        )

    def _advance(self, operation: Operation) -> None:
        following = LIFECYCLE[self._lifecycle].get(operation)
        if following is None:
            found, self._lifecycle = self._lifecycle, Lifecycle.ERROR
            raise LocalProtocolError(f"cannot {operation} a response that is {found}")
        self._lifecycle = following


def _fresh[T](value: T) -> T:
    """A copy of JSON data that shares nothing mutable with it; much cheaper than ``deepcopy``."""
    copied: Any = value
    if isinstance(value, dict):
        copied = {key: _fresh(member) for key, member in value.items()}
    elif isinstance(value, list):
        copied = [_fresh(member) for member in value]
    return cast(T, copied)
