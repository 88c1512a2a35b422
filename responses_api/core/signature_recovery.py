"""Gives replayed items back what the upstream attached to them.

A client that sends a conversation as a list of items sends wire forms only. What the
upstream wants back beside them (``UpstreamFacts``) is found again here, from the stored
items that have the same ids and from the sealed content of reasoning items, although
clients drop reasoning items, leave ids out or make their own. Also found again: which items
were one response, since that tells parallel calls from sequential ones.

Pure: whoever calls has looked up the rows and opened the blobs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from responses_api.core.client_tools import CALL_TYPES
from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.sealed_reasoning import SealedReasoning, SignedPart

HOSTED_TYPES = frozenset({"web_search_call", "code_interpreter_call"})
_MESSAGE_TYPES = frozenset({"message"})
_IMAGE_TYPES = frozenset({"image_generation_call"})
MODEL_ITEM_TYPES = CALL_TYPES | HOSTED_TYPES | _IMAGE_TYPES | {"reasoning"}


@dataclass(frozen=True, slots=True)
class StoredItems:
    """Stored items of the caller's that a request may replay."""

    by_id: Mapping[str, ConversationItem] = field(default_factory=dict)
    by_call_id: Mapping[str, ConversationItem] = field(default_factory=dict)


def said_by_model(item: ConversationItem) -> bool:
    """Whether the model made it: a call, a thought, a hosted step, or a message of the assistant's."""
    kind = item.wire["type"]
    return kind in MODEL_ITEM_TYPES or (kind == "message" and item.wire["role"] == "assistant")


def recover(
    said: Sequence[ConversationItem], stored: StoredItems, sealed: Mapping[int, SealedReasoning]
) -> list[ConversationItem]:
    """``said`` with facts and response ids where they could be found.

    Args:
        said: The request's own items, references resolved.
        stored: Stored items with the ids that occur in ``said``.
        sealed: The opened blobs of reasoning items, by their index in ``said``.
    """
    items = [_with_stored_facts(item, stored) for item in said]
    for index, content in sealed.items():
        _Unpacking(items, index, content).unpack()
    _spread_response_ids(items)
    return items


def _with_stored_facts(item: ConversationItem, stored: StoredItems) -> ConversationItem:
    if item.upstream is not None or not said_by_model(item):
        return item
    wire = item.wire
    kept = stored.by_id.get(wire.get("id") or "") or stored.by_call_id.get(wire.get("call_id") or "")
    if kept is None or not _is_same(wire, kept.wire):
        return item
    return replace(item, response_id=kept.response_id, upstream=kept.upstream)


def _is_same(replayed: Mapping[str, object], kept: Mapping[str, object]) -> bool:
    """Whether a replayed item still says what the stored one said, as far as a signature covers it."""
    return replayed["type"] == kept["type"] and replayed.get("name") == kept.get("name")


class _Unpacking:
    """Hands the parts of one blob to the items around its reasoning item."""

    def __init__(self, items: list[ConversationItem], index: int, content: SealedReasoning) -> None:
        self._items = items
        self._index = index
        self._content = content
        self._nothing = UpstreamFacts(model=content.model)

    def unpack(self) -> None:
        self._claim(self._index, self._nothing)
        parts = self._content.parts
        for part in parts:
            if part.kind in ("thought", "empty"):
                self._claim(self._index, self._facts(part), replaces=True)
            elif part.kind == "call":
                self._give_to_call(part)
        # Looking back, the nearest item is the owner of the latest part.
        for part in reversed(parts):
            if part.kind == "text":
                self._give_back(part, _MESSAGE_TYPES)
            elif part.kind == "image":
                self._give_to_named(part, _IMAGE_TYPES)
            elif part.kind == "hosted" and not self._give_to_named(part, HOSTED_TYPES):
                self._keep(part)

    def _facts(self, part: SignedPart) -> UpstreamFacts:
        return UpstreamFacts(
            signature=part.signature or None,
            call_id=part.upstream_call_id or None,
            model=self._content.model,
            parts=part.parts,
        )

    def _give_to_named(self, part: SignedPart, types: frozenset[str]) -> bool:
        """To the item of ``types`` with that id; if ids were left out, to the nearest one before."""
        for index, item in enumerate(self._items):
            if item.wire["type"] in types and item.wire.get("id") == part.call_id:
                self._claim(index, self._facts(part))
                return True
        return self._give_back(part, types)

    def _keep(self, part: SignedPart) -> None:
        """With the reasoning item itself: hosted steps whose items the client dropped, in their order."""
        own = self._items[self._index].upstream or self._nothing
        self._claim(self._index, replace(own, parts=(*part.parts, *own.parts)), replaces=True)

    def _give_back(self, part: SignedPart, types: frozenset[str]) -> bool:
        """To the nearest item of ``types`` before that has nothing yet, within the same turn of the model."""
        for index in range(self._index - 1, -1, -1):
            item = self._items[index]
            if not said_by_model(item):
                return False
            if item.wire["type"] in types and self._is_bare(item):
                self._claim(index, self._facts(part))
                return True
        return False

    def _give_to_call(self, part: SignedPart) -> None:
        """To the call of that id; if ids were altered, to the next call that has nothing yet."""
        calls = [index for index, item in enumerate(self._items) if item.wire["type"] in CALL_TYPES]
        named = [index for index in calls if self._items[index].wire.get("call_id") == part.call_id]
        following = [index for index in calls if index > self._index and self._is_bare(self._items[index])]
        for index in (named or following)[:1]:
            self._claim(index, self._facts(part))

    @staticmethod
    def _is_bare(item: ConversationItem) -> bool:
        return item.upstream is None

    def _claim(self, index: int, facts: UpstreamFacts, *, replaces: bool = False) -> None:
        item = self._items[index]
        if item.upstream is None or replaces:
            self._items[index] = replace(item, response_id=self._content.response_id, upstream=facts)


def _spread_response_ids(items: list[ConversationItem]) -> None:
    """Items between which nobody else spoke are of one response: what one knows, all know."""
    start = 0
    for end in range(len(items) + 1):
        if end < len(items) and said_by_model(items[end]):
            continue
        known = {item.response_id for item in items[start:end]} - {None}
        if len(known) == 1:
            (response_id,) = known
            items[start:end] = [replace(item, response_id=response_id) for item in items[start:end]]
        start = end + 1
