"""Writes the output of a response: opens, grows and closes its items, and numbers everything.

At most one item is open. An event of another kind first closes it; the table below says
which kinds may stay. What the client is not shown goes to the record of the upstream.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, assert_never, cast

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
    PartKind,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.core.grounding import SearchNotes, url_citations
from responses_api.core.open_items import (
    OpenClientCall,
    OpenCodeRun,
    OpenCompaction,
    OpenImage,
    OpenItem,
    OpenMessage,
    OpenReasoning,
    OpenRefusal,
    OpenSeal,
    OpenWebSearch,
    id_prefix,
)
from responses_api.core.output_items import ItemStatus, OutputItem, open_page_action, search_action
from responses_api.core.output_options import OutputOptions
from responses_api.core.signature_notes import SignatureNotes
from responses_api.core.stream_events import StreamEvent, StreamEventType
from responses_api.core.upstream_record import UpstreamRecord

_TEXTS: Final = (OpenMessage, OpenReasoning)
_ANY: Final = (OpenItem,)

_SIGNED_BY: Final[dict[PartKind | None, tuple[type[OpenItem], ...]]] = {
    None: _TEXTS,
    "text": (OpenMessage,),
    "thought": (OpenReasoning,),
}
"""Per kind of the empty part that a signature came on, the items whose part it may be the end of."""

KEEPS_OPEN: Final[dict[type[GenerationEvent], tuple[type[OpenItem], ...]]] = {
    TextDelta: (OpenMessage,),  # unless it is signed; so for thoughts
    ThoughtDelta: (OpenReasoning,),
    PartSigned: _TEXTS,  # nothing can join the part any more, but what is told about it may come
    ToolCall: (OpenReasoning,),  # takes the call's signature along, then is closed
    HostedToolCalled: (),
    HostedToolAnswered: _ANY,  # closes the item of its run
    Grounded: _ANY,
    CodeWritten: (),
    CodeRan: _ANY,  # closes the item of the program
    ImageMade: (),
    ContextCompacted: (),
    PartIgnored: _ANY,
    UsageReported: _ANY,
    AnswerStarted: (),
    AnswerContinued: _ANY,
    Finished: _ANY,  # the outcome decides how the item is closed
    UpstreamFailed: _ANY,
}
"""Per event, the kinds of item that stay open when it arrives; another kind is closed first."""

_CODE_RUN: Final = ""
"""Names the run of a program. Those of hosted tools have names that are not empty."""


class OutputWriter:
    """The items of one response, and the stream events that tell of them.

    Args:
        response: The response object as it begins.
        record: Takes what the upstream attached, and what is not shown.
        options: What the items may look like.
        new_id: Makes a unique id from a prefix.

    Attributes:
        visible_chars: Characters of text and of calls (name and arguments), dropped calls included.
        thought_chars: Characters of thought summaries.
        summary_chars: Characters of what compaction items hold.
        calls: Calls of the client's tools, dropped ones included.
        images: Pictures.
    """

    def __init__(
        self,
        response: Mapping[str, Any],
        record: UpstreamRecord,
        options: OutputOptions,
        new_id: Callable[[str], str],
    ) -> None:
        self._record = record
        self._tools = options.tools
        self._new_id = new_id
        self._call_limit = _call_limit(response)
        self._container_id = "cntr_" + response["id"].removeprefix("resp_")
        self._shows_logs = options.stateless or "code_interpreter_call.outputs" in options.include
        self._searches = SearchNotes(shows_sources="web_search_call.action.sources" in options.include)
        self._notes = SignatureNotes(response["id"], options)
        self._item: OpenItem | None = None
        self._done: list[OutputItem] = []
        self._answer_chars = 0
        self._emitted: list[StreamEvent] = []
        self._sequence_number = 0
        self.visible_chars = 0
        self.thought_chars = 0
        self.summary_chars = 0
        self.calls = 0
        self.images = 0

    @property
    def items(self) -> list[OutputItem]:
        """The items so far, the open one at their end. Not to be changed."""
        if self._item is None:
            return list(self._done)
        return [*self._done, self._item.wire(self._item.open_status)]

    # What the model does

    def make_way(self, event: GenerationEvent) -> None:
        """Close the open item if ``event`` ends it."""
        if self._item is not None and not isinstance(self._item, KEEPS_OPEN[type(event)]):
            self.close("completed")

    def begin_answer(self, event: AnswerStarted | AnswerContinued) -> None:
        """Another upstream call answers; positions in its text count from its own beginning."""
        if isinstance(self._item, OpenMessage):
            self._item.begins_at = -len(self._item.text)
        if isinstance(event, AnswerStarted):
            self._show_searches()
            self._searches.begin_answer()
        self._answer_chars = 0
        self._record.begin_answer(event)

    def say(self, event: TextDelta | ThoughtDelta | PartSigned | ToolCall) -> None:
        """The model thinks, writes, or wants a tool of the client's called."""
        match event:
            case TextDelta():
                self._write(event)
            case ThoughtDelta():
                self._think(event)
            case PartSigned():
                self._sign(event)
            case ToolCall():
                self._call(event)
            case _:
                assert_never(event)

    def step(self, event: HostedToolCalled | HostedToolAnswered | CodeWritten | CodeRan) -> None:
        """The upstream begins or ends to run a hosted tool, or a program."""
        match event:
            case HostedToolCalled():
                self._begin_search(event)
            case HostedToolAnswered():
                self._end_step(event.call, event)
            case CodeWritten():
                self._begin_code(event)
            case CodeRan():
                self._end_step(_CODE_RUN, event)
            case _:
                assert_never(event)

    def show_image(self, event: ImageMade) -> None:
        """A picture, whole."""
        self.images += 1
        item = self._open("ig", partial(OpenImage, media_type=event.media_type, data=event.data))
        item.signature = event.signature
        self.close("completed")

    def show_compaction(self, event: ContextCompacted) -> None:
        """A summary of what was said so far, whole."""
        self.summary_chars += event.length
        self._open("cmp", partial(OpenCompaction, encrypted_content=event.encrypted_content))
        self.close("completed")

    def ground(self, event: Grounded) -> None:
        """What the text rests on: annotations of the open message, and searches to be shown after it."""
        self._searches.note(event)
        item = self._item
        if not isinstance(item, OpenMessage):
            self._record.ignored_parts += ["citation"] * len(event.citations)
            return
        for annotation in url_citations(event.citations, item.begins_at, len(item.text)):
            if annotation is None:
                self._record.ignored_parts.append("citation")
            else:
                self.emit(*item.annotate(annotation))

    def _write(self, event: TextDelta) -> None:
        item = self._item
        if not isinstance(item, OpenMessage) or item.signature is not None:
            self.close("completed")
            item = self._open("msg", partial(OpenMessage, begins_at=self._answer_chars))
        self.visible_chars += len(event.text)
        self.emit(*item.delta(event.text, event.logprobs))

    def _think(self, event: ThoughtDelta) -> None:
        item = self._item
        if not isinstance(item, OpenReasoning) or item.signature is not None:
            self.close("completed")
            item = self._open("rs", OpenReasoning, notes_first=False)
        self.thought_chars += len(event.text)
        self.emit(*item.delta(event.text))

    def _sign(self, event: PartSigned) -> None:
        """Keep the signature with the part it belongs to: the open one, or an empty one."""
        item = self._item
        if isinstance(item, _SIGNED_BY[event.empty]) and item.signature is None:
            item.signature = event.signature
            return
        self.close("completed")
        self._notes.note_empty(event.signature)
        if self._notes.bound:
            self._show_notes(event.signature)
        else:
            self._record.keep_empty(event.signature)

    def _call(self, call: ToolCall) -> None:
        self.calls += 1
        self.visible_chars += len(call.name) + len(call.arguments)
        if self._call_limit is not None and self.calls > self._call_limit:
            self.close("completed")
            self._record.dropped.append(call)
            return
        call_id = self._new_id("call")
        self._notes.note_call(call, call_id, after_thought=isinstance(self._item, OpenReasoning))
        self.close("completed")
        tool = self._tools.get(call.name)
        item = self._open(id_prefix(tool), partial(OpenClientCall, tool=tool, call_id=call_id, call=call))
        item.signature, item.upstream_call_id = call.signature, call.upstream_call_id
        self.close("completed")

    def _begin_search(self, event: HostedToolCalled) -> None:
        self._searches.mark_shown()
        action = open_page_action(event.urls) if event.tool == "open_page" else search_action(event.queries)
        item = self._open("ws", partial(OpenWebSearch, action=action), notes_first=False)
        item.run, item.parts = event.call, [event.part]

    def _begin_code(self, event: CodeWritten) -> None:
        made = partial(
            OpenCodeRun, container_id=self._container_id, code=event.code, shows_output=self._shows_logs
        )
        item = self._open("ci", made, notes_first=False)
        item.run, item.parts = _CODE_RUN, [event.part]

    def _end_step(self, run: str, event: HostedToolAnswered | CodeRan) -> None:
        """That run is over; for the client it may have been so before."""
        item = self._item
        if item is None or item.run != run:
            self._keep_late_answer(run, event.part)
            return
        item.run = None
        item.parts.append(event.part)
        if isinstance(item, OpenCodeRun) and isinstance(event, CodeRan):
            item.output = event.output
        self.close("completed" if event.succeeded else "failed")

    def _keep_late_answer(self, run: str, part: dict[str, Any]) -> None:
        item_id = self._record.keep_late_answer(run, part)
        if item_id is None:
            self._record.ignored_parts.append("hosted answer")
        else:
            self._notes.note_step(item_id, [part])

    # The end

    def finish(self, status: ItemStatus, refusal: str | None = None) -> None:
        """Close the open item and show what waited for the end.

        Args:
            status: Of the item that was open.
            refusal: What to say in place of an answer.
        """
        self.close(status)
        self._show_searches()
        if refusal is not None:
            self._open("msg", partial(OpenRefusal, text=refusal))
            self.close("completed")
        if self._notes.bound:
            self._show_notes()

    def _show_searches(self) -> None:
        """An item for the searches that no item has shown; the one before is closed already."""
        action = self._searches.take()
        if action is not None:
            self._announce("ws", partial(OpenWebSearch, action=action))
            self.close("completed")

    def _show_notes(self, signature: str | None = None) -> None:
        """An item for the signatures that no item has taken along; the one before is closed already.

        Args:
            signature: Of the empty part in whose place the item stands, if it does.
        """
        self._announce("rs", OpenSeal).signature = signature
        self.close("completed")

    # The only places that number, open and close

    def emit(self, type: StreamEventType, fields: dict[str, Any]) -> None:
        """Say one thing to the client."""
        event = {"type": type, "sequence_number": self._sequence_number, **fields}
        self._sequence_number += 1
        self._emitted.append(cast(StreamEvent, event))

    def take_emitted(self) -> list[StreamEvent]:
        """What was said since this was asked last."""
        emitted, self._emitted = self._emitted, []
        return emitted

    def _open[T: OpenItem](
        self, prefix: str, kind: Callable[[str, int], T], *, notes_first: bool = True
    ) -> T:
        """Announce a new item after what has to be shown before it; the one before is closed already.

        Args:
            prefix: Of its id.
            kind: Makes it from id and place.
            notes_first: Whether signatures that are bound to this place must be told first. Not
                before a thought, which takes them along, and not before a hosted step.
        """
        self._show_searches()
        if notes_first and self._notes.bound:
            self._show_notes()
        return self._announce(prefix, kind)

    def _announce[T: OpenItem](self, prefix: str, kind: Callable[[str, int], T]) -> T:
        item = kind(self._new_id(prefix), len(self._done))
        self._item = item
        for announcement in item.opening():
            self.emit(*announcement)
        return item

    def close(self, status: ItemStatus) -> None:
        """Finish the open item, if any, and keep it for the output and for the history."""
        item, self._item = self._item, None
        if item is None:
            return
        self._notes.note_item(item)
        if isinstance(item, OpenSeal):
            item.encrypted_content = self._notes.take(self._record.signing_model)
        if isinstance(item, OpenMessage):
            self._answer_chars = item.begins_at + len(item.text)
        status = item.final(status)
        for announcement in item.closing(status):
            self.emit(*announcement)
        self._done.append(item.wire(status))
        self._record.keep(item.wire(status), item.signature, item.upstream_call_id, item.parts)
        if item.run is not None:
            self._record.await_answer(item.run)


def _call_limit(response: Mapping[str, Any]) -> int | None:
    """How many calls the request allows; None for any number."""
    limit: int | None = response.get("max_tool_calls")
    if response.get("parallel_tool_calls") is False:
        return 1 if limit is None else min(limit, 1)
    return limit
