"""Webhooks of a running gateway: set up by the operator in the browser, heard by a real receiver over TLS."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx2
from openai.types.webhooks import ResponseCompletedWebhookEvent
from standardwebhooks.webhooks import Webhook

from interceptor.simulator.tls import ensure_tls_files
from tests.e2e.stacks import MODEL, Simulator, Stack, serve, wait_until
from tests.responses_api.webhook_receivers import Receiver, Report, webhook_receiver

_ENDPOINTS = "/admin/responses_api/webhookendpoint/"
_DELIVERIES = "/admin/responses_api/webhookdelivery/"


class Operator:
    """A browser in which the operator has logged in."""

    def __init__(self, stack: Stack, http: httpx2.Client) -> None:
        self._http = http
        user, password = stack.login
        del http.headers["Authorization"]
        self.post("/admin/login/", username=user, password=password, next="/admin/")

    def get(self, path: str) -> str:
        page = self._http.get(path, follow_redirects=True)
        assert page.status_code == 200
        return page.text

    def post(self, path: str, **form: Any) -> str:
        """Submit the form on ``path``; the page that follows."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert token is not None
        data = {**form, "csrfmiddlewaretoken": token[1]}
        page = self._http.post(path, data=data, follow_redirects=True)
        assert page.status_code == 200, page.text
        return page.text

    def add_endpoint(self, owner: int, url: str, *events: str, **fields: str) -> str:
        """Its secret."""
        form = {"owner": owner, "api_key": "", "url": url, "events": list(events), "enabled": "on", **fields}
        shown = re.search(r"<code>(whsec_[^<]+)</code>", self.post(f"{_ENDPOINTS}add/", **form))
        assert shown is not None
        return shown[1]


async def test_webhooks(folder: Path, simulator: Simulator) -> None:
    tls = ensure_tls_files(folder / "receiver")
    async with webhook_receiver(tls) as receiver, webhook_receiver(tls) as of_everything:
        stack = await asyncio.to_thread(
            serve,
            folder,
            simulator,
            WEBHOOK_ALLOWED_HOSTS=f"localhost:{receiver.port},localhost:{of_everything.port}",
            WEBHOOK_CA_BUNDLE=str(tls.ca),
        )
        loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(drive, stack, Ear(receiver, loop), Ear(of_everything, loop))
        finally:
            assert await asyncio.to_thread(stack.stop, within=20) == [0]
        assert "Traceback" not in stack.output


class Ear:
    """A receiver, listened to from another thread."""

    def __init__(self, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        self.receiver = receiver
        self._loop = loop

    def hears(self, count: int) -> list[Report]:
        hearing = asyncio.run_coroutine_threadsafe(self.receiver.received(count), self._loop)
        return list(hearing.result(20))


def drive(stack: Stack, ear: Ear, of_everything: Ear) -> None:
    client = stack.client()
    (owner,) = stack.query("SELECT owner_id AS id FROM responses_api_apikey")
    with stack.http() as http:
        operator = Operator(stack, http)
        secret = operator.add_endpoint(
            owner["id"], ear.receiver.url, "response.completed", "response.cancelled"
        )
        secret_of_all = operator.add_endpoint(
            owner["id"], of_everything.receiver.url, "response.completed", all_responses="on"
        )
        later = client.responses.create(model=MODEL, input="tell me when", background=True)
        (report,) = ear.hears(1)
        event = client.webhooks.unwrap(report.body, report.headers, secret=secret)
        assert isinstance(event, ResponseCompletedWebhookEvent)
        assert event.data.id == later.id
        assert client.responses.retrieve(later.id).status == "completed"

        of_everything.hears(1)
        made = {later.id}

        def told_at_once() -> bool:
            """Who listens to the foreground is noticed within about a second."""
            made.add(client.responses.create(model=MODEL, input="tell me at once").id)
            return len(of_everything.receiver.reports) > 1

        wait_until(told_at_once, within=20)
        told = {report_id(report, secret_of_all) for report in of_everything.hears(2)}
        assert later.id in told
        assert told <= made
        assert len(ear.receiver.reports) == 1

        cancelled = client.responses.create(
            model=MODEL, input="[[first_delay_ms=20000]] never mind", background=True
        )
        client.responses.cancel(cancelled.id)
        report = ear.hears(2)[1]
        assert client.webhooks.unwrap(report.body, report.headers, secret=secret).type == "response.cancelled"
        assert report_id(report, secret) == cancelled.id

        send_again(stack, operator, ear, later.id)


def report_id(report: Report, secret: str) -> str:
    """The response that a report is about, once its signature is checked."""
    payload: Any = Webhook(secret).verify(report.body, report.headers)
    return str(payload["data"]["id"])


def send_again(stack: Stack, operator: Operator, ear: Ear, response_id: str) -> None:
    """The operator sends a report again, while the receiver is out of order and when it is well again."""
    wait_until(lambda: not pending(stack), within=10)
    (delivery,) = stack.query(
        "SELECT d.id FROM responses_api_webhookdelivery d JOIN responses_api_webhookendpoint e"
        " ON e.id = d.endpoint_id WHERE d.payload->'data'->>'id' = %(id)s AND NOT e.all_responses",
        id=response_id,
    )
    assert delivery["id"] in operator.get(_DELIVERIES)
    ear.receiver.answers.append(503)
    for count, state in ((3, "The receiver answered with status 503."), (4, "delivered")):
        page = operator.post(_DELIVERIES, action="send_again", _selected_action=delivery["id"])
        assert "1 delivery(s) sent again." in page
        report, first = ear.hears(count)[count - 1], ear.receiver.reports[0]
        assert report.headers["webhook-id"] == first.headers["webhook-id"] == delivery["id"]
        assert report.body == first.body
        page_of_it = f"{_DELIVERIES}{delivery['id']}/change/"
        wait_until(lambda: state in operator.get(page_of_it), within=10)  # noqa: B023 - waits in the round


def pending(stack: Stack) -> list[dict[str, Any]]:
    return stack.query("SELECT id FROM responses_api_webhookdelivery WHERE next_attempt_at IS NOT NULL")
