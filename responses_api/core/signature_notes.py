"""Signatures on their way to the client, inside the reasoning item that is finished next."""

from typing import Any

from responses_api.core.generation_events import ToolCall
from responses_api.core.open_items import (
    OpenCodeRun,
    OpenImage,
    OpenItem,
    OpenMessage,
    OpenReasoning,
    OpenWebSearch,
)
from responses_api.core.output_options import OutputOptions
from responses_api.core.sealed_reasoning import SealedReasoning, SignedPart


class SignatureNotes:
    """What one response has to tell by ``encrypted_content`` and has not told yet.

    A reasoning item that is there anyway takes along what came with it: its own signature
    and that of the call behind it. A client that keeps its conversation itself needs the
    rest as well, for which items are made that hold nothing else.
    """

    def __init__(self, response_id: str, options: OutputOptions) -> None:
        self._response_id = response_id
        self._seal = options.seal
        self._parts: list[SignedPart] = []
        self._complete = options.stateless and options.seal is not None

    @property
    def bound(self) -> bool:
        """Whether something has to be told, before the next item that is no thought and no hosted step.

        A part belongs to what is next to its reasoning item. The bare id of a call names its
        call and may come along anywhere, or not at all: without it the call goes back under
        our own id.
        """
        return any(part.signature or part.parts for part in self._parts)

    def note_item(self, item: OpenItem) -> None:
        """Keep what the upstream attached to ``item``, which ends now."""
        match item:
            case OpenReasoning(signature=str(signature)):
                self._parts.append(SignedPart("thought", signature))
            case OpenMessage(signature=str(signature)) if self._complete:
                self._parts.append(SignedPart("text", signature))
            case OpenImage(signature=str(signature)) if self._complete:
                self._parts.append(SignedPart("image", signature, item.id))
            case OpenWebSearch() | OpenCodeRun():
                self.note_step(item.id, item.parts)

    def note_empty(self, signature: str) -> None:
        """Keep the signature of an empty part, in whose place an item has to stand now."""
        if self._complete:
            self._parts.append(SignedPart("empty", signature))

    def note_call(self, call: ToolCall, call_id: str, *, after_thought: bool) -> None:
        """Keep what the upstream attached to a call, before its item is opened.

        Args:
            call: The call.
            call_id: Our id of it.
            after_thought: Whether a reasoning item is open, which is closed next.
        """
        noted = call.signature or (call.upstream_call_id if self._complete else None)
        if noted and (after_thought or self._complete):
            part = SignedPart("call", call.signature or "", call_id, call.upstream_call_id or "")
            self._parts.append(part)

    def note_step(self, item_id: str, parts: list[dict[str, Any]]) -> None:
        """Keep parts of a hosted step; a later one joins the others of its item if they are still here."""
        if not self._complete or not parts:
            return
        for index, noted in enumerate(self._parts):
            if noted.kind == "hosted" and noted.call_id == item_id:
                self._parts[index] = SignedPart("hosted", call_id=item_id, parts=(*noted.parts, *parts))
                return
        self._parts.append(SignedPart("hosted", call_id=item_id, parts=tuple(parts)))

    def take(self, model: str | None) -> str | None:
        """``encrypted_content`` of a reasoning item that ends now; None if it needs none.

        Args:
            model: The upstream model that signed.
        """
        parts, self._parts = self._parts, []
        if self._seal is None or not parts:
            return None
        return self._seal(SealedReasoning(self._response_id, model or "", tuple(parts)))
