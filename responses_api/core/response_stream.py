"""The state machine between what the model did and what the client reads.

Generation events in, stream events out; ``.response`` is the object so far. It does no
I/O, knows neither clock nor chance, and is the only place where a response's events,
items and final object come from: a non-streaming answer is the same machine run to its
end.

Two small machines, both below as tables. The *lifecycle* says which operation is legal
when, and anything else is our bug: it raises and ends the machine. Within an active
response at most one *item* is open; an event of another kind first closes it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any, Final, Literal, assert_never, cast

from responses_api.core.conversation import ConversationItem
from responses_api.core.failures import failure_code, failure_of
from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.core.open_items import OpenCall, OpenItem, OpenMessage, OpenReasoning
from responses_api.core.output_items import ItemStatus, OutputItem
from responses_api.core.stream_events import ResponseObject, StreamEvent, StreamEventType
from responses_api.core.token_usage import usage_object
from responses_api.core.upstream_record import UpstreamRecord


class Lifecycle(StrEnum):
    """Where a response is; all but the first two are final."""

    NEW = "new"
    ACTIVE = "active"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ERROR = "error"


type Operation = Literal["start", "send", "heartbeat", "complete", "cut short", "fail", "cancel"]

LIFECYCLE: Final[dict[Lifecycle, dict[Operation, Lifecycle]]] = {
    Lifecycle.NEW: {
        "start": Lifecycle.ACTIVE,
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

_EITHER: Final = (OpenMessage, OpenReasoning)

KEEPS_OPEN: Final[dict[type[GenerationEvent], tuple[type[OpenItem], ...]]] = {
    TextDelta: (OpenMessage,),
    ThoughtDelta: (OpenReasoning,),
    ToolCall: (),
    PartSigned: _EITHER,  # signs the item, then closes it
    PartIgnored: _EITHER,
    UsageReported: _EITHER,
    AnswerStarted: (),
    Finished: _EITHER,  # the outcome decides how the item is closed
    UpstreamFailed: _EITHER,
}
"""Per event, the kinds of item that stay open when it arrives; another kind is closed first."""


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
        new_id: Makes a unique id from a prefix: ``"msg"`` gives ``"msg_…"``. Asked for
            ``msg``, ``rs``, ``fc`` and ``call``.
        now: The time in whole Unix seconds, for ``completed_at``.

    Attributes:
        visible_chars: Characters of text and of calls (name and arguments) so far, dropped calls included.
        thought_chars: Characters of thought summaries so far.
    """

    def __init__(
        self, response: Mapping[str, Any], *, new_id: Callable[[str], str], now: Callable[[], int]
    ) -> None:
        self._lifecycle = Lifecycle.NEW
        self._item: OpenItem | None = None
        self._response: ResponseObject = _fresh(dict(response))
        self._output: list[OutputItem] = []
        self._record = UpstreamRecord(response["id"])
        self._emitted: list[StreamEvent] = []
        self._sequence_number = 0
        self._new_id = new_id
        self._now = now
        self._call_limit = _call_limit(response)
        self._calls = 0
        self.visible_chars = 0
        self.thought_chars = 0

    # Operations

    def start(self) -> list[StreamEvent]:
        """Begin: ``response.created`` and ``response.in_progress``."""
        self._advance("start")
        self._response["status"] = "in_progress"
        self._emit("response.created", {"response": self.response})
        self._emit("response.in_progress", {"response": self.response})
        return self._take_emitted()

    def send(self, event: GenerationEvent) -> list[StreamEvent]:
        """Take in one thing that the model did; return what the client is to be told.

        ``Finished`` and ``UpstreamFailed`` end the response. A second ``AnswerStarted``
        is a follow-up call's: its items are new ones, its usage adds to the earlier.

        Raises:
            LocalProtocolError: before ``start`` or after the end.
        """
        self._advance("send")
        if self._item is not None and not isinstance(self._item, KEEPS_OPEN[type(event)]):
            self._close("completed")
        match event:
            case TextDelta(text=text):
                self._write(text)
            case ThoughtDelta(text=text):
                self._think(text)
            case ToolCall():
                self._call(event)
            case PartSigned(signature=signature):
                self._sign(signature)
            case PartIgnored(kind=kind):
                self._record.ignored_parts.append(kind)
            case AnswerStarted():
                self._record.begin_answer(event)
            case UsageReported():
                self._record.report_usage(event)
            case Finished():
                self._finish(event)
            case UpstreamFailed():
                self._fail(event)
            case _:
                assert_never(event)
        return self._take_emitted()

    def heartbeat(self) -> list[StreamEvent]:
        """Say that the response lives: ``response.in_progress`` with the object so far."""
        self._advance("heartbeat")
        self._emit("response.in_progress", {"response": self.response})
        return self._take_emitted()

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
        return self._take_emitted()

    def cancel(self) -> list[StreamEvent]:
        """End as cancelled: the open item is closed; there is no terminal event for it on the wire."""
        self._end("cancel", "incomplete")
        return self._take_emitted()

    # What there is so far

    @property
    def response(self) -> ResponseObject:
        """The object so far, as a client that folded all events would hold it."""
        output: list[Any] = [_fresh(item) for item in self._output]
        if self._item is not None:
            output.append(self._item.wire("in_progress"))
        return {**_fresh(self._response), "output": output}

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

        A signature that came on an empty text part is an assistant message without
        content here; it is in no output, since it has nothing to show.
        """
        return [replace(item, wire=_fresh(item.wire)) for item in self._record.items]

    @property
    def has_output(self) -> bool:
        """Whether the model wrote text or called a function, a dropped call included."""
        return self.visible_chars > 0 or self._calls > 0

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

    # Within an answer

    def _write(self, text: str) -> None:
        item = self._item if isinstance(self._item, OpenMessage) else self._open("msg", OpenMessage)
        self.visible_chars += len(text)
        self._emit(*item.delta(text))

    def _think(self, text: str) -> None:
        item = self._item if isinstance(self._item, OpenReasoning) else self._open("rs", OpenReasoning)
        self.thought_chars += len(text)
        self._emit(*item.delta(text))

    def _call(self, call: ToolCall) -> None:
        self._calls += 1
        self.visible_chars += len(call.name) + len(call.arguments)
        if self._call_limit is not None and self._calls > self._call_limit:
            self._record.dropped.append(call)
            return
        call_id = self._new_id("call")
        self._open("fc", partial(OpenCall, call=call, call_id=call_id))
        self._close("completed", call.signature)

    def _sign(self, signature: str) -> None:
        """Keep the signature with the part it belongs to, which ends that part."""
        if self._item is None:
            self._record.sign_last(signature)
        else:
            self._close("completed", signature)

    # Ends

    def _finish(self, event: Finished) -> None:
        match event.outcome:
            case "completed":
                self._end("complete", "completed", completed_at=self._now())
                self._emit("response.completed", {"response": self.response})
            case "max_output_tokens" | "content_filter" as reason:
                self._end("cut short", "incomplete", incomplete_details={"reason": reason})
                self._emit("response.incomplete", {"response": self.response})
            case "failed":
                self._fail(failure_of(event))
            case _:
                assert_never(event.outcome)

    def _fail(self, failure: UpstreamFailed) -> None:
        # Strict clients need a string, whatever the upstream's translation found.
        code = failure.code or "server_error"
        message, param = failure.message, failure.param
        known_code = failure_code(code, failure.http_status)
        self._end("fail", "incomplete", error={"code": known_code, "message": message})
        detail = {"type": failure.type, "code": code, "message": message, "param": param}
        self._emit("error", {"code": code, "message": message, "param": param, "error": detail})
        self._emit("response.failed", {"response": self.response})

    def _end(self, operation: Operation, item_status: ItemStatus, **changes: Any) -> None:
        """Close everything; the object is final after this, the terminal event still to be emitted."""
        self._advance(operation)
        self._close(item_status)
        usage = self.usage
        self._response.update(
            changes, status=self._lifecycle.value, usage=None if usage is None else usage_object(usage)
        )

    # The only places that number, open and close

    def _advance(self, operation: Operation) -> None:
        following = LIFECYCLE[self._lifecycle].get(operation)
        if following is None:
            found, self._lifecycle = self._lifecycle, Lifecycle.ERROR
            raise LocalProtocolError(f"cannot {operation} a response that is {found}")
        self._lifecycle = following

    def _emit(self, type: StreamEventType, fields: dict[str, Any]) -> None:
        event = {"type": type, "sequence_number": self._sequence_number, **fields}
        self._sequence_number += 1
        self._emitted.append(cast(StreamEvent, event))

    def _take_emitted(self) -> list[StreamEvent]:
        emitted, self._emitted = self._emitted, []
        return emitted

    def _open[T: OpenItem](self, prefix: str, kind: Callable[[str, int], T]) -> T:
        """Announce a new item; the one before is closed already."""
        item = kind(self._new_id(prefix), len(self._output))
        self._item = item
        for announcement in item.opening():
            self._emit(*announcement)
        return item

    def _close(self, status: ItemStatus, signature: str | None = None) -> None:
        """Finish the open item, if any, and keep it for the output and for the history."""
        if self._item is None:
            return
        item, self._item = self._item, None
        for announcement in item.closing(status):
            self._emit(*announcement)
        call_id = item.call.upstream_call_id if isinstance(item, OpenCall) else None
        self._output.append(item.wire(status))
        self._record.keep(item.wire(status), signature, call_id)


def _call_limit(response: Mapping[str, Any]) -> int | None:
    """How many calls the request allows; None for any number."""
    limit: int | None = response.get("max_tool_calls")
    if response.get("parallel_tool_calls") is False:
        return 1 if limit is None else min(limit, 1)
    return limit


def _fresh[T](value: T) -> T:
    """A copy of JSON data that shares nothing mutable with it; much cheaper than ``deepcopy``."""
    copied: Any = value
    if isinstance(value, dict):
        copied = {key: _fresh(member) for key, member in value.items()}
    elif isinstance(value, list):
        copied = [_fresh(member) for member in value]
    return cast(T, copied)
