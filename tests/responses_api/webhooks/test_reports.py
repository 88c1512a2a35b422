"""What is reported to whom, and that the receivers' own libraries accept it."""

import json
import time
from collections.abc import Callable
from typing import Any

import openai
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook

from responses_api.models import WebhookDelivery, WebhookEndpoint
from responses_api.remote_files.remote_urls import UrlRefused
from responses_api.webhooks import reports
from responses_api.webhooks.reports import (
    EVENTS,
    ForegroundListeners,
    checked_endpoint,
    enqueue_on_close,
    new_secret,
    rules_from_settings,
    signed_headers,
)
from tests.conftest import MakeApiKey

BODY = b'{"id":"evt_1","object":"event","created_at":1,"type":"response.completed","data":{"id":"resp_1"}}'


def test_a_standard_library_of_the_receivers_accepts_the_signature() -> None:
    secret = new_secret()
    headers = signed_headers(secret, "wh_1", int(time.time()), BODY)
    assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)


def test_the_signature_is_the_documented_one() -> None:
    """The example of https://www.standardwebhooks.com."""
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_openais_client_unwraps_the_report_and_refuses_another_secret() -> None:
    secret = new_secret()
    headers = signed_headers(secret, "wh_1", int(time.time()), BODY)
    with openai.OpenAI(api_key="none", webhook_secret=secret) as client:
        event = client.webhooks.unwrap(BODY, headers)
        assert event.type == "response.completed"
        assert event.data.id == "resp_1"
        with pytest.raises(openai.InvalidWebhookSignatureError):
            client.webhooks.unwrap(BODY, headers, secret=new_secret())
        with pytest.raises(openai.InvalidWebhookSignatureError):
            client.webhooks.unwrap(BODY.replace(b"resp_1", b"resp_2"), headers)


def test_secrets_differ() -> None:
    assert len({new_secret() for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8443/",
        "https://user:pw@example.com/",
        "ftp://example.com/",
        "example.com",
        "http://n8n:5679/",
    ],
)
def test_only_https_on_its_port_is_an_endpoint(url: str, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["n8n:5678"]
    with pytest.raises(UrlRefused):
        checked_endpoint(url, rules_from_settings())


@pytest.mark.parametrize("url", ["https://example.com/hook", "http://n8n:5678/hook", "https://n8n:5678/"])
def test_the_operator_allows_hosts_of_his_own(url: str, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["n8n:5678"]
    assert str(checked_endpoint(url, rules_from_settings())) == url


@pytest.fixture
def listens(alice: User) -> Callable[..., WebhookEndpoint]:
    def make(**fields: Any) -> WebhookEndpoint:
        defaults = {"owner": alice, "url": "https://example.com/", "secret": b"x", "events": list(EVENTS)}
        return WebhookEndpoint.objects.create(**{**defaults, **fields})

    return make


def end(owner: User, status: str = "completed", *, key: int | None = None, background: bool = True) -> None:
    enqueue = enqueue_on_close(owner.pk, key, "resp_1", status, background=background)
    if enqueue is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            enqueue(cursor)


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "incomplete"])
def test_the_end_of_a_background_response_is_due_at_once(
    status: str, alice: User, listens: Callable[..., WebhookEndpoint]
) -> None:
    endpoint = listens()
    before = int(time.time())
    end(alice, status)

    delivery = WebhookDelivery.objects.get()
    assert (delivery.endpoint_id, delivery.event, delivery.attempts) == (endpoint.pk, f"response.{status}", 0)
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at <= timezone.now()
    payload = delivery.payload
    assert payload.pop("id").startswith("evt_")
    assert before <= payload.pop("created_at") <= time.time()
    assert payload == {"object": "event", "type": f"response.{status}", "data": {"id": "resp_1"}}


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_what_is_no_end_is_not_reported(status: str) -> None:
    assert enqueue_on_close(1, None, "resp_1", status, background=True) is None


@pytest.mark.django_db
def test_only_those_who_asked_hear_of_it(
    alice: User, bob: User, make_api_key: MakeApiKey, listens: Callable[..., WebhookEndpoint]
) -> None:
    key, other = make_api_key(alice)[0], make_api_key(alice)[0]
    hearing = {
        listens().pk,
        listens(api_key=key).pk,
        listens(all_responses=True).pk,
        listens(events=["response.completed"]).pk,
    }
    listens(owner=bob)
    listens(api_key=other)
    listens(enabled=False)
    listens(events=["response.failed"])
    listens(events=[])
    end(alice, key=key.pk)

    deliveries = WebhookDelivery.objects.all()
    assert {delivery.endpoint_id for delivery in deliveries} == hearing
    assert len(deliveries) == len({delivery.pk for delivery in deliveries}) == 4
    assert len({delivery.payload["id"] for delivery in deliveries}) == 1


@pytest.mark.django_db
def test_of_other_responses_only_endpoints_for_all_hear(
    alice: User, listens: Callable[..., WebhookEndpoint]
) -> None:
    listens()
    for_all = listens(all_responses=True)
    end(alice, background=False)
    assert [delivery.endpoint_id for delivery in WebhookDelivery.objects.all()] == [for_all.pk]


@pytest.mark.django_db
def test_a_response_of_a_deleted_key_is_reported_to_endpoints_of_no_key(
    alice: User, make_api_key: MakeApiKey, listens: Callable[..., WebhookEndpoint]
) -> None:
    listens(api_key=make_api_key(alice)[0])
    for_any_key = listens()
    end(alice, key=None)
    assert WebhookDelivery.objects.get().endpoint_id == for_any_key.pk


@pytest.mark.django_db
def test_a_transaction_that_fails_reports_nothing(
    alice: User, listens: Callable[..., WebhookEndpoint]
) -> None:
    listens()
    enqueue = enqueue_on_close(alice.pk, None, "resp_1", "completed", background=True)
    assert enqueue is not None
    with pytest.raises(ZeroDivisionError), transaction.atomic(), connection.cursor() as cursor:
        enqueue(cursor)
        raise ZeroDivisionError
    assert not WebhookDelivery.objects.exists()


def test_where_nobody_listens_the_foreground_is_spared_the_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    listeners = ForegroundListeners()
    monkeypatch.setattr(reports, "foreground_listeners", listeners)

    def asks(owner: int, *, background: bool) -> bool:
        return enqueue_on_close(owner, None, "resp_1", "completed", background=background) is not None

    assert asks(1, background=False)  # not known yet
    listeners.update(frozenset({2}))
    assert not asks(1, background=False)
    assert asks(1, background=True)
    assert asks(2, background=False)
    listeners.update(None)
    assert asks(1, background=False)
