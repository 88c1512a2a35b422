"""How long what is kept, by the settings; in the order in which it goes, content before its record."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

from django.conf import settings

from responses_api.retention.aged_rows import AgedRows
from responses_api.retention.old_responses import OldResponses

_ROLLED_UP = """
NOT EXISTS (
    SELECT FROM responses_api_usage AS usage
    WHERE usage.trace_id = responses_api_trace.id AND NOT usage.rolled_up
)
"""
"""The statistics have counted it."""


class Rule(Protocol):
    """Something that goes when it is old."""

    @property
    def name(self) -> str:
        """For people."""

    def count(self) -> int:
        """How much of it is old now."""

    def batches(self, limit: int) -> Iterator[int]:
        """Delete it, at most ``limit`` in one transaction, one at each step; how many went."""


def current_rules() -> list[Rule]:
    """All of them."""
    overlays_live = max(timedelta(days=1), 2 * timedelta(seconds=settings.RESPONSE_TIMEOUT))
    return [
        AgedRows("captures", "responses_api_capture", "created_at", _days(settings.RETENTION_CAPTURES_DAYS)),
        AgedRows("large overlays", "responses_api_largeoverlay", "created_at", overlays_live),
        AgedRows(
            "idempotency keys",
            "responses_api_idempotentrequest",
            "created_at",
            timedelta(hours=settings.IDEMPOTENCY_HOURS),
            condition="lease_until IS NULL OR lease_until < now()",
        ),
        AgedRows(
            "webhook deliveries",
            "responses_api_webhookdelivery",
            "created_at",
            timedelta(days=settings.WEBHOOK_KEPT_DAYS),
            condition="next_attempt_at IS NULL",
        ),
        OldResponses(_days(settings.RETENTION_RESPONSES_DAYS)),
        AgedRows(
            "traces",
            "responses_api_trace",
            "started_at",
            _days(settings.RETENTION_TRACES_DAYS),
            condition=_ROLLED_UP,
            with_them=(("responses_api_capture", "trace_id"),),
        ),
        AgedRows(
            "usage", "responses_api_usage", "at", _days(settings.RETENTION_USAGE_DAYS), condition="rolled_up"
        ),
        AgedRows("audit log", "auditlog_logentry", "timestamp", _days(settings.RETENTION_AUDIT_DAYS)),
        AgedRows("sessions of the admin", "django_session", "expire_date", timedelta(0)),
    ]


def _days(days: float) -> timedelta | None:
    return timedelta(days=days) if days else None
