"""A picture that the model drew."""

from dataclasses import dataclass

from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import ImageGenerationCallItem, ItemStatus


@dataclass(slots=True)
class OpenImage(OpenItem):
    """A picture arrives whole, so its item is closed as soon as it is opened."""

    media_type: str
    data: str
    """Base64."""

    def wire(self, status: ItemStatus) -> ImageGenerationCallItem:
        """The item as it stands."""
        return {
            "type": "image_generation_call",
            "id": self.id,
            "status": status,
            "result": self.data,
            "output_format": self.media_type.rpartition("/")[2],
        }

    def opening(self) -> list[Announcement]:
        """The item without its picture, then its two steps."""
        return [
            self._added({**self.wire("in_progress"), "result": None}),
            ("response.image_generation_call.in_progress", self._place()),
            ("response.image_generation_call.generating", self._place()),
        ]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """The last step, and the item."""
        return [("response.image_generation_call.completed", self._place()), self._done(status)]
