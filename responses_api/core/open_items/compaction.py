"""A summary that stands in for the conversation so far."""

from dataclasses import dataclass

from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import CompactionItem, ItemStatus


@dataclass(slots=True)
class OpenCompaction(OpenItem):
    """A compaction item comes whole and is closed as soon as it is opened."""

    encrypted_content: str

    def wire(self, status: ItemStatus) -> CompactionItem:
        """The item."""
        return {
            "type": "compaction",
            "id": self.id,
            "status": status,
            "encrypted_content": self.encrypted_content,
        }

    def opening(self) -> list[Announcement]:
        """The item, without its content yet."""
        return [self._added({**self.wire("in_progress"), "encrypted_content": ""})]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """The item, whole."""
        return [self._done(status)]
