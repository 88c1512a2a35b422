"""The log of a background response: its stream events, byte for byte, in batches as they were made.

Nobody is shown an event that is not in it, so what a client has read can be read again, from
every gateway, after any restart. Plain synchronous functions, each one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from responses_api.core.sse_encoding import encode_events
from responses_api.core.stream_events import StreamEvent

PAGE = 200
"""Batches that are read at once."""
_FRAME_END = b"\n\n"

_APPEND = """
WITH held AS MATERIALIZED (
    SELECT id, status FROM responses_api_response
    WHERE id = %(id)s AND runner = %(runner)s AND status IN ('queued', 'in_progress')
    FOR NO KEY UPDATE
), begun AS (
    UPDATE responses_api_response AS row
    SET status = 'in_progress', body = jsonb_set(body, '{status}', '"in_progress"')
    FROM held WHERE row.id = held.id AND held.status = 'queued'
)
INSERT INTO responses_api_responseevents (response_id, first_sequence, last_sequence, data)
SELECT id, %(first)s, %(last)s, %(data)s FROM held
ON CONFLICT (response_id, first_sequence) DO UPDATE SET data = EXCLUDED.data
"""

_APPEND_LAST = """
INSERT INTO responses_api_responseevents (response_id, first_sequence, last_sequence, data)
SELECT id, %(first)s, %(last)s, %(data)s FROM responses_api_response WHERE id = %(id)s
ON CONFLICT (response_id, first_sequence) DO UPDATE SET data = EXCLUDED.data
"""

_READ = """
SELECT response.background, response.status NOT IN ('queued', 'in_progress'),
    log.first_sequence, log.last_sequence, log.data
FROM responses_api_response AS response
LEFT JOIN responses_api_responseevents AS log
    ON log.response_id = response.id AND log.last_sequence > %(after)s
WHERE response.id = %(id)s
ORDER BY log.first_sequence
LIMIT %(page)s
"""


@dataclass(frozen=True, slots=True)
class LogPage:
    """What follows a sequence number, as far as it was read."""

    data: bytes
    """Whole frames; may be empty."""
    last: int
    """Sequence number of the last event in ``data``; the one asked for if there is none."""
    more: bool
    """Whether there is more to be read now."""
    ended: bool
    """Whether nothing will ever follow what can be read now."""
    background: bool


def append(response_id: str, runner: str, events: Sequence[StreamEvent]) -> bool:
    """Write a batch; the first one after the queue sets the response in progress.

    Returns:
        False if nothing was written, since this runner does not hold the response any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, {**_batch(response_id, events), "runner": runner})
        return bool(cursor.rowcount)


def append_on_close(response_id: str, events: Sequence[StreamEvent]) -> Callable[[CursorWrapper], None]:
    """A statement for the transaction that ends the response: writes its last events."""
    batch = _batch(response_id, events)

    def write(cursor: CursorWrapper) -> None:
        cursor.execute(_APPEND_LAST, batch)

    return write


def read(response_id: str, after: int) -> LogPage | None:
    """The events behind ``after`` (-1: all), a page of them; None if there is no such response. One query.

    Whose the response is, is for the caller to know.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"id": response_id, "after": after, "page": PAGE})
        rows = cursor.fetchall()
    if not rows:
        return None
    background, ended, _, last, _ = rows[-1]
    batches = [(first, bytes(data)) for _, _, first, _, data in rows if data is not None]
    data = b"".join(_frames_after(first, batch, after) for first, batch in batches)
    return LogPage(data, after if last is None else last, len(rows) == PAGE, ended, background)


def read_events(response_id: str) -> list[StreamEvent]:
    """Everything that was told so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data FROM responses_api_responseevents WHERE response_id = %s ORDER BY first_sequence",
            [response_id],
        )
        log = b"".join(bytes(data) for (data,) in cursor.fetchall())
    return [
        cast(StreamEvent, msgspec.json.decode(frame.partition(b"\ndata: ")[2]))
        for frame in log.split(_FRAME_END)
        if frame
    ]


def _batch(response_id: str, events: Sequence[StreamEvent]) -> dict[str, str | int | bytes]:
    return {
        "id": response_id,
        "first": events[0]["sequence_number"],
        "last": events[-1]["sequence_number"],
        "data": encode_events(events),
    }


def _frames_after(first: int, data: bytes, after: int) -> bytes:
    """The frames of a batch that begins with number ``first``, without those up to ``after``."""
    for _ in range(first, after + 1):
        data = data[data.index(_FRAME_END) + len(_FRAME_END) :]
    return data
