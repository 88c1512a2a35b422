"""Overlays that are too large for the channel layer: kept in a row while their exchange lives."""

import psycopg
from django.conf import settings
from django.db import connection

from responses_api.exchanges.channel_messages import LARGEST_INLINE_BODY
from responses_api.models import LargeOverlay
from responses_api.runtime.identifiers import gateway_id

_INSERT = "INSERT INTO responses_api_largeoverlay (id, body, gateway, created_at) VALUES (%s, %b, %s, now())"


def needs_row(body: bytes) -> bool:
    """Whether ``body`` must go by reference; within one process it is handed over as it is."""
    return bool(settings.REDIS_URL) and len(body) > LARGEST_INLINE_BODY


def save_large_overlay(overlay_id: str, body: bytes) -> None:
    """Keep ``body`` under ``overlay_id``."""
    connection.ensure_connection()
    # Not Django's cursor: it would write megabytes as a hexadecimal literal into the statement.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, (overlay_id, body, gateway_id()))


def load_large_overlay(overlay_id: str) -> bytes:
    """The body kept under ``overlay_id``. Raises ``LargeOverlay.DoesNotExist``."""
    return bytes(LargeOverlay.objects.values_list("body", flat=True).get(id=overlay_id))


def delete_large_overlay(overlay_id: str) -> None:
    """Drop it; nothing happens if it is gone."""
    LargeOverlay.objects.filter(id=overlay_id).delete()
