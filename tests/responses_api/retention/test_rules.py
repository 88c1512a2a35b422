"""Which rows are old, by the settings."""

from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django.fixtures import Settings

from responses_api.models import (
    Capture,
    IdempotentRequest,
    LargeOverlay,
    Trace,
    Usage,
    WebhookDelivery,
    WebhookEndpoint,
)
from responses_api.retention.rules import current_rules
from tests.responses_api.retention.conftest import MakeTrace

pytestmark = pytest.mark.django_db


def apply_all() -> dict[str, int]:
    """How many rows each rule that found some deleted."""
    counted = {rule.name: rule.count() for rule in current_rules()}
    deleted = {rule.name: sum(rule.batches(10)) for rule in current_rules()}
    assert counted == deleted
    return {name: number for name, number in deleted.items() if number}


def ago(**age: float) -> Any:
    return timezone.now() - timedelta(**age)


def test_content_goes_before_its_trace_and_that_before_the_count_of_its_tokens(
    make_trace: MakeTrace, settings: Settings
) -> None:
    settings.RETENTION_CAPTURES_DAYS, settings.RETENTION_TRACES_DAYS, settings.RETENTION_USAGE_DAYS = (
        1,
        10,
        100,
    )
    for days in (0.9, 1.1, 11, 101):
        make_trace(days, captured=True)
    assert apply_all() == {"captures": 3, "traces": 2, "usage": 1}
    assert (Capture.objects.count(), Trace.objects.count(), Usage.objects.count()) == (1, 2, 3)


def test_what_the_statistics_have_not_counted_yet_stays(make_trace: MakeTrace, settings: Settings) -> None:
    settings.RETENTION_TRACES_DAYS = settings.RETENTION_USAGE_DAYS = 10
    counted, uncounted = make_trace(11), make_trace(11)
    Usage.objects.filter(trace=uncounted).update(rolled_up=False)
    assert apply_all() == {"traces": 1, "usage": 1}
    assert Trace.objects.get().id == uncounted
    assert counted != uncounted


def test_zero_days_are_for_ever(make_trace: MakeTrace, settings: Settings) -> None:
    settings.RETENTION_CAPTURES_DAYS = settings.RETENTION_TRACES_DAYS = settings.RETENTION_USAGE_DAYS = 0
    make_trace(10_000, captured=True)
    assert apply_all() == {}


def test_traces_that_go_before_their_content_take_it_along(make_trace: MakeTrace, settings: Settings) -> None:
    settings.RETENTION_CAPTURES_DAYS, settings.RETENTION_TRACES_DAYS = 0, 10
    make_trace(11, captured=True)
    assert apply_all() == {"traces": 1}
    assert not Capture.objects.exists()


def test_old_idempotency_keys_go_and_those_in_flight_stay(alice: User, settings: Settings) -> None:
    settings.IDEMPOTENCY_HOURS = 2
    soon = timezone.now() + timedelta(seconds=20)
    for key, hours, lease_until in (
        ("old", 3, None),
        ("left by a dead gateway", 3, ago(hours=1)),
        ("in flight", 3, soon),
        ("new", 1, None),
    ):
        IdempotentRequest.objects.create(
            owner=alice, key=key, body_hash="", created_at=ago(hours=hours), lease_until=lease_until
        )
    assert apply_all() == {"idempotency keys": 2}
    assert {row.key for row in IdempotentRequest.objects.all()} == {"in flight", "new"}


def test_old_deliveries_go_and_pending_ones_stay(alice: User, settings: Settings) -> None:
    settings.WEBHOOK_KEPT_DAYS = 7
    endpoint = WebhookEndpoint.objects.create(owner=alice, url="https://example.com", secret=b"")
    for name, days, next_attempt_at in (("old", 8, None), ("due", 8, timezone.now()), ("new", 6, None)):
        WebhookDelivery.objects.create(
            id=name,
            endpoint=endpoint,
            event="",
            payload={},
            created_at=ago(days=days),
            next_attempt_at=next_attempt_at,
        )
    assert apply_all() == {"webhook deliveries": 1}
    assert {row.id for row in WebhookDelivery.objects.all()} == {"due", "new"}


def test_overlays_of_exchanges_that_cannot_be_alive_go(settings: Settings) -> None:
    settings.RESPONSE_TIMEOUT = 86_400
    for name, days in (("old", 2.1), ("of a long exchange", 1.9), ("new", 0)):
        LargeOverlay.objects.create(id=name, body=b"")
        LargeOverlay.objects.filter(id=name).update(created_at=ago(days=days))
    assert apply_all() == {"large overlays": 1}
    assert {row.id for row in LargeOverlay.objects.all()} == {"of a long exchange", "new"}


@pytest.mark.parametrize(("days", "kept"), [(10, ["new"]), (0, ["new", "old"])])
def test_the_audit_log_goes_when_it_is_old(
    alice: User, settings: Settings, days: float, kept: list[str]
) -> None:
    settings.RETENTION_AUDIT_DAYS = days
    LogEntry.objects.all().delete()
    for name, age in (("old", 11), ("new", 9)):
        LogEntry.objects.log_create(alice, force_log=True, action=LogEntry.Action.UPDATE, object_repr=name)
        LogEntry.objects.filter(object_repr=name).update(timestamp=ago(days=age))
    assert apply_all() == ({"audit log": 1} if days else {})
    assert sorted(entry.object_repr for entry in LogEntry.objects.all()) == kept


def test_sessions_that_have_expired_go() -> None:
    for key, expires in (("old", ago(seconds=1)), ("new", ago(days=-1))):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
    assert apply_all() == {"sessions of the admin": 1}
    assert Session.objects.get().session_key == "new"
