"""Compaction: a summary that stands in for what was said before it.

The summary travels as an item of type ``compaction``, sealed outside of this package, so that a
client can keep it like any other item. Whatever brings such an item back, a stored chain or the
client's ``input``, goes on from the latest one: what the model said and did before it is not
sent any more. System and developer messages and the declarations of tools always stay; the
user's messages stay where the summary was made to stand beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from responses_api.core.client_tools import CALL_TYPES, OUTPUT_TYPES
from responses_api.core.conversation import ConversationItem

COMPACTION: Final = "compaction"
TRIGGER: Final = "compaction_trigger"

SUMMARY_REQUEST: Final = """\
You are performing a CONTEXT CHECKPOINT COMPACTION. Do not answer the conversation above and do not \
call tools. Write a handover summary for another language model, which will continue this \
conversation from your summary alone.

Include, as far as it occurs:
- what the user wants, in the user's own terms, with all constraints, preferences and decisions;
- what has been done and found out so far, with results of tools that are still needed;
- names, numbers, paths, identifiers, code and quotations that must not be lost;
- the last request of the user if it is not answered yet, word for word;
- what remains to be done, as clear next steps.

Be complete in substance and concise in form."""
"""What the model is told, as the user's last message, to make it write the summary."""

_SUMMARY_HEADING: Final = """\
Another language model had this conversation before you and wrote the following summary of it. \
Build on what has been done, and do not repeat it.

"""

_SYSTEM_ROLES: Final = frozenset({"system", "developer"})
_DECLARATIONS: Final = frozenset({"additional_tools", "tool_search_call", "tool_search_output"})
_KEPT_MESSAGES_LENGTH: Final = 80_000
"""Characters of the user's messages, some 20,000 tokens, that a compacted window repeats word for word."""


class SealedSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a compaction item's ``encrypted_content`` holds."""

    summary: str
    keeps_messages: bool = False
    """Whether the user's messages before the item still count, which are then all that they were
    beside the summary. Else nothing before it does, but what always stays."""


@dataclass(frozen=True, slots=True)
class CompactionPlan:
    """What a response is to do before its answer, or instead of one: write a summary."""

    items: tuple[ConversationItem, ...]
    """What the summary is of."""
    at: int | None
    """Where, in the conversation that is shown, the answer goes on from it; None: there is no answer."""


def summary_request() -> ConversationItem:
    """The message that asks for a summary of everything before it."""
    return _said_by_user(SUMMARY_REQUEST)


def latest_compaction(items: Sequence[ConversationItem]) -> int | None:
    """The index of the compaction item that ``items`` go on from; None if there is none."""
    for index in range(len(items) - 1, -1, -1):
        if items[index].wire["type"] == COMPACTION:
            return index
    return None


def compacted(
    items: Sequence[ConversationItem], index: int, content: SealedSummary
) -> list[ConversationItem]:
    """``items`` as the model is shown them, with the summary in place of what it stands for.

    Args:
        items: A conversation, every output with its call's id.
        index: Where its latest compaction item stands, or would stand.
        content: What that item holds.
    """
    before = [item for item in items[:index] if _stays(item, content.keeps_messages)]
    rest = items[index + 1 :] if _is_compaction_at(items, index) else items[index:]
    lost = {item.wire["call_id"] for item in items[:index] if item.wire["type"] in CALL_TYPES}
    lost -= {item.wire["call_id"] for item in before if item.wire["type"] in CALL_TYPES}
    after = [item for item in rest if not _answers(item, lost)]
    return [*before, _said_by_user(_SUMMARY_HEADING + content.summary), *after]


def kept_messages(items: Sequence[ConversationItem]) -> list[ConversationItem]:
    """The messages that a compacted window repeats beside its summary, in order.

    All system and developer messages, and the user's, the latest first, as long as there is
    room for them; the last one always.
    """
    kept: list[ConversationItem] = []
    room = _KEPT_MESSAGES_LENGTH
    full = False
    for item in reversed(items):
        wire = item.wire
        if wire["type"] != "message" or wire["role"] == "assistant":
            continue
        if wire["role"] == "user":
            length = len(msgspec.json.encode(wire["content"]))
            full = full or (length > room and room < _KEPT_MESSAGES_LENGTH)
            if full:
                continue
            room -= length
        kept.append(item)
    return kept[::-1]


def before_last_words(items: Sequence[ConversationItem]) -> int:
    """Where what the user said last begins, if the model has not begun to deal with it; else the end.

    A summary put there leaves an unanswered request behind it, word for word.
    """
    index = len(items)
    while index and _is_from_outside(items[index - 1]):
        index -= 1
    return index


def _said_by_user(text: str) -> ConversationItem:
    content = [{"type": "input_text", "text": text}]
    return ConversationItem({"type": "message", "role": "user", "content": content})


def _is_from_outside(item: ConversationItem) -> bool:
    wire = item.wire
    return bool(wire["type"] == "message" and wire["role"] != "assistant")


def _stays(item: ConversationItem, keeps_messages: bool) -> bool:
    wire = item.wire
    if wire["type"] != "message":
        return wire["type"] in _DECLARATIONS
    return wire["role"] in _SYSTEM_ROLES or (keeps_messages and wire["role"] == "user")


def _is_compaction_at(items: Sequence[ConversationItem], index: int) -> bool:
    return index < len(items) and items[index].wire["type"] == COMPACTION


def _answers(item: ConversationItem, calls: set[str]) -> bool:
    """Whether ``item`` is the output of one of ``calls``, which are gone."""
    return item.wire["type"] in OUTPUT_TYPES and item.wire.get("call_id") in calls
