"""The rows of the deliveries, against the real PostgreSQL."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from responses_api.models import WebhookDelivery, WebhookEndpoint
from responses_api.runtime.identifiers import new_id
from responses_api.webhooks.reports import EVENTS, Subject, WebhookEvent
from responses_api.webhooks.webhook_deliveries import (
    LEASE,
    Delivery,
    Verdict,
    claim,
    conclude,
    listening_owners,
    next_attempt,
    send_again,
)

pytestmark = pytest.mark.django_db

type MakeDelivery = Callable[..., WebhookDelivery]
EVENT = WebhookEvent("evt_1", "event", 1, "response.completed", Subject("resp_1"))


def listening(owner: User, **fields: Any) -> WebhookEndpoint:
    defaults = {"url": "https://example.com/", "secret": b"encrypted", "events": list(EVENTS)}
    return WebhookEndpoint.objects.create(owner=owner, **{**defaults, **fields})


@pytest.fixture
def endpoint(alice: User) -> WebhookEndpoint:
    return listening(alice)


@pytest.fixture
def due(endpoint: WebhookEndpoint) -> MakeDelivery:
    """Makes a delivery that is due since some seconds."""

    def make(seconds: float = 1, **fields: Any) -> WebhookDelivery:
        at = timezone.now() - timedelta(seconds=seconds)
        payload = {
            "id": "evt_1",
            "object": "event",
            "created_at": 1,
            "type": "response.completed",
            "data": {"id": "resp_1"},
        }
        defaults = {
            "id": new_id("wh"),
            "endpoint": endpoint,
            "event": "response.completed",
            "payload": payload,
            "created_at": at,
            "next_attempt_at": at,
        }
        return WebhookDelivery.objects.create(**{**defaults, **fields})

    return make


def ids(deliveries: list[Delivery]) -> set[str]:
    return {delivery.id for delivery in deliveries}


def test_a_claim_says_all_that_the_sender_needs(due: MakeDelivery, endpoint: WebhookEndpoint) -> None:
    row = due()
    (claimed,) = claim(8, 8)
    assert claimed == Delivery(
        id=row.pk,
        attempt=1,
        created_at=row.created_at,
        event=EVENT,
        endpoint_id=endpoint.pk,
        url=endpoint.url,
        secret=b"encrypted",
        enabled=True,
    )


def test_a_claimed_delivery_is_due_again_when_its_lease_has_passed(due: MakeDelivery) -> None:
    row = due()
    claim(8, 8)
    assert claim(8, 8) == []
    row.refresh_from_db()
    assert row.next_attempt_at is not None
    assert timedelta() < row.next_attempt_at - timezone.now() <= LEASE
    WebhookDelivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    (again,) = claim(8, 8)
    assert (again.id, again.attempt) == (row.pk, 2)


def test_the_oldest_come_first_and_what_is_not_due_does_not(due: MakeDelivery) -> None:
    rows = [due(seconds) for seconds in (3, 9, 6)]
    due(-60)
    due(next_attempt_at=None)
    assert ids(claim(2, 8)) == {rows[1].pk, rows[2].pk}
    assert ids(claim(2, 8)) == {rows[0].pk}


def test_no_endpoint_takes_more_than_its_share(due: MakeDelivery, alice: User) -> None:
    crowd = {due(100 + seconds).pk for seconds in range(5)}
    other = due(1, endpoint=listening(alice))
    claimed = ids(claim(8, 2))
    assert len(claimed) == 3
    assert len(claimed & crowd) == 2
    assert other.pk in claimed


def test_a_busy_endpoint_is_left_alone(due: MakeDelivery, endpoint: WebhookEndpoint, alice: User) -> None:
    due(9)
    other = due(1, endpoint=listening(alice))
    assert ids(claim(8, 2, [endpoint.pk])) == {other.pk}


def test_a_success_is_the_end(due: MakeDelivery) -> None:
    row = due(last_error="before")
    (claimed,) = claim(8, 8)
    conclude(claimed, Verdict(204), None)
    row.refresh_from_db()
    assert (row.next_attempt_at, row.last_status, row.last_error, row.attempts) == (None, 204, "", 1)
    assert row.delivered_at is not None


def test_a_failure_says_why_and_when_it_is_tried_again(due: MakeDelivery) -> None:
    row = due()
    (claimed,) = claim(8, 8)
    retry_at = timezone.now() + timedelta(minutes=5)
    conclude(claimed, Verdict(503, "x" * 1000), retry_at)
    row.refresh_from_db()
    assert (row.next_attempt_at, row.last_status, row.delivered_at) == (retry_at, 503, None)
    assert row.last_error == "x" * 300


def test_who_wants_no_more_is_disabled(due: MakeDelivery, endpoint: WebhookEndpoint, alice: User) -> None:
    due()
    other = listening(alice)
    (claimed,) = claim(8, 8)
    conclude(claimed, Verdict(410, "gone", final=True, disables=True), None)
    endpoint.refresh_from_db()
    other.refresh_from_db()
    assert (endpoint.enabled, other.enabled) == (False, True)
    due()
    assert [delivery.enabled for delivery in claim(8, 8)] == [False]


def test_an_attempt_that_comes_too_late_changes_nothing(due: MakeDelivery, endpoint: WebhookEndpoint) -> None:
    row = due()
    (late,) = claim(8, 8)
    WebhookDelivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    (second,) = claim(8, 8)
    conclude(late, Verdict(410, "gone", final=True, disables=True), None)
    row.refresh_from_db()
    endpoint.refresh_from_db()
    assert (row.last_status, row.attempts, endpoint.enabled) == (None, 2, True)
    conclude(second, Verdict(200), None)
    row.refresh_from_db()
    assert row.last_status == 200


def test_pauses_grow_from_seconds_to_hours_until_it_is_given_up(settings: Settings) -> None:
    settings.WEBHOOK_RETRY_HOURS = 72
    created = now = timezone.now()
    pauses = []
    for attempt in range(1, 100):
        delivery = Delivery("wh_1", attempt, created, EVENT, 1, "", b"", True)
        at = next_attempt(delivery, now, 0.5)
        if at is None:
            break
        pauses.append((at - now).total_seconds())
        now = at
    assert pauses[:4] == [5, 20, 80, 320]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 6 * 3600
    assert timedelta(hours=66) < now - created <= timedelta(hours=72)
    early, late = (
        next_attempt(Delivery("wh_1", 3, created, EVENT, 1, "", b"", True), created, j) for j in (0, 1)
    )
    assert early is not None
    assert late is not None
    assert early < late


@pytest.mark.parametrize("fields", [{"delivered_at": timezone.now()}, {"last_error": "given up"}])
def test_what_is_over_can_be_sent_again(due: MakeDelivery, fields: dict[str, Any]) -> None:
    row, other = due(next_attempt_at=None, attempts=3, **fields), due(next_attempt_at=None)
    assert send_again([row.pk]) == 1
    (claimed,) = claim(8, 8)
    assert (claimed.id, claimed.attempt) == (row.pk, 4)
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.delivered_at, other.next_attempt_at) == (None, None)


def test_who_listens_to_all_responses(alice: User, bob: User, charlie: User) -> None:
    listening(alice)
    listening(bob, all_responses=True)
    listening(bob, all_responses=True)
    listening(charlie, all_responses=True, enabled=False)
    assert listening_owners() == {bob.pk}
