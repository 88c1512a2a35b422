"""The queue of background responses in PostgreSQL: who waits, who makes what, what was left.

A response waits with an empty ``runner``. A gateway's runner that claims it writes the
gateway's name, which stays until the response has ended or the gateway counts as dead
(``responses_api.gateways``): then it is empty again. One that had not begun (``queued``)
waits once more; one that had (``in_progress``) is left, and whichever runner finds it ends
it. No clock is asked. Plain synchronous functions, each one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from responses_api.background import event_log
from responses_api.generation.booking import QueuedResponse
from responses_api.storage import exchange_records
from responses_api.storage.item_rows import as_jsonb, from_jsonb

_INSERT = """
INSERT INTO responses_api_response (
    id, owner_id, previous_id, conversation_id, created_at, status, model, body, background, request,
    api_key_id
) VALUES (
    %(id)s, %(owner)s, %(previous_id)s,
    (SELECT id FROM responses_api_conversation WHERE id = %(conversation_id)s),
    clock_timestamp(), %(status)s, %(model)s, %(body)s, TRUE, %(request)s, %(api_key)s
)
"""

_HELD_COLUMNS = """
    response.id, response.owner_id, response.api_key_id, response.cancel_requested, response.request,
    (SELECT count(*) FROM responses_api_item AS item WHERE item.response_id = response.id),
    (SELECT id FROM responses_api_trace AS trace
        WHERE trace.response_id = response.id AND trace.outcome = 'in_progress' LIMIT 1),
    response.created_at, GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - response.created_at))::float8,
    (response.body->>'created_at')::bigint
"""

_CLAIM = f"""
WITH next AS (
    SELECT id FROM responses_api_response
    WHERE status = 'queued' AND runner = ''
    ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE responses_api_response AS row SET runner = %(runner)s
    FROM next WHERE row.id = next.id
    RETURNING row.*
)
SELECT {_HELD_COLUMNS} FROM claimed AS response ORDER BY created_at
"""

_TAKE_ONE = f"""
WITH taken AS (
    UPDATE responses_api_response AS row SET runner = %(runner)s
    WHERE id = %(id)s AND status = 'queued' AND runner = ''
    RETURNING row.*
)
SELECT {_HELD_COLUMNS} FROM taken AS response
"""

_LEFT = f"""
SELECT {_HELD_COLUMNS} FROM responses_api_response AS response
WHERE status = 'in_progress' AND background AND runner = ''
ORDER BY created_at LIMIT %(limit)s
"""

_HELD_BY = """
SELECT id, cancel_requested FROM responses_api_response
WHERE runner = %(runner)s AND status IN ('queued', 'in_progress')
"""

_LET_GO = """
UPDATE responses_api_response SET runner = ''
WHERE id = ANY(%(ids)s) AND runner = %(runner)s AND status IN ('queued', 'in_progress')
"""

_REQUEST_CANCEL = """
UPDATE responses_api_response SET cancel_requested = TRUE
WHERE id = %(id)s AND status IN ('queued', 'in_progress')
RETURNING id
"""

_RELEASE = """
UPDATE responses_api_response SET runner = '' WHERE runner = %(runner)s AND status = 'queued'
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A response that one runner holds now, or that was left."""

    id: str
    owner_id: int
    api_key_id: int | None
    cancel_requested: bool
    request: Any
    """The client's body."""
    stored_items: int
    trace_id: str
    queued_at: datetime
    waited: float
    """Seconds since then, by the database's clock; 0 if that was set back meanwhile."""
    created_at: int
    """Unix seconds, as the client sees it."""


def enqueue(queued: QueuedResponse, body: object) -> None:
    """Let a response wait for its turn: its row, inputs, first events and trace, all or nothing.

    Safe to repeat.
    """
    stored, trace = queued.response, queued.trace
    record = exchange_records.response_record(stored.wire)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM responses_api_response WHERE id = %s", [trace.response_id])
        if cursor.fetchone() is not None:
            return
        cursor.execute(
            _INSERT,
            {
                **record,
                "owner": trace.owner_id,
                "body": as_jsonb(record["body"]),
                "model": trace.model,
                "request": as_jsonb(body),
                "api_key": trace.api_key_id,
            },
        )
        exchange_records.insert_items(cursor, stored)
        event_log.append_on_close(trace.response_id, queued.told)(cursor)
        exchange_records.open_trace(trace)


def claim(runner: str, limit: int) -> list[Held]:
    """Up to ``limit`` of those that wait, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"runner": runner, "limit": limit})
        return _held(cursor)


def take_waiting(runner: str, response_id: str) -> Held | None:
    """This one, if it still waits."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_ONE, {"runner": runner, "id": response_id})
        return next(iter(_held(cursor)), None)


def left(limit: int = 20) -> list[Held]:
    """Responses whose gateway died while it made them. Nobody holds them: their runner is empty."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"limit": limit})
        return _held(cursor)


def held_by(runner: str) -> dict[str, bool]:
    """Ids of those that this runner holds, each with whether it is to be cancelled."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD_BY, {"runner": runner})
        return dict(cursor.fetchall())


def let_go(runner: str, response_ids: Sequence[str]) -> None:
    """Give these up: they wait again, or are left."""
    with connection.cursor() as cursor:
        cursor.execute(_LET_GO, {"runner": runner, "ids": list(response_ids)})


def request_cancel(response_id: str) -> bool:
    """Ask whoever makes the response, or will make it, to end it; False if it has ended."""
    with connection.cursor() as cursor:
        cursor.execute(_REQUEST_CANCEL, {"id": response_id})
        return cursor.fetchone() is not None


def has_ended(response_id: str) -> bool:
    """Whether the response neither waits nor is being made; also if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM responses_api_response WHERE id = %s AND status IN ('queued', 'in_progress')",
            [response_id],
        )
        return cursor.fetchone() is None


def release(runner: str) -> None:
    """Let wait again what this runner has claimed and not begun."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"runner": runner})


def _held(cursor: CursorWrapper) -> list[Held]:
    rows: Sequence[Any] = cursor.fetchall()
    return [
        Held(id, owner, key, cancel, from_jsonb(request), items, trace or "", *times)
        for id, owner, key, cancel, request, items, trace, *times in rows
    ]
