"""The base of the HTTP endpoints: whatever happens, the answer ends, and a client that leaves is noticed."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from pytest_django import Settings

from responses_api.consumers import owned_task
from responses_api.consumers.owned_task import OwnedTaskConsumer
from responses_api.core.errors import RateLimited


class Endpoint(OwnedTaskConsumer):
    """Answers as its body says."""

    cancelled: list[bool] = []

    def wind_down(self) -> None:
        self.winding_down.set()

    async def respond(self, body: bytes) -> None:
        self.winding_down = asyncio.Event()
        match body:
            case b"refuse":
                raise RateLimited("Slow down.", retry_after=2.1)
            case b"crash":
                raise ZeroDivisionError("secret detail")
            case b"crash in mid-stream":
                await self.start_answer(200, b"text/event-stream")
                await self.send({"type": "http.response.body", "body": b"one", "more_body": True})
                raise ZeroDivisionError("secret detail")
            case b"wait":
                await self.start_answer(200, b"text/event-stream")
                await self.send({"type": "http.response.body", "body": b"one", "more_body": True})
                try:
                    await self.winding_down.wait()
                except asyncio.CancelledError:
                    self.cancelled.append(True)
                    raise
                await self.send({"type": "http.response.body", "body": b"the end", "more_body": False})
            case _:
                await self.send_json(200, {"got": len(body)})


def call(headers: list[tuple[bytes, bytes]] | None = None) -> ApplicationCommunicator:
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": headers or []}
    return ApplicationCommunicator(Endpoint.as_asgi(), scope)


async def sent(endpoint: ApplicationCommunicator, *pieces: bytes) -> None:
    for number, piece in enumerate(pieces, 1):
        more = number < len(pieces)
        await endpoint.send_input({"type": "http.request", "body": piece, "more_body": more})


async def answer(endpoint: ApplicationCommunicator) -> tuple[int, dict[bytes, bytes], bytes]:
    start = await endpoint.receive_output(5)
    body, more = b"", True
    while more:
        message = await endpoint.receive_output(5)
        body, more = body + message["body"], message.get("more_body", False)
    await endpoint.send_input({"type": "http.disconnect"})
    await endpoint.wait(5)
    return start["status"], dict(start["headers"]), body


async def test_a_body_in_pieces_is_put_together() -> None:
    endpoint = call()
    await sent(endpoint, b"ab", b"c", b"")
    status, headers, body = await answer(endpoint)

    assert (status, json.loads(body)) == (200, {"got": 3})
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"x-request-id"].startswith(b"req_")


@pytest.mark.parametrize(("offered", "kept"), [(b"my-id-1", True), (b"bad id", False), (b"x" * 200, False)])
async def test_a_sane_request_id_of_the_clients_is_kept(offered: bytes, kept: bool) -> None:
    endpoint = call([(b"x-request-id", offered)])
    await sent(endpoint, b"a")
    _, headers, _ = await answer(endpoint)

    assert (headers[b"x-request-id"] == offered) is kept


async def test_a_modelled_error_is_rendered() -> None:
    endpoint = call()
    await sent(endpoint, b"refuse")
    status, headers, body = await answer(endpoint)

    assert (status, headers[b"retry-after"]) == (429, b"3")
    assert json.loads(body) == {
        "error": {
            "message": "Slow down.",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
        }
    }


async def test_a_bug_is_a_server_error_without_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = call()
    await sent(endpoint, b"crash")
    status, _, body = await answer(endpoint)

    assert status == 500
    assert json.loads(body)["error"]["code"] == "server_error"
    assert b"secret" not in body
    assert "ZeroDivisionError" in caplog.text


async def test_a_bug_after_the_headers_still_ends_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = call()
    await sent(endpoint, b"crash in mid-stream")
    status, _, body = await answer(endpoint)

    assert (status, body) == (200, b"one")
    assert "ZeroDivisionError" in caplog.text


async def test_too_large_a_body_is_refused_before_it_is_complete(settings: Settings) -> None:
    settings.MAX_REQUEST_BYTES = 10
    endpoint = call()
    await endpoint.send_input({"type": "http.request", "body": b"x" * 8, "more_body": True})
    await endpoint.send_input({"type": "http.request", "body": b"x" * 8, "more_body": True})
    await endpoint.send_input({"type": "http.request", "body": b"x" * 8, "more_body": False})
    status, _, body = await answer(endpoint)

    assert status == 413
    assert json.loads(body)["error"]["code"] == "request_too_large"


async def test_a_client_that_leaves_cancels_the_work() -> None:
    Endpoint.cancelled.clear()
    endpoint = call()
    await sent(endpoint, b"wait")
    assert (await endpoint.receive_output(5))["status"] == 200
    assert (await endpoint.receive_output(5))["body"] == b"one"

    await endpoint.send_input({"type": "http.disconnect"})
    await endpoint.wait(5)
    await asyncio.sleep(0)
    assert Endpoint.cancelled == [True]


async def test_a_server_that_stops_lets_the_answer_end() -> None:
    """daphne cancels its applications and waits for them."""
    endpoint = call()
    await sent(endpoint, b"wait")
    assert (await endpoint.receive_output(5))["status"] == 200
    assert (await endpoint.receive_output(5))["body"] == b"one"

    endpoint.future.cancel()
    last = await endpoint.receive_output(5)
    assert (last["body"], last["more_body"]) == (b"the end", False)
    with pytest.raises(asyncio.CancelledError):
        await endpoint.future


async def test_an_answer_that_does_not_end_does_not_keep_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned_task, "WIND_DOWN_TIMEOUT", 0.05)
    monkeypatch.setattr(Endpoint, "wind_down", lambda self: None)
    endpoint = call()
    await sent(endpoint, b"wait")
    await endpoint.receive_output(5)
    await endpoint.receive_output(5)

    endpoint.future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(endpoint.future, 5)
