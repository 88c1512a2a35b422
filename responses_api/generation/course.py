"""The course of an exchange: what the model did when, for the waterfall on the trace's page."""

from dataclasses import dataclass, field
from typing import Any

from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    CodeWritten,
    GenerationEvent,
    HostedToolCalled,
    ImageMade,
    TextDelta,
    ThoughtDelta,
    ToolCall,
)

MAX_SPANS = 200
"""An answer that changes between thinking and writing more often is noted up to here."""
_NAME_LENGTH = 128

_KINDS: dict[type[Any], str] = {
    AnswerStarted: "call",
    AnswerContinued: "call",
    ThoughtDelta: "thinking",
    TextDelta: "text",
    CodeWritten: "code",
    ImageMade: "image",
    HostedToolCalled: "tool",
    ToolCall: "tool",
}
_MOMENTS = frozenset({"call", "tool", "image"})
"""What happens at once; everything else lasts for as long as more of it comes."""


@dataclass(slots=True)
class Span:
    """Something that lasted: its kind, from and to in milliseconds since the request, a tool's name."""

    kind: str
    begin: float
    end: float
    name: str = ""


@dataclass(slots=True)
class Course:
    """Takes notes while an exchange runs; reads no clock itself."""

    begun: float | None = None
    """When the gate was passed, in milliseconds since the request."""
    spans: list[Span] = field(default_factory=list)

    def note(self, event: GenerationEvent, at: float) -> None:
        """What the model did, ``at`` milliseconds since the request."""
        kind = _KINDS.get(type(event))
        if kind is None:
            return
        last = self.spans[-1] if self.spans else None
        if last is not None and last.kind == kind and kind not in _MOMENTS:
            last.end = at
        elif len(self.spans) < MAX_SPANS:
            self.spans.append(Span(kind, at, at, _name_of(event)))

    @property
    def tools(self) -> list[str]:
        """The names of the tools that were called, each once, in the order of their first calls."""
        return list(dict.fromkeys(span.name for span in self.spans if span.kind == "tool"))

    def marks(self) -> dict[str, Any]:
        """The trace's ``marks``: ``begun``, and ``spans`` as lists of kind, begin, end and maybe a name."""
        spans = [
            [span.kind, span.begin, span.end, *([span.name] if span.name else [])] for span in self.spans
        ]
        return {"begun": self.begun, "spans": spans}


def _name_of(event: GenerationEvent) -> str:
    match event:
        case ToolCall(name=name):
            return name[:_NAME_LENGTH]
        case HostedToolCalled():
            return event.tool
        case _:
            return ""
