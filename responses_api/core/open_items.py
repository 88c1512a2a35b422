"""Output items while the model is still writing them, and the events that tell of it.

An open item collects what it is made of, gives its wire form at any moment, and names
the events of its life: ``opening``, ``delta`` and ``closing``. It numbers nothing; the
response stream does. Every call builds fresh values, so that no two holders share one.
"""

from dataclasses import dataclass, field
from typing import Any

from responses_api.core.generation_events import ToolCall
from responses_api.core.output_items import (
    FunctionCallItem,
    ItemStatus,
    MessageItem,
    ReasoningItem,
    output_text,
    summary_text,
)
from responses_api.core.stream_events import StreamEventType

type Announcement = tuple[StreamEventType, dict[str, Any]]
"""An event without its ``sequence_number``: type and other fields."""


@dataclass(slots=True)
class _OpenText:
    """What grows piece by piece."""

    id: str
    output_index: int
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(self.pieces)


@dataclass(slots=True)
class OpenMessage(_OpenText):
    """An assistant message with one text part."""

    def wire(self, status: ItemStatus) -> MessageItem:
        """The item as it stands."""
        part = output_text(self.text)
        return {"type": "message", "id": self.id, "status": status, "role": "assistant", "content": [part]}

    def opening(self) -> list[Announcement]:
        """The item without its part, then the part without its text."""
        item = {**self.wire("in_progress"), "content": []}
        return [
            ("response.output_item.added", {"output_index": self.output_index, "item": item}),
            ("response.content_part.added", {**self._place(), "part": output_text("")}),
        ]

    def delta(self, text: str) -> Announcement:
        """Take in more text."""
        self.pieces.append(text)
        return "response.output_text.delta", {**self._place(), "delta": text, "logprobs": []}

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """Text, part and item, each whole."""
        text = self.text
        return [
            ("response.output_text.done", {**self._place(), "text": text, "logprobs": []}),
            ("response.content_part.done", {**self._place(), "part": output_text(text)}),
            ("response.output_item.done", {"output_index": self.output_index, "item": self.wire(status)}),
        ]

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.output_index, "content_index": 0}


@dataclass(slots=True)
class OpenReasoning(_OpenText):
    """A reasoning item with one summary part."""

    def wire(self, status: ItemStatus) -> ReasoningItem:
        """The item as it stands."""
        return {"type": "reasoning", "id": self.id, "status": status, "summary": [summary_text(self.text)]}

    def opening(self) -> list[Announcement]:
        """The item without its part, then the part without its text."""
        item = {**self.wire("in_progress"), "summary": []}
        return [
            ("response.output_item.added", {"output_index": self.output_index, "item": item}),
            ("response.reasoning_summary_part.added", {**self._place(), "part": summary_text("")}),
        ]

    def delta(self, text: str) -> Announcement:
        """Take in more text."""
        self.pieces.append(text)
        return "response.reasoning_summary_text.delta", {**self._place(), "delta": text}

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """Text, part and item, each whole."""
        text = self.text
        return [
            ("response.reasoning_summary_text.done", {**self._place(), "text": text}),
            ("response.reasoning_summary_part.done", {**self._place(), "part": summary_text(text)}),
            ("response.output_item.done", {"output_index": self.output_index, "item": self.wire(status)}),
        ]

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.output_index, "summary_index": 0}


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A function call; it arrives whole, so it is closed as soon as it is opened."""

    id: str
    output_index: int
    call_id: str
    call: ToolCall

    def wire(self, status: ItemStatus) -> FunctionCallItem:
        """The item as it stands."""
        return {
            "type": "function_call",
            "id": self.id,
            "status": status,
            "call_id": self.call_id,
            "name": self.call.name,
            "arguments": self.call.arguments,
        }

    def opening(self) -> list[Announcement]:
        """The item without its arguments, then the arguments in one delta."""
        item = {**self.wire("in_progress"), "arguments": ""}
        return [
            ("response.output_item.added", {"output_index": self.output_index, "item": item}),
            ("response.function_call_arguments.delta", {**self._place(), "delta": self.call.arguments}),
        ]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """Arguments and item, each whole."""
        whole = {"name": self.call.name, "arguments": self.call.arguments}
        return [
            ("response.function_call_arguments.done", {**self._place(), **whole}),
            ("response.output_item.done", {"output_index": self.output_index, "item": self.wire(status)}),
        ]

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.output_index}


type OpenItem = OpenMessage | OpenReasoning | OpenCall
