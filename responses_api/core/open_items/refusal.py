"""An assistant message that refuses: what a client reads where a filter left nothing of the answer."""

from dataclasses import dataclass

from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import ItemStatus, MessageItem, refusal


@dataclass(slots=True)
class OpenRefusal(OpenItem):
    """A message with one refusal part; it is closed as soon as it is opened."""

    text: str

    def wire(self, status: ItemStatus) -> MessageItem:
        """The item as it stands."""
        content = [refusal(self.text)]
        return {
            "type": "message",
            "id": self.id,
            "status": status,
            "role": "assistant",
            "content": [*content],
        }

    def opening(self) -> list[Announcement]:
        """The item without its part, the part without its text, then the text in one delta."""
        place = {**self._place(), "content_index": 0}
        return [
            self._added({**self.wire("in_progress"), "content": []}),
            ("response.content_part.added", {**place, "part": refusal("")}),
            ("response.refusal.delta", {**place, "delta": self.text}),
        ]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """Text, part and item, each whole."""
        place = {**self._place(), "content_index": 0}
        return [
            ("response.refusal.done", {**place, "refusal": self.text}),
            ("response.content_part.done", {**place, "part": refusal(self.text)}),
            self._done(status),
        ]
