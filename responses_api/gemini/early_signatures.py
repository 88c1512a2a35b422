"""Signatures that come with the beginning of a text, told at its end.

Pure. Gemini 2.5 signs the first part of an answer, and in a stream the beginning of that part
bears the signature: what follows is the same text. Gemini 3 and later sign the end, so that
more text behind a signature is another part there, and nothing must be moved.
"""

from collections.abc import Sequence
from typing import Final

from responses_api.core.generation_events import GenerationEvent, PartSigned, TextDelta, ThoughtDelta
from responses_api.gemini.model_profile import model_line

_SIGNS_BEGINNINGS: Final = ("gemini", "2")


def signs_beginnings(model: str | None) -> bool:
    """Whether the upstream model of this name signs a streamed text with its beginning."""
    return model is not None and model_line(model)[:2] == _SIGNS_BEGINNINGS


class EarlySignatures:
    """Holds a signature back until the text that it came with is over."""

    def __init__(self) -> None:
        self._text: type[GenerationEvent] | None = None
        """Of what kind the text is that may still go on."""
        self._held: PartSigned | None = None

    def settle(self, events: Sequence[GenerationEvent]) -> list[GenerationEvent]:
        """``events`` of one answer, the next in order, with signatures behind whole texts."""
        settled: list[GenerationEvent] = []
        for event in events:
            if self._text is not None and self._held is None and isinstance(event, PartSigned):
                if event.empty is None:
                    self._held = event
                    continue
            if type(event) is not self._text:
                settled += self.release()
                self._text = type(event) if isinstance(event, TextDelta | ThoughtDelta) else None
            settled.append(event)
        return settled

    def release(self) -> list[GenerationEvent]:
        """The signature that is held back, if any: its text is over."""
        held, self._held = self._held, None
        return [] if held is None else [held]
