"""The rows of the webhooks' deliveries: claimed by a sender, concluded, sent again.

Plain synchronous functions, each one transaction, for ``responses_api.runtime.database``. A claim
moves ``next_attempt_at`` into the future: should the sender die, the delivery is due again
then. So a report is delivered at least once, and rarely twice; both have the same id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from responses_api.models import WebhookDelivery, WebhookEndpoint
from responses_api.webhooks.reports import TIMEOUT, WebhookEvent, doorbell

LEASE = timedelta(seconds=6 * TIMEOUT)
_LOOKED_AT = 1000
"""Due deliveries among which a claim chooses."""
_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(hours=6)
_GROWTH = 4
_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery: this process alone attempts it until ``LEASE`` has passed."""

    id: str
    attempt: int
    """1 for the first."""
    created_at: datetime
    event: WebhookEvent
    endpoint_id: int
    url: str
    secret: bytes
    """Encrypted."""
    enabled: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an attempt ended.

    Attributes:
        status: of the answer; None without one.
        error: why it failed, for the operator; empty for a success.
        final: whether another attempt cannot help.
        disables: whether the receiver wants no more reports at all.
    """

    status: int | None = None
    error: str = ""
    final: bool = False
    disables: bool = False


_CLAIM = """
WITH due AS (
    SELECT id, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_attempt_at) AS place
    FROM (
        SELECT id, endpoint_id, next_attempt_at FROM responses_api_webhookdelivery
        WHERE next_attempt_at <= statement_timestamp() AND endpoint_id <> ALL(%(busy)s)
        ORDER BY next_attempt_at LIMIT %(looked_at)s
    ) AS oldest
), chosen AS (
    SELECT delivery.id FROM responses_api_webhookdelivery AS delivery JOIN due USING (id)
    WHERE due.place <= %(per_endpoint)s AND delivery.next_attempt_at <= statement_timestamp()
    ORDER BY delivery.next_attempt_at LIMIT %(limit)s
    FOR UPDATE OF delivery SKIP LOCKED
)
UPDATE responses_api_webhookdelivery AS delivery
SET attempts = delivery.attempts + 1, next_attempt_at = statement_timestamp() + %(lease)s
FROM chosen, responses_api_webhookendpoint AS endpoint
WHERE delivery.id = chosen.id AND endpoint.id = delivery.endpoint_id
RETURNING delivery.id, delivery.attempts, delivery.created_at, delivery.payload::text, endpoint.id,
    endpoint.url, endpoint.secret, endpoint.enabled
"""


def claim(limit: int, per_endpoint: int, busy: Sequence[int] = ()) -> list[Delivery]:
    """Take up to ``limit`` due deliveries, oldest first, that nobody else has taken.

    Args:
        limit: at most so many.
        per_endpoint: at most so many of one endpoint: one that hangs must not hold up the others.
        busy: endpoints that are to be left alone.
    """
    params: dict[str, Any] = {
        "limit": limit,
        "per_endpoint": per_endpoint,
        "busy": list(busy),
        "looked_at": _LOOKED_AT,
        "lease": LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, params)
        rows = cursor.fetchall()
    return [
        Delivery(
            id=row[0],
            attempt=row[1],
            created_at=row[2],
            event=msgspec.json.decode(row[3], type=WebhookEvent),
            endpoint_id=row[4],
            url=row[5],
            secret=bytes(row[6]),
            enabled=row[7],
        )
        for row in rows
    ]


_CONCLUDE = """
WITH concluded AS (
    UPDATE responses_api_webhookdelivery
    SET next_attempt_at = %(retry_at)s, delivered_at = %(delivered_at)s, last_status = %(status)s,
        last_error = %(error)s
    WHERE id = %(id)s AND attempts = %(attempt)s
    RETURNING endpoint_id
)
UPDATE responses_api_webhookendpoint SET enabled = false
FROM concluded WHERE id = concluded.endpoint_id AND %(disables)s
"""


def conclude(delivery: Delivery, verdict: Verdict, retry_at: datetime | None) -> None:
    """Write down how an attempt ended, unless the delivery was claimed again meanwhile.

    Args:
        delivery: as it was claimed.
        verdict: how it ended.
        retry_at: when it is tried again; None: never.
    """
    params: dict[str, Any] = {
        "id": delivery.id,
        "attempt": delivery.attempt,
        "retry_at": retry_at,
        "delivered_at": None if verdict.error else timezone.now(),
        "status": verdict.status,
        "error": verdict.error[:_LONGEST_ERROR],
        "disables": verdict.disables,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CONCLUDE, params)


def next_attempt(delivery: Delivery, now: datetime, jitter: float) -> datetime | None:
    """When a delivery whose attempt has just failed is tried again; None: it is given up.

    The pauses grow from seconds to hours. The last attempt is within ``WEBHOOK_RETRY_HOURS``
    of the event.

    Args:
        delivery: the failed attempt.
        now: the time.
        jitter: a random number from 0 to 1, so that many deliveries do not come back at once.
    """
    pause = min(_FIRST_DELAY * _GROWTH ** min(delivery.attempt - 1, 10), _LONGEST_DELAY)
    due = now + pause * (0.75 + jitter / 2)
    return due if due <= delivery.created_at + timedelta(hours=settings.WEBHOOK_RETRY_HOURS) else None


def send_again(ids: Iterable[str]) -> int:
    """Make deliveries due, whatever became of them; how many there were."""
    again = WebhookDelivery.objects.filter(pk__in=list(ids))
    count = again.update(next_attempt_at=Now(), delivered_at=None)
    transaction.on_commit(doorbell.ring)
    return count


def listening_owners() -> frozenset[int]:
    """Who has an endpoint for all responses, those made in the foreground among them."""
    endpoints = WebhookEndpoint.objects.filter(enabled=True, all_responses=True)
    return frozenset(endpoints.values_list("owner_id", flat=True).distinct())
