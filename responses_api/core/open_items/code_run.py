"""A program of the model's that the upstream runs."""

from dataclasses import dataclass

from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import CodeInterpreterCallItem, CodeLogs, ItemStatus


@dataclass(slots=True)
class OpenCodeRun(OpenItem):
    """A code interpreter call. The program comes whole, and what it printed later."""

    open_status = "interpreting"

    container_id: str
    """The upstream names no container; clients need some."""
    code: str
    shows_output: bool
    output: str | None = None
    """What the program printed; None until it ended."""

    def wire(self, status: ItemStatus) -> CodeInterpreterCallItem:
        """The item as it stands."""
        outputs: list[CodeLogs] | None = None
        if self.shows_output and self.output is not None:
            outputs = [{"type": "logs", "logs": self.output}] if self.output else []
        return {
            "type": "code_interpreter_call",
            "id": self.id,
            "status": status,
            "container_id": self.container_id,
            "code": self.code,
            "outputs": outputs,
        }

    def opening(self) -> list[Announcement]:
        """The item without its code, the code in one delta, then its run."""
        place = self._place
        return [
            self._added({**self.wire("in_progress"), "code": ""}),
            ("response.code_interpreter_call.in_progress", place()),
            ("response.code_interpreter_call_code.delta", {**place(), "delta": self.code}),
            ("response.code_interpreter_call_code.done", {**place(), "code": self.code}),
            ("response.code_interpreter_call.interpreting", place()),
        ]

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """The last step, unless the program failed, and the item."""
        completed: Announcement = ("response.code_interpreter_call.completed", self._place())
        return [*([completed] if status == "completed" else []), self._done(status)]

    def final(self, status: ItemStatus) -> ItemStatus:
        """A program whose end nobody saw is incomplete, however the answer ends."""
        return "incomplete" if self.output is None else status
