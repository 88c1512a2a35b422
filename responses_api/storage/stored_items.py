"""Stored items by their ids, wherever they are kept: with a response or in a conversation."""

from collections.abc import Sequence

from django.db import connection

from responses_api.core.signature_recovery import StoredItems
from responses_api.storage.item_rows import item_from_row

_BY_IDS = """
SELECT item.id, item.call_id, item.response_id, item.wire, item.signature, item.upstream_call_id,
    item.upstream_model, item.upstream_parts
FROM responses_api_item AS item JOIN responses_api_response AS response ON response.id = item.response_id
WHERE (item.id = ANY(%(ids)s) OR item.call_id = ANY(%(call_ids)s)) AND response.owner_id = %(owner)s
UNION ALL
SELECT entry.id, entry.call_id, entry.response_id, entry.wire, entry.signature, entry.upstream_call_id,
    entry.upstream_model, entry.upstream_parts
FROM responses_api_conversationentry AS entry
    JOIN responses_api_conversation AS conversation ON conversation.id = entry.conversation_id
WHERE (entry.id = ANY(%(ids)s) OR entry.call_id = ANY(%(call_ids)s)) AND conversation.owner_id = %(owner)s
"""


def load_items(owner_id: int, ids: Sequence[str], call_ids: Sequence[str]) -> StoredItems:
    """The owner's stored items with one of these ids, or calls with one of these call ids. One query.

    Where several have the same id, one that the model made in a response comes before one
    that a client wrote.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_IDS, {"ids": _sane(ids), "call_ids": _sane(call_ids), "owner": owner_id})
        rows = sorted(cursor.fetchall(), key=lambda row: bool(row[2]))
    found = [(row[0], row[1], item_from_row(*row[2:])) for row in rows]
    return StoredItems(
        by_id={item_id: item for item_id, _, item in found},
        by_call_id={call_id: item for _, call_id, item in found if call_id},
    )


def _sane(ids: Sequence[str]) -> list[str]:
    """Without what PostgreSQL cannot even compare: a text with a NUL character."""
    return [item_id for item_id in ids if "\x00" not in item_id]
