"""Conversations in PostgreSQL: items that several responses share and add to.

Plain synchronous functions, each one transaction, safe to repeat after a lost connection
unless said otherwise. Every look-up goes through the owner: another's conversation is
unknown. Whoever appends takes the positions first, in the one statement that also locks
the conversation, so that what is appended at once lies together and in order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from responses_api.core.conversation import ConversationItem, WireItem
from responses_api.core.errors import NotFound
from responses_api.models import Conversation, ConversationEntry
from responses_api.runtime.identifiers import new_id
from responses_api.storage.item_rows import as_jsonb, item_columns, item_from_row

_KEPT = frozenset({"completed", "incomplete"})
"""Statuses of a response whose items become a part of its conversation."""

_HISTORY = """
SELECT entry.response_id, entry.wire, entry.signature, entry.upstream_call_id, entry.upstream_model,
    entry.upstream_parts
FROM responses_api_conversation AS conversation
    LEFT JOIN responses_api_conversationentry AS entry ON entry.conversation_id = conversation.id
WHERE conversation.id = %(id)s AND conversation.owner_id = %(owner)s
ORDER BY entry.position
"""

_COLUMNS = "id, type, wire, signature, upstream_call_id, upstream_model, upstream_parts, call_id"
_APPEND = f"""
WITH place AS (
    UPDATE responses_api_conversation SET next_position = next_position + %(count)s
    WHERE id = %(id)s
    RETURNING id AS conversation_id, next_position - %(count)s AS first
)
INSERT INTO responses_api_conversationentry (conversation_id, position, response_id, {_COLUMNS})
SELECT conversation_id, first + nth, response_id, {_COLUMNS}
FROM place, jsonb_to_recordset(%(items)s::jsonb) AS item (
    nth bigint, response_id text, id text, type text, wire jsonb, signature text, upstream_call_id text,
    upstream_model text, upstream_parts jsonb, call_id text
)
"""

_APPEND_RESPONSE = f"""
WITH said AS (
    SELECT row_number() OVER (ORDER BY position) - 1 AS nth, response_id, {_COLUMNS}
    FROM responses_api_item WHERE response_id = %(response_id)s AND %(kept)s
), place AS (
    UPDATE responses_api_conversation SET next_position = next_position + (SELECT count(*) FROM said)
    WHERE id = %(id)s
    RETURNING id AS conversation_id, next_position - (SELECT count(*) FROM said) AS first
), appended AS (
    INSERT INTO responses_api_conversationentry (conversation_id, position, response_id, {_COLUMNS})
    SELECT conversation_id, first + nth, response_id, {_COLUMNS} FROM place, said
)
SELECT conversation_id FROM place
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a conversation's items, in the order asked for."""

    items: Sequence[WireItem]
    has_more: bool


def find_conversation(owner_id: int, conversation_id: str, *, for_update: bool = False) -> Conversation:
    """The owner's conversation; every other function looks it up here or by the same two columns.

    Raises:
        NotFound: the owner has none of that id.
    """
    rows = Conversation.objects.select_for_update() if for_update else Conversation.objects.all()
    found = None if "\x00" in conversation_id else rows.filter(id=conversation_id, owner=owner_id).first()
    if found is None:
        raise _unknown(conversation_id)
    return found


def _unknown(conversation_id: str, *, param: str | None = None) -> NotFound:
    return NotFound(f"Conversation with id '{conversation_id}' not found.", param=param)


@transaction.atomic
def create_conversation(
    owner_id: int, metadata: Mapping[str, str], items: Sequence[ConversationItem]
) -> Conversation:
    """A new conversation with ``items``, which have their ids. Called twice, there are two."""
    made = Conversation.objects.create(
        id=new_id("conv"), owner_id=owner_id, metadata=_without_nul(metadata), created_at=datetime.now(UTC)
    )
    if items:
        with connection.cursor() as cursor:
            _append(cursor, made.id, items)
    return made


def update_metadata(owner_id: int, conversation_id: str, metadata: Mapping[str, str]) -> Conversation:
    """Replace the metadata as a whole.

    Raises:
        NotFound: no such conversation of this owner.
    """
    found = find_conversation(owner_id, conversation_id)
    found.metadata = _without_nul(metadata)
    found.save(update_fields=["metadata"])
    return found


@transaction.atomic
def delete_conversation(owner_id: int, conversation_id: str) -> None:
    """Delete the conversation and its entries; responses that were a part of it stay.

    Raises:
        NotFound: no such conversation of this owner.
    """
    # Locked first: a response that is ending now is a part of it before this goes on, or never.
    find_conversation(owner_id, conversation_id, for_update=True).delete()


@transaction.atomic
def append_items(owner_id: int, conversation_id: str, items: Sequence[ConversationItem]) -> None:
    """Append ``items``, which have their ids.

    Raises:
        NotFound: no such conversation of this owner.
    """
    find_conversation(owner_id, conversation_id, for_update=True)
    with connection.cursor() as cursor:
        _append(cursor, conversation_id, items)


def append_on_close(conversation_id: str, response_id: str, status: str) -> Callable[[CursorWrapper], None]:
    """What joins an ended response to its conversation, in the transaction that books its end.

    Args:
        conversation_id: the conversation, looked up before the response was begun.
        response_id: the response. Its items are stored by now; all of them are appended,
            input before output.
        status: how it ended. One that failed or was cancelled adds nothing.
    """

    def append(cursor: CursorWrapper) -> None:
        cursor.execute(
            _APPEND_RESPONSE,
            {"id": conversation_id, "response_id": response_id, "kept": status in _KEPT},
        )
        if cursor.fetchone() is None:
            # It has been deleted meanwhile, and the response must not point at it.
            cursor.execute(
                "UPDATE responses_api_response SET conversation_id = NULL WHERE id = %s", [response_id]
            )

    return append


def _append(cursor: CursorWrapper, conversation_id: str, items: Sequence[ConversationItem]) -> None:
    rows = [
        {**item_columns(item), "nth": nth, "response_id": item.response_id or ""}
        for nth, item in enumerate(items)
    ]
    cursor.execute(_APPEND, {"id": conversation_id, "count": len(rows), "items": as_jsonb(rows)})


def load_history(owner_id: int, conversation_id: str) -> list[ConversationItem]:
    """All items of the conversation, oldest first. One query.

    Raises:
        NotFound: no such conversation of this owner.
    """
    if "\x00" in conversation_id:
        raise _unknown(conversation_id, param="conversation")
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, {"id": conversation_id, "owner": owner_id})
        rows = cursor.fetchall()
    if not rows:
        raise _unknown(conversation_id, param="conversation")
    return [item_from_row(*row) for row in rows if row[1] is not None]


def list_items(
    owner_id: int, conversation_id: str, *, limit: int, newest_first: bool, after: str | None
) -> Page:
    """A page of the conversation's items.

    Args:
        owner_id: whose conversation.
        conversation_id: which.
        limit: how many at most.
        newest_first: the order, of the pages too.
        after: id of the item before the page's first; None for the first page.

    Raises:
        NotFound: no such conversation of this owner, or no such item ``after`` in it.
    """
    find_conversation(owner_id, conversation_id)
    entries = ConversationEntry.objects.filter(conversation=conversation_id)
    if after is not None:
        position = _find_entry(conversation_id, after, param="after").position
        entries = (
            entries.filter(position__lt=position) if newest_first else entries.filter(position__gt=position)
        )
    ordered = entries.order_by("-position" if newest_first else "position")
    wires = list(ordered.values_list("wire", flat=True)[: limit + 1])
    return Page(wires[:limit], has_more=len(wires) > limit)


def find_item(owner_id: int, conversation_id: str, item_id: str) -> WireItem:
    """One item of the conversation.

    Raises:
        NotFound: no such conversation of this owner, or no such item in it.
    """
    find_conversation(owner_id, conversation_id)
    wire: WireItem = _find_entry(conversation_id, item_id).wire
    return wire


@transaction.atomic
def delete_item(owner_id: int, conversation_id: str, item_id: str) -> Conversation:
    """Take one item out of the conversation, which is returned; a response that has it keeps it.

    Raises:
        NotFound: no such conversation of this owner, or no such item in it.
    """
    found = find_conversation(owner_id, conversation_id)
    _find_entry(conversation_id, item_id).delete()
    return found


def _find_entry(conversation_id: str, item_id: str, *, param: str | None = None) -> ConversationEntry:
    entries = ConversationEntry.objects.filter(conversation=conversation_id)
    found = None if "\x00" in item_id else entries.filter(id=item_id).first()
    if found is None:
        raise NotFound(
            f"Item with id '{item_id}' not found in conversation '{conversation_id}'.", param=param
        )
    return found


def _without_nul(metadata: Mapping[str, str]) -> dict[str, str]:
    return {
        name.replace("\x00", "\ufffd"): value.replace("\x00", "\ufffd") for name, value in metadata.items()
    }
