"""Reports on their way: real receivers on loopback, the real database, the loops of a gateway."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook
from yarl import URL

from interceptor.simulator.tls import ensure_tls_files
from responses_api.access.encryption import encrypt
from responses_api.models import WebhookDelivery, WebhookEndpoint
from responses_api.runtime import database
from responses_api.runtime.tasks import spawn
from responses_api.webhooks import reports, webhook_deliveries, webhook_sender
from responses_api.webhooks.reports import EVENTS, Subject, WebhookEvent, new_secret, rules_from_settings
from responses_api.webhooks.webhook_deliveries import Delivery, Verdict
from responses_api.webhooks.webhook_sender import Post
from tests.responses_api.file_servers import door_bell
from tests.responses_api.webhook_receivers import webhook_receiver

SECRET = new_secret()
EVENT = WebhookEvent("evt_1", "event", 1, "response.completed", Subject("resp_1"))


def to(url: str, **fields: Any) -> Delivery:
    defaults = {
        "id": "wh_1",
        "attempt": 1,
        "created_at": timezone.now(),
        "event": EVENT,
        "endpoint_id": 1,
        "url": url,
        "secret": encrypt(SECRET),
        "enabled": True,
    }
    return Delivery(**{**defaults, **fields})


async def sent(delivery: Delivery) -> Verdict:
    async with Post(rules_from_settings()) as post:
        return await post.send(delivery)


# --- one attempt ---


async def test_over_tls_with_the_operators_authority(settings: Settings, tmp_path: Path) -> None:
    tls = ensure_tls_files(tmp_path)
    async with webhook_receiver(tls) as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
        untrusted = await sent(to(receiver.url))
        assert "certificate" in untrusted.error.lower()
        assert receiver.reports == []
        settings.WEBHOOK_CA_BUNDLE = tls.ca
        assert await sent(to(receiver.url)) == Verdict(200)
        (report,) = receiver.reports
    assert Webhook(SECRET).verify(report.body, report.headers) == {
        "id": "evt_1",
        "object": "event",
        "created_at": 1,
        "type": "response.completed",
        "data": {"id": "resp_1"},
    }
    assert report.headers["webhook-id"] == "wh_1"
    assert report.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (204, Verdict(204)),
        (302, Verdict(302, "The receiver answered with status 302.")),
        (400, Verdict(400, "The receiver answered with status 400.")),
        (503, Verdict(503, "The receiver answered with status 503.")),
        (
            410,
            Verdict(
                410,
                "The receiver answered with status 410. The endpoint was disabled.",
                final=True,
                disables=True,
            ),
        ),
    ],
)
async def test_the_status_alone_decides(status: int, verdict: Verdict, settings: Settings) -> None:
    async with webhook_receiver() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
        receiver.answers = [status]
        assert await sent(to(receiver.url)) == verdict
        assert len(receiver.reports) == 1


async def test_a_receiver_that_does_not_answer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "TIMEOUT", 0.2)
    async with webhook_receiver() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
        receiver.answers = [0]
        assert await sent(to(receiver.url)) == Verdict(error="No answer within 0.2 s.")


async def test_a_receiver_that_is_not_there(settings: Settings) -> None:
    async with webhook_receiver() as receiver:
        url = receiver.url
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
    verdict = await sent(to(url))
    assert verdict.status is None
    assert verdict.error.startswith("No connection: ")
    assert "t0ken" not in verdict.error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_nothing_is_sent_into_the_gateways_own_network(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with door_bell("127.0.0.1") as bell:
        # The port alone must not be what keeps it from ringing.
        monkeypatch.setattr(webhook_sender, "checked_endpoint", lambda url, rules: URL(url, encoded=True))
        verdict = await sent(to(f"https://{host}:{bell.port}/"))
        assert verdict.error.startswith("No connection: ")
        assert bell.rings == 0


async def test_a_url_that_is_not_allowed_any_more() -> None:
    verdict = await sent(to("http://localhost:5678/"))
    assert verdict == Verdict(error="Nothing is sent to this URL: port 5678 is not allowed.")


async def test_an_endpoint_that_was_disabled_meanwhile() -> None:
    verdict = await sent(to("https://example.com/", enabled=False))
    assert verdict == Verdict(error="The endpoint is disabled.", final=True)


async def test_a_secret_that_cannot_be_read_any_more() -> None:
    verdict = await sent(to("https://example.com/", secret=b"of another key"))
    assert "CREDENTIAL_KEYS" in verdict.error
    assert not verdict.final


# --- the loops ---


@asynccontextmanager
async def running(*loops: Callable[[], Any]) -> AsyncIterator[None]:
    tasks = [spawn(loop(), name="loop") for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def hears(alice: User) -> Callable[..., WebhookEndpoint]:
    def make(url: str, **fields: Any) -> WebhookEndpoint:
        return WebhookEndpoint.objects.create(
            owner=alice, url=url, secret=encrypt(SECRET), events=list(EVENTS), **fields
        )

    return make


def end(endpoint: WebhookEndpoint, response_id: str) -> None:
    enqueue = reports.enqueue_on_close(endpoint.owner_id, None, response_id, "completed", background=True)
    assert enqueue is not None
    with transaction.atomic(), connection.cursor() as cursor:
        enqueue(cursor)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await database.run(condition):
            await asyncio.sleep(0.02)


def all_concluded() -> bool:
    return not WebhookDelivery.objects.filter(last_status=None, last_error="").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_an_end_is_reported_without_waiting_for_the_next_look(
    settings: Settings, hears: Callable[..., WebhookEndpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "POLL_INTERVAL", 3600)
    async with webhook_receiver() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
        endpoint = await database.run(hears, receiver.url)
        async with running(webhook_sender.send_due):
            for number in range(12):
                await database.run(end, endpoint, f"resp_{number}")
            reports = await receiver.received(12)
            await until(all_concluded)
    told = {json.loads(report.body)["data"]["id"] for report in reports}
    assert told == {f"resp_{number}" for number in range(12)}
    rows = await database.run(lambda: list(WebhookDelivery.objects.all()))
    assert {(row.attempts, row.last_status, row.next_attempt_at) for row in rows} == {(1, 200, None)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_two_senders_share_the_work(
    settings: Settings, hears: Callable[..., WebhookEndpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "POLL_INTERVAL", 0.05)
    async with webhook_receiver() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
        endpoint = await database.run(hears, receiver.url)
        for number in range(20):
            await database.run(end, endpoint, f"resp_{number}")
        async with running(webhook_sender.send_due, webhook_sender.send_due):
            await until(all_concluded)
    assert len(receiver.reports) == 20
    assert len({report.headers["webhook-id"] for report in receiver.reports}) == 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_a_refused_report_is_tried_again_with_the_same_id(
    settings: Settings, hears: Callable[..., WebhookEndpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "POLL_INTERVAL", 0.05)
    monkeypatch.setattr(webhook_deliveries, "_FIRST_DELAY", timedelta(milliseconds=10))
    async with webhook_receiver() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
        receiver.answers = [500, 503, 200]
        endpoint = await database.run(hears, receiver.url)
        async with running(webhook_sender.send_due):
            await database.run(end, endpoint, "resp_1")
            reports = await receiver.received(3)
            await until(WebhookDelivery.objects.filter(last_status=200).exists)
    assert len({(report.headers["webhook-id"], report.body) for report in reports}) == 1
    row = await database.run(WebhookDelivery.objects.get)
    assert (row.attempts, row.last_error, row.next_attempt_at) == (3, "", None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_a_receiver_that_hangs_does_not_hold_up_the_others(
    settings: Settings, hears: Callable[..., WebhookEndpoint]
) -> None:
    async with webhook_receiver() as hanging, webhook_receiver() as quick:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{hanging.port}", f"localhost:{quick.port}"]
        settings.WEBHOOK_CONCURRENCY = 8
        hanging.answers = [0] * 20
        stuck = await database.run(hears, hanging.url)
        for number in range(20):
            await database.run(end, stuck, f"resp_{number}")
        fine = await database.run(hears, quick.url)
        async with running(webhook_sender.send_due):
            await hanging.received(2)
            await database.run(end, fine, "resp_20")
            await quick.received(1)
            assert len(hanging.reports) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_gone_disables_the_endpoint_and_gives_the_rest_up(
    settings: Settings, hears: Callable[..., WebhookEndpoint]
) -> None:
    settings.WEBHOOK_CONCURRENCY = 1
    async with webhook_receiver() as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{receiver.port}"]
        receiver.answers = [410]
        endpoint = await database.run(hears, receiver.url)
        for number in range(3):
            await database.run(end, endpoint, f"resp_{number}")
        async with running(webhook_sender.send_due):
            await until(all_concluded)
    assert len(receiver.reports) == 1
    assert not (await database.run(WebhookEndpoint.objects.get)).enabled
    rows = await database.run(lambda: list(WebhookDelivery.objects.order_by("created_at")))
    assert [row.last_status for row in rows] == [410, None, None]
    assert {row.next_attempt_at for row in rows} == {None}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_who_listens_to_the_foreground_is_kept_in_mind(
    hears: Callable[..., WebhookEndpoint], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "POLL_INTERVAL", 0.02)
    listeners = reports.ForegroundListeners()
    monkeypatch.setattr(webhook_sender, "foreground_listeners", listeners)
    async with running(webhook_sender.keep_up):
        await until(lambda: not listeners.may_include(alice.pk))
        await database.run(hears, "https://example.com/", all_responses=True)
        await until(lambda: listeners.may_include(alice.pk))
        assert not listeners.may_include(alice.pk + 1)
    assert listeners.may_include(alice.pk + 1)
