"""One step of the model, look after look: what has been added to its texts since the last. Pure."""

from responses_api.core.generation_events import (
    GenerationEvent,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    UsageReported,
)
from responses_api.exchanges.cascade_steps import ModelUsage, PlannerResponse, Step


class PlannerReader:
    """Follows one planner step, whose texts grow; see ``cascade_reading`` for what else they may do.

    Args:
        thoughts: Whether thoughts are told.
    """

    def __init__(self, *, thoughts: bool) -> None:
        self._tells_thoughts = thoughts
        self._thoughts = ""
        self._text = ""
        self._signature = ""
        self._usage: ModelUsage | None = None
        self.rewritten = False
        """Whether the text is, as of the last look, not what has been told and more."""

    @property
    def has_text(self) -> bool:
        """Whether any text has been told."""
        return bool(self._text)

    def grow(self, step: Step) -> list[GenerationEvent]:
        """What is new in it, thoughts first."""
        said = step.planner_response or PlannerResponse()
        self._usage = step.usage or self._usage
        events: list[GenerationEvent] = []
        if added := self._added_thoughts(said.thinking or ""):
            events.append(ThoughtDelta(added))
        if added := self._added_text(said):
            # What is signed before the text begins are the thoughts, which are whole now.
            events += self._signed(said, of_thoughts=True) if not self._text else []
            self._text += added
            events.append(TextDelta(added))
        if step.is_final:
            events += self._signed(said, of_thoughts=not self._text)
            events += self.count()
        return events

    def count(self) -> list[UsageReported]:
        """Its tokens as far as it has counted them; once."""
        counted, self._usage = self._usage, None
        return [counted.reported()] if counted else []

    def _added_thoughts(self, thinking: str) -> str:
        if not self._tells_thoughts or not thinking.startswith(self._thoughts):
            return ""
        added = thinking.removeprefix(self._thoughts)
        self._thoughts = thinking
        return added

    def _added_text(self, said: PlannerResponse) -> str:
        forms = [text for text in (said.modified_response, said.response) if text]
        going_on = [text for text in forms if text.startswith(self._text)]
        self.rewritten = not going_on and not all(self._text.startswith(text) for text in forms)
        return going_on[0].removeprefix(self._text) if going_on else ""

    def _signed(self, said: PlannerResponse, *, of_thoughts: bool) -> list[GenerationEvent]:
        """The step's signature, unless it has been told.

        One that comes after the text is told as the upstream sends it itself: on an empty part
        at the end of the text.
        """
        signature = said.thinking_signature or ""
        if not signature or signature == self._signature or (of_thoughts and not self._thoughts):
            return []
        self._signature = signature
        return [PartSigned(signature, None if of_thoughts else "text")]
