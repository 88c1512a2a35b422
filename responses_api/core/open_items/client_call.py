"""A call of one of the client's tools, in the shape of that kind of tool."""

from dataclasses import dataclass
from typing import Final

from responses_api.core.client_tools import ClientTool, ClientToolKind, call_item
from responses_api.core.generation_events import ToolCall
from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import ClientCallItem, ItemStatus
from responses_api.core.stream_events import StreamEventType

_ID_PREFIXES: Final[dict[ClientToolKind, str]] = {
    "function": "fc",
    "custom": "ctc",
    "local_shell": "lsh",
    "shell": "sh",
    "apply_patch": "apc",
    "tool_search": "tsc",
}

_TEXTS: Final[dict[str, tuple[StreamEventType, StreamEventType, tuple[str, ...]]]] = {
    "function_call": (
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        ("name", "arguments"),
    ),
    "custom_tool_call": (
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
        ("input",),
    ),
}
"""Per type of item whose text clients see grow: the two events of it, and the members that the
second tells, the text last. The other types have no events of their own."""


def id_prefix(tool: ClientTool | None) -> str:
    """The id prefix of a call of ``tool``; None is a tool that the client did not declare."""
    return _ID_PREFIXES["function" if tool is None else tool.kind]


@dataclass(slots=True)
class OpenClientCall(OpenItem):
    """A call arrives whole, so it is closed as soon as it is opened."""

    tool: ClientTool | None
    call_id: str
    call: ToolCall

    def wire(self, status: ItemStatus) -> ClientCallItem:
        """The item as it stands."""
        item = call_item(self.tool, self.call.name, self.call_id, self.call.arguments)
        return {"type": item["type"], "id": self.id, "status": status, **item}

    def opening(self) -> list[Announcement]:
        """The item without its text, then the text in one delta; whole, where it has no text."""
        item = self.wire("in_progress")
        if item["type"] not in _TEXTS:
            return [self._added(item)]
        delta, _, (*_, member) = _TEXTS[item["type"]]
        text = (delta, {**self._place(), "delta": item[member]})
        return [self._added({**item, member: ""}), text]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """Text, where there is one, and item, each whole."""
        item = self.wire(status)
        if item["type"] not in _TEXTS:
            return [self._done(status)]
        _, done, members = _TEXTS[item["type"]]
        return [(done, {**self._place(), **{member: item[member] for member in members}}), self._done(status)]
