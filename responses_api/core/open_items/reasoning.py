"""Reasoning items: the model's thoughts as summaries, and the sealed signatures that go with them."""

from dataclasses import dataclass, field
from typing import Any

from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import ItemStatus, ReasoningItem, summary_text


@dataclass(slots=True)
class OpenSeal(OpenItem):
    """A reasoning item without a summary, made for its ``encrypted_content``."""

    encrypted_content: str | None = None
    """Known by the time the item closes."""

    def wire(self, status: ItemStatus) -> ReasoningItem:
        """The item as it stands."""
        item: ReasoningItem = {"type": "reasoning", "id": self.id, "status": status, "summary": []}
        if self.encrypted_content is not None:
            item["encrypted_content"] = self.encrypted_content
        return item

    def opening(self) -> list[Announcement]:
        """The item."""
        return [self._added(self.wire("in_progress"))]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """The item with its content."""
        return [self._done(status)]


@dataclass(slots=True)
class OpenReasoning(OpenSeal):
    """A reasoning item with one summary part, which grows piece by piece."""

    _pieces: list[str] = field(default_factory=list, kw_only=True)

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(self._pieces)

    def wire(self, status: ItemStatus) -> ReasoningItem:
        """The item as it stands."""
        # super() without arguments finds no class here: a dataclass with slots is made anew.
        item = OpenSeal.wire(self, status)
        item["summary"] = [summary_text(self.text)]
        return item

    def opening(self) -> list[Announcement]:
        """The item without its part, then the part without its text."""
        item = OpenSeal.wire(self, "in_progress")
        return [
            self._added(item),
            ("response.reasoning_summary_part.added", {**self._place(), "part": summary_text("")}),
        ]

    def delta(self, text: str) -> Announcement:
        """Take in more text."""
        self._pieces.append(text)
        return "response.reasoning_summary_text.delta", {
            "item_id": self.id,
            "output_index": self.output_index,
            "summary_index": 0,
            "delta": text,
        }

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """Text, part and item, each whole."""
        text = self.text
        return [
            ("response.reasoning_summary_text.done", {**self._place(), "text": text}),
            ("response.reasoning_summary_part.done", {**self._place(), "part": summary_text(text)}),
            self._done(status),
        ]

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.output_index, "summary_index": 0}
