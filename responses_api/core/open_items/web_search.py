"""Something that the upstream does on the web: a search, or the reading of a page."""

from dataclasses import dataclass

from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import ItemStatus, WebSearchAction, WebSearchCallItem


@dataclass(slots=True)
class OpenWebSearch(OpenItem):
    """A web search call. Announced when the upstream begins, done when it has the answer."""

    open_status = "searching"

    action: WebSearchAction

    def wire(self, status: ItemStatus) -> WebSearchCallItem:
        """The item as it stands."""
        return {"type": "web_search_call", "id": self.id, "status": status, "action": self._action()}

    def opening(self) -> list[Announcement]:
        """The item, then its two steps."""
        return [
            self._added(self.wire("in_progress")),
            ("response.web_search_call.in_progress", self._place()),
            ("response.web_search_call.searching", self._place()),
        ]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """The last step, unless it failed, and the item."""
        completed: Announcement = ("response.web_search_call.completed", self._place())
        return [*([completed] if status == "completed" else []), self._done(status)]

    def final(self, status: ItemStatus) -> ItemStatus:
        """A search that was cut short counts as failed: this kind knows no ``incomplete``."""
        return "failed" if status == "incomplete" else status

    def _action(self) -> WebSearchAction:
        if self.action["type"] == "open_page":
            return self.action.copy()
        action = self.action.copy()
        action["queries"] = list(action["queries"])
        if "sources" in action:
            action["sources"] = [source.copy() for source in action["sources"]]
        return action
