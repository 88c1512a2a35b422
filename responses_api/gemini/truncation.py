"""Shortens a conversation from its beginning, so that it fits (``truncation: auto``).

Pure. What goes, goes as a whole that the upstream can do without: a message of the user's, or a
step of the model with its calls and all their outputs, since the signature of a step stands on
its first call. What stays: system and developer messages, declarations of tools, the user's
last message, and the last turn, which is what the model is to answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from responses_api.core.conversation import ConversationItem
from responses_api.gemini.token_estimate import estimate_tokens
from responses_api.gemini.turns import AnsweredCall, ModelTurn, Turn, UserTurn, split_into_turns

_SYSTEM_ROLES = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class _Piece:
    """What goes or stays together."""

    items: tuple[ConversationItem, ...]
    may_go: bool


def without_oldest(items: Sequence[ConversationItem], surplus: int) -> list[ConversationItem]:
    """``items`` without as many of the oldest as come to ``surplus`` tokens, estimated.

    Args:
        items: A conversation in canonical form, compaction items opened.
        surplus: How much has to go; positive.

    Returns:
        What stays, outputs directly behind the calls of their step. It may still be too much,
        and is as long as ``items`` if nothing can go.

    Raises:
        InvalidRequest: an output without its call, or a call without its output.
    """
    declarations = [item for item in items if item.wire["type"] == "additional_tools"]
    pieces = _pieces([item for item in items if item.wire["type"] != "additional_tools"])
    kept = list(declarations)
    for piece in pieces:
        if surplus > 0 and piece.may_go:
            surplus -= sum(estimate_tokens(item.wire) for item in piece.items)
        else:
            kept += piece.items
    return kept


def _pieces(items: Sequence[ConversationItem]) -> Iterator[_Piece]:
    turns = split_into_turns(items)
    last_words = max((index for index, item in enumerate(items) if _is_said_by_user(item)), default=None)
    protected = None if last_words is None else items[last_words]
    for index, turn in enumerate(turns):
        is_last = index == len(turns) - 1
        for together in _parts(turn):
            stays = (
                is_last
                and isinstance(turn, ModelTurn)
                or any(item is protected or _always_stays(item) for item in together)
            )
            yield _Piece(together, may_go=not stays)


def _parts(turn: Turn) -> list[tuple[ConversationItem, ...]]:
    if isinstance(turn, UserTurn):
        return [(item,) for item in turn.messages]
    said = [entry.call if isinstance(entry, AnsweredCall) else entry for entry in turn.entries]
    outputs = [entry.output for entry in turn.entries if isinstance(entry, AnsweredCall)]
    return [(*said, *outputs)]


def _is_said_by_user(item: ConversationItem) -> bool:
    return bool(item.wire["type"] == "message" and item.wire["role"] == "user")


def _always_stays(item: ConversationItem) -> bool:
    wire = item.wire
    if wire["type"] == "message":
        return wire["role"] in _SYSTEM_ROLES
    return bool(wire["type"] == "tool_search_output")
