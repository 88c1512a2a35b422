"""What all open items have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from responses_api.core.output_items import ItemStatus, OutputItem
from responses_api.core.stream_events import StreamEventType

type Announcement = tuple[StreamEventType, dict[str, Any]]
"""An event without its ``sequence_number``: type and other fields."""


@dataclass(slots=True)
class OpenItem(ABC):
    """An item that has been announced and is not done.

    Attributes:
        signature: Thought signature of the part behind it; no other part may join it then.
        upstream_call_id: The upstream's own id of a call of the client's tools.
        run: Names the run of a hosted tool whose answer has not come yet.
        parts: The upstream's parts behind a hosted step, verbatim.
    """

    open_status: ClassVar[ItemStatus] = "in_progress"
    """What it is in once its opening has been told."""

    id: str
    output_index: int
    signature: str | None = field(default=None, kw_only=True)
    upstream_call_id: str | None = field(default=None, kw_only=True)
    run: str | None = field(default=None, kw_only=True)
    parts: list[dict[str, Any]] = field(default_factory=list, kw_only=True)

    @abstractmethod
    def wire(self, status: ItemStatus) -> OutputItem:
        """The item as it stands."""

    @abstractmethod
    def opening(self) -> list[Announcement]:
        """The events that announce it, ``response.output_item.added`` first."""

    @abstractmethod
    def closing(self, status: ItemStatus) -> list[Announcement]:
        """The events that finish it, ``response.output_item.done`` last. ``status`` is a final one."""

    def final(self, status: ItemStatus) -> ItemStatus:
        """The status with which it ends, as far as its kind knows it, if nobody completes it any more."""
        return status

    def _added(self, item: Any) -> Announcement:
        return "response.output_item.added", {"output_index": self.output_index, "item": item}

    def _done(self, status: ItemStatus) -> Announcement:
        return "response.output_item.done", {"output_index": self.output_index, "item": self.wire(status)}

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.output_index}
