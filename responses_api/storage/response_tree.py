"""What a response goes on from, and what goes on from it: two queries, whatever the tree's size."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

MAX_ANCESTORS = 20
MAX_BRANCHES = 20
_SAID = 160
"""Characters of what was said."""

_FOUND = f"""
SELECT found.id, found.created_at, found.status, found.model, (
    SELECT left(responses_api_item_text(item.wire), {_SAID})
    FROM responses_api_item AS item
    WHERE item.response_id = found.id AND item.side = 'input'
    ORDER BY item.position DESC LIMIT 1
)
FROM found
"""
_ANCESTORS = f"""
WITH RECURSIVE found AS (
    SELECT earlier.*, 1 AS depth
    FROM responses_api_response AS response JOIN responses_api_response AS earlier
      ON earlier.id = response.previous_id AND earlier.owner_id = response.owner_id
    WHERE response.id = %(id)s
  UNION ALL
    SELECT earlier.*, found.depth + 1
    FROM found JOIN responses_api_response AS earlier
      ON earlier.id = found.previous_id AND earlier.owner_id = found.owner_id
    WHERE found.depth < {MAX_ANCESTORS}
)
{_FOUND} ORDER BY found.depth DESC
"""
_BRANCHES = f"""
WITH found AS (
    SELECT later.* FROM responses_api_response AS response JOIN responses_api_response AS later
      ON later.previous_id = response.id AND later.previous_id <> '' AND later.owner_id = response.owner_id
    WHERE response.id = %(id)s ORDER BY later.created_at LIMIT {MAX_BRANCHES}
)
{_FOUND} ORDER BY found.created_at
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A response beside another one in the tree, with the start of what it was asked last."""

    id: str
    created_at: datetime
    status: str
    model: str
    said: str


def ancestors(response_id: str) -> list[Turn]:
    """The responses that it goes on from, oldest first; the nearest ``MAX_ANCESTORS``."""
    return _turns(_ANCESTORS, response_id)


def branches(response_id: str) -> list[Turn]:
    """The responses that go on from it, oldest first; up to ``MAX_BRANCHES``."""
    return _turns(_BRANCHES, response_id)


def _turns(statement: str, response_id: str) -> list[Turn]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": response_id})
        return [
            Turn(found, created_at, status, model, said or "")
            for found, created_at, status, model, said in cursor.fetchall()
        ]
