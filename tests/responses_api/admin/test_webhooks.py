import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from responses_api.access.encryption import decrypt
from responses_api.models import WebhookDelivery, WebhookEndpoint
from responses_api.webhooks.reports import EVENTS
from tests.conftest import MakeApiKey, MakeUser

ENDPOINTS = "/admin/responses_api/webhookendpoint/"
DELIVERIES = "/admin/responses_api/webhookdelivery/"
_SHOWN = re.compile(r"<code>(whsec_[\w+/=]+)</code>")


def form(owner: User, **fields: Any) -> dict[str, Any]:
    usual = {
        "owner": owner.pk,
        "api_key": "",
        "url": "https://example.com/hook",
        "events": ["response.completed", "response.failed"],
        "enabled": "on",
    }
    return {**usual, **fields}


def added(operator: Client, owner: User, **fields: Any) -> str:
    answer = operator.post(f"{ENDPOINTS}add/", form(owner, **fields), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def listening(owner: User) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        owner=owner, url="https://example.com/hook", secret=b"x", events=list(EVENTS)
    )


def delivery(owner: User, number: int = 0, **fields: Any) -> WebhookDelivery:
    at = timezone.now() - timedelta(minutes=number)
    usual = {
        "id": f"wh_{number}",
        "endpoint": WebhookEndpoint.objects.first() or listening(owner),
        "event": "response.completed",
        "payload": {"id": "evt_1", "data": {"id": f"resp_{number}"}},
        "created_at": at,
    }
    return WebhookDelivery.objects.create(**{**usual, **fields})


def test_a_new_secret_is_shown_once_and_kept_encrypted(operator: Client, alice: User) -> None:
    (secret,) = _SHOWN.findall(added(operator, alice))
    endpoint = WebhookEndpoint.objects.get()
    assert decrypt(bytes(endpoint.secret)) == secret
    assert secret.encode() not in bytes(endpoint.secret)
    assert (endpoint.owner, endpoint.events) == (alice, ["response.completed", "response.failed"])
    assert (endpoint.all_responses, endpoint.enabled) == (False, True)
    for path in (
        ENDPOINTS,
        f"{ENDPOINTS}{endpoint.pk}/change/",
        f"{ENDPOINTS}{endpoint.pk}/history/",
    ):
        html = operator.get(path).content.decode()
        assert secret not in html
        assert "whsec_" not in html
        assert bytes(endpoint.secret).decode() not in html


def test_a_change_keeps_the_secret(operator: Client, alice: User) -> None:
    added(operator, alice)
    before = WebhookEndpoint.objects.get()
    path = f"{ENDPOINTS}{before.pk}/change/"
    operator.post(path, form(alice, url="https://example.com/other", all_responses="on"))
    after = WebhookEndpoint.objects.get()
    assert (after.url, after.all_responses) == ("https://example.com/other", True)
    assert bytes(after.secret) == bytes(before.secret)


def test_all_events_are_preselected(operator: Client) -> None:
    html = operator.get(f"{ENDPOINTS}add/").content.decode()
    boxes = re.findall(r'<input type="checkbox" name="events" value="([\w.]+)"[^>]* checked', html)
    assert boxes == list(EVENTS)


def test_a_lost_secret_is_replaced(operator: Client, alice: User) -> None:
    (first,) = _SHOWN.findall(added(operator, alice))
    endpoint = WebhookEndpoint.objects.get()
    action = {"action": "renew_secret", "_selected_action": [endpoint.pk], "confirmed": "yes"}
    (second,) = _SHOWN.findall(operator.post(ENDPOINTS, action, follow=True).content.decode())
    endpoint.refresh_from_db()
    assert decrypt(bytes(endpoint.secret)) == second != first


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8080/",
        "https://me:pw@example.com/",
        "nowhere",
        "",
        "ftp://x/",
    ],
)
def test_where_nothing_would_be_sent_is_refused_in_words(url: str, operator: Client, alice: User) -> None:
    assert "errorlist" in added(operator, alice, url=url)
    assert not WebhookEndpoint.objects.exists()


def test_a_host_of_the_operators_own_is_accepted(operator: Client, alice: User, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["n8n:5678"]
    added(operator, alice, url="http://n8n:5678/hook")
    assert WebhookEndpoint.objects.get().url == "http://n8n:5678/hook"


def test_a_key_of_somebody_else_is_refused(
    operator: Client, alice: User, bob: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(bob)
    assert "This API key belongs to another user." in added(operator, alice, api_key=key.pk)
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("events", [[], ["response.created"]])
def test_without_a_known_event_there_is_no_endpoint(events: list[str], operator: Client, alice: User) -> None:
    assert "errorlist" in added(operator, alice, events=events)
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"next_attempt_at": timezone.now()}, "pending"),
        ({"next_attempt_at": timezone.now(), "attempts": 1, "last_status": 503}, "trying"),
        ({"delivered_at": timezone.now(), "attempts": 1, "last_status": 200}, "delivered"),
        ({"attempts": 9, "last_error": "No answer within 10 s."}, "given up"),
    ],
)
def test_the_state_of_a_delivery(fields: dict[str, Any], state: str, operator: Client, alice: User) -> None:
    delivery(alice, 7, **fields)
    for path in (DELIVERIES, f"{DELIVERIES}wh_7/change/"):
        html = operator.get(path).content.decode()
        assert state in html
        assert "resp_7" in html
        assert str(fields.get("last_error", "")) in html


def test_a_delivery_is_sent_again(operator: Client, alice: User) -> None:
    done, other = delivery(alice, 1, delivered_at=timezone.now()), delivery(alice, 2)
    action = {"action": "send_again", "_selected_action": [done.pk]}
    assert "1 delivery(s) sent again." in operator.post(DELIVERIES, action, follow=True).content.decode()
    done.refresh_from_db()
    other.refresh_from_db()
    assert done.next_attempt_at is not None
    assert (done.delivered_at, other.next_attempt_at) == (None, None)


def test_who_may_only_look_cannot_send(alice: User, make_user: MakeUser) -> None:
    from django.contrib.auth.models import Permission

    looker = make_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_webhookdelivery"))
    client = Client()
    client.force_login(looker)
    row = delivery(alice)
    assert "send_again" not in client.get(DELIVERIES).content.decode()
    client.post(DELIVERIES, {"action": "send_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.next_attempt_at is None


def test_deliveries_are_not_made_by_hand(operator: Client, alice: User) -> None:
    delivery(alice)
    assert operator.get(f"{DELIVERIES}add/").status_code == 403
    assert operator.post(f"{DELIVERIES}wh_0/change/", {"event": "x"}).status_code == 403


def test_an_endpoint_links_to_its_deliveries(operator: Client, alice: User) -> None:
    delivery(alice, 3)
    html = operator.get(ENDPOINTS).content.decode()
    (link,) = re.findall(r'href="([^"]+)">deliveries<', html)
    assert "resp_3" in operator.get(link).content.decode()
