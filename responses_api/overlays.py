"""Overlays that are too large for the channel layer: kept in a row while their exchange lives."""

from responses_api.channel_messages import LARGEST_INLINE_BODY
from responses_api.models import LargeOverlay


def needs_row(body: bytes) -> bool:
    """Whether ``body`` must go by reference."""
    return len(body) > LARGEST_INLINE_BODY


def save_large_overlay(overlay_id: str, body: bytes) -> None:
    """Keep ``body`` under ``overlay_id``."""
    LargeOverlay.objects.create(id=overlay_id, body=body)


def load_large_overlay(overlay_id: str) -> bytes:
    """The body kept under ``overlay_id``. Raises ``LargeOverlay.DoesNotExist``."""
    return bytes(LargeOverlay.objects.values_list("body", flat=True).get(id=overlay_id))


def delete_large_overlay(overlay_id: str) -> None:
    """Drop it; nothing happens if it is gone."""
    LargeOverlay.objects.filter(id=overlay_id).delete()
