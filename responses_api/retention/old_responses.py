"""Stored responses that go when they are old, unless a younger one goes on from them.

``previous_response_id`` reads a chain to its beginning, so the old part of a chain stays as long
as its youngest response does. A conversation has copies of its items and needs no response.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

NAME = "responses"

_OLD = "created_at < now() - %(age)s AND status NOT IN ('queued', 'in_progress')"

_NEXT = f"""
SELECT id, previous_id, created_at FROM responses_api_response
WHERE {_OLD} AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s, %(id)s))
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
FOR UPDATE SKIP LOCKED
"""
_GONE_ON_FROM = """
SELECT DISTINCT previous_id FROM responses_api_response
WHERE previous_id = ANY(%(ids)s) AND previous_id <> '' AND id <> ALL(%(ids)s)
"""
_DELETE = """
WITH events AS (
    DELETE FROM responses_api_responseevents WHERE response_id = ANY(%(ids)s)
), items AS (
    DELETE FROM responses_api_item WHERE response_id = ANY(%(ids)s)
)
DELETE FROM responses_api_response WHERE id = ANY(%(ids)s)
"""
_COUNT = f"""
WITH RECURSIVE needed AS (
    SELECT previous_id FROM responses_api_response
    WHERE NOT ({_OLD}) AND previous_id <> ''
  UNION
    SELECT earlier.previous_id
    FROM needed JOIN responses_api_response AS earlier ON earlier.id = needed.previous_id
    WHERE earlier.previous_id <> ''
)
SELECT count(*) FROM responses_api_response
WHERE {_OLD} AND id NOT IN (SELECT previous_id FROM needed)
"""


@dataclass(frozen=True, slots=True)
class OldResponses:
    """Responses older than ``age`` that nothing younger goes on from; None of them with ``age`` None."""

    age: timedelta | None
    name: str = NAME

    def count(self) -> int:
        """How many there are now."""
        if self.age is None:
            return 0
        params: dict[str, Any] = {"age": self.age}
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, params)
            return int(cursor.fetchone()[0])

    def batches(self, limit: int) -> Iterator[int]:
        """Look at ``limit`` old ones at each step, youngest first, and delete what can go; how many went.

        So a response is looked at after all that go on from it, and a chain goes in one pass.
        """
        if self.age is None:
            return
        last: tuple[datetime | None, str] = (None, "")
        while True:
            deleted, seen, last = self._delete(limit, *last)
            yield deleted
            if seen < limit:
                return

    @transaction.atomic
    def _delete(
        self, limit: int, at: datetime | None, response_id: str
    ) -> tuple[int, int, tuple[datetime | None, str]]:
        params: dict[str, Any] = {"age": self.age, "at": at, "id": response_id, "limit": limit}
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, params)
            rows: list[tuple[str, str, datetime]] = cursor.fetchall()
            if not rows:
                return 0, 0, (at, response_id)
            cursor.execute(_GONE_ON_FROM, {"ids": [row[0] for row in rows]})
            free = _free(rows, {needed for (needed,) in cursor.fetchall()})
            cursor.execute(_DELETE, {"ids": free})
        return len(free), len(rows), (rows[-1][2], rows[-1][0])


def _free(rows: list[tuple[str, str, datetime]], needed: set[str]) -> list[str]:
    """Those of ``rows``, youngest first, that are neither ``needed`` nor gone on from by one that is."""
    free = []
    for response_id, previous_id, _ in rows:
        if response_id in needed:
            needed.add(previous_id)
        else:
            free.append(response_id)
    return free
