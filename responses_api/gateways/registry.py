"""The table of the living gateways. Plain synchronous functions, each one transaction."""

import os
import socket
from typing import Any

from django.db import connection

from responses_api.models import Gateway

_BEAT = """
WITH own AS (
    INSERT INTO responses_api_gateway AS present (id, host, process, started_at, beat, seen_at)
    VALUES (%(id)s, %(host)s, %(process)s, clock_timestamp(), 1, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET beat = present.beat + 1, seen_at = clock_timestamp()
), theirs AS (
    SELECT gateway AS id FROM responses_api_trace
    WHERE outcome = 'in_progress' AND gateway <> '' AND gateway <> %(id)s
    UNION
    SELECT runner FROM responses_api_response
    WHERE status IN ('queued', 'in_progress') AND runner <> '' AND runner <> %(id)s
)
SELECT COALESCE(theirs.id, registered.id), COALESCE(registered.beat, 0)
FROM theirs FULL JOIN (SELECT id, beat FROM responses_api_gateway WHERE id <> %(id)s) AS registered
    ON registered.id = theirs.id
"""


def beat(gateway: str) -> dict[str, int]:
    """Say that ``gateway`` is alive; the beats of all others. One trip.

    Also of those that have traces in progress or background responses to make and are not in the
    table: 0.
    """
    who: dict[str, Any] = {"id": gateway, "host": socket.gethostname()[:255], "process": os.getpid()}
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, who)
        return dict(cursor.fetchall())


def remove(gateway: str, last_beat: int | None = None) -> bool:
    """Take ``gateway`` out of the table, unless it has moved on from ``last_beat``.

    Returns:
        False if it is there, alive.
    """
    rows = Gateway.objects.filter(id=gateway)
    (rows if last_beat is None else rows.filter(beat=last_beat)).delete()
    return not rows.exists()
