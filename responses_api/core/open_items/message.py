"""An assistant message with one text part."""

from dataclasses import dataclass, field
from typing import Any

from responses_api.core.generation_events import TokenLogprob
from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.output_items import ItemStatus, MessageItem, OutputText, UrlCitation, logprob


@dataclass(slots=True)
class OpenMessage(OpenItem):
    """A message that grows piece by piece."""

    begins_at: int = field(default=0, kw_only=True)
    """Where in the visible text of the answer it begins. Negative by the length of what was
    written before an answer that goes on with it."""
    _pieces: list[str] = field(default_factory=list, kw_only=True)
    _logprobs: list[TokenLogprob] = field(default_factory=list, kw_only=True)
    _annotations: list[UrlCitation] = field(default_factory=list, kw_only=True)

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(self._pieces)

    def wire(self, status: ItemStatus) -> MessageItem:
        """The item as it stands."""
        part = self._part()
        return {"type": "message", "id": self.id, "status": status, "role": "assistant", "content": [part]}

    def opening(self) -> list[Announcement]:
        """The item without its part, then the part without its text."""
        blank: OutputText = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return [
            self._added({**self.wire("in_progress"), "content": []}),
            ("response.content_part.added", {**self._place(), "part": blank}),
        ]

    def delta(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> Announcement:
        """Take in more text."""
        self._pieces.append(text)
        self._logprobs.extend(logprobs)
        return "response.output_text.delta", {
            "item_id": self.id,
            "output_index": self.output_index,
            "content_index": 0,
            "delta": text,
            "logprobs": [logprob(token) for token in logprobs] if logprobs else [],
        }

    def annotate(self, citation: UrlCitation) -> Announcement:
        """Take in an annotation of the text so far."""
        index = len(self._annotations)
        self._annotations.append(citation)
        fields = {"annotation_index": index, "annotation": citation.copy()}
        return "response.output_text.annotation.added", {**self._place(), **fields}

    def closing(self, status: ItemStatus) -> list[Announcement]:
        """Text, part and item, each whole."""
        text = {"text": self.text, "logprobs": self._part()["logprobs"]}
        return [
            ("response.output_text.done", {**self._place(), **text}),
            ("response.content_part.done", {**self._place(), "part": self._part()}),
            self._done(status),
        ]

    def _part(self) -> OutputText:
        return {
            "type": "output_text",
            "text": self.text,
            "annotations": [citation.copy() for citation in self._annotations],
            "logprobs": [logprob(token) for token in self._logprobs],
        }

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.id, "output_index": self.output_index, "content_index": 0}
