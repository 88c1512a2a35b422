"""Exchanges whose gateway was killed: their traces are booked as failed, their overlays dropped.

Background responses are nobody's then, and the other runners see to them. A gateway that was given
up for dead and comes back ends its exchanges all the same: ``close_exchange`` overrules what is
booked here.
"""

from typing import Any

from django.db import connection, transaction

from responses_api.models import LargeOverlay
from responses_api.storage.exchange_records import GATEWAY_LOST
from responses_api.storage.item_rows import as_jsonb

_CLOSE = """
WITH closed AS (
    UPDATE responses_api_trace AS trace
    SET outcome = 'failed', ended_at = clock_timestamp(), error = %(error)s
    WHERE outcome = 'in_progress' AND ({whose}) AND NOT EXISTS (
        SELECT FROM responses_api_response AS response
        WHERE response.id = trace.response_id AND response.status IN ('queued', 'in_progress')
    )
    RETURNING id, owner_id, api_key_id, model, ended_at
)
INSERT INTO responses_api_usage (
    trace_id, owner_id, api_key_id, at, model, source,
    input_tokens, cached_tokens, output_tokens, reasoning_tokens, total_tokens
)
SELECT id, owner_id, api_key_id, ended_at, model, 'none', 0, 0, 0, 0, 0 FROM closed
"""
_CLOSE_ALL = _CLOSE.format(whose="TRUE")
_CLOSE_OF_GATEWAY = _CLOSE.format(whose="gateway = %(gateway)s")
_CLOSE_UNOWNED = _CLOSE.format(whose="gateway = '' AND started_at < clock_timestamp() - interval '1 day'")

_LEAVE = """
UPDATE responses_api_response SET runner = ''
WHERE runner <> '' AND ({whose}) AND status IN ('queued', 'in_progress')
"""
_LEAVE_ALL = _LEAVE.format(whose="TRUE")
_LEAVE_OF_GATEWAY = _LEAVE.format(whose="runner = %(gateway)s")


def close_all() -> int:
    """Close whatever is in progress; how many there were.

    Only for a gateway that has the database to itself, before its first request.
    """
    with transaction.atomic():
        LargeOverlay.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM responses_api_gateway")
            cursor.execute(_LEAVE_ALL)
            cursor.execute(_CLOSE_ALL, _error())
            return int(cursor.rowcount)


def close_of(gateway: str) -> int:
    """Close what a dead gateway has left; how many there were."""
    with transaction.atomic():
        LargeOverlay.objects.filter(gateway=gateway).delete()
        with connection.cursor() as cursor:
            cursor.execute(_LEAVE_OF_GATEWAY, {"gateway": gateway})
            cursor.execute(_CLOSE_OF_GATEWAY, {**_error(), "gateway": gateway})
            return int(cursor.rowcount)


def close_unowned() -> int:
    """Close what has been nobody's for a day, such as the trace of a background response that was deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_UNOWNED, _error())
        return int(cursor.rowcount)


def _error() -> dict[str, Any]:
    message = "The gateway was killed while this response was being made."
    return {"error": as_jsonb({"message": message, "type": "server_error", "code": GATEWAY_LOST})}
