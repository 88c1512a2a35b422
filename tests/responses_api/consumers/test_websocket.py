"""The life of one connection: who is let in, what becomes of frames, how it ends."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from pytest_django import Settings

from responses_api.access.callers import Caller
from responses_api.consumers import websocket
from responses_api.consumers.websocket import WebSocketConsumer
from responses_api.core.chain_memory import ChainMemory
from responses_api.core.errors import AuthenticationFailed
from responses_api.core.websocket_frames import CreateFrame

KEY = b"Bearer good"


class EchoTurn:
    """Stands in for a turn: does as the input says."""

    def __init__(
        self, frame: CreateFrame, client: Any, memory: ChainMemory, send: Callable[[str], Awaitable[None]]
    ) -> None:
        self.input, self.client, self.send = frame.body["input"], client, send
        self.interrupted = asyncio.Event()
        turns.append(self)

    def interrupt(self) -> None:
        self.interrupted.set()

    async def run(self) -> None:
        if self.input == "wait":
            await self.send("begun")
            try:
                await self.interrupted.wait()
            except asyncio.CancelledError:
                given_up.append(self.input)
                raise
        await self.send(f"{self.client.user_agent} said {self.input}")


turns: list[EchoTurn] = []
given_up: list[str] = []


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    async def authenticate(authorization: str | None, address: str) -> Caller:
        if authorization == "Bearer broken":
            raise ZeroDivisionError("secret detail")
        if authorization != KEY.decode():
            raise AuthenticationFailed("Incorrect API key provided.")
        return Caller(1, 1, "")

    monkeypatch.setattr(websocket, "authenticate", authenticate)
    monkeypatch.setattr(websocket, "Turn", EchoTurn)
    turns.clear()
    given_up.clear()


def connection(authorization: bytes = KEY, *, answers: bool = True) -> ApplicationCommunicator:
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/v1/responses",
        "headers": [(b"authorization", authorization), (b"user-agent", b"tester"), (b"openai-beta", b"x")],
    }
    if answers:
        scope["extensions"] = {"websocket.http.response": {}}
    return ApplicationCommunicator(WebSocketConsumer.as_asgi(), scope)


async def opened() -> ApplicationCommunicator:
    client = connection()
    await client.send_input({"type": "websocket.connect"})
    assert await client.receive_output(5) == {"type": "websocket.accept"}
    return client


async def ask(client: ApplicationCommunicator, text: str, stream_id: str | None = None) -> None:
    frame = json.dumps({"type": "response.create", "input": text, "stream_id": stream_id})
    await client.send_input({"type": "websocket.receive", "text": frame})


async def heard(client: ApplicationCommunicator) -> str:
    message = await client.receive_output(5)
    assert message["type"] == "websocket.send"
    text: str = message["text"]
    return text


async def leave(client: ApplicationCommunicator) -> None:
    await client.send_input({"type": "websocket.disconnect", "code": 1005})
    await client.wait(5)


async def test_requests_are_answered() -> None:
    client = await opened()
    await ask(client, "hi")
    assert await heard(client) == "tester said hi"
    await client.send_input(
        {"type": "websocket.receive", "text": None, "bytes": b'{"type":"response.create","input":"b"}'}
    )
    assert await heard(client) == "tester said b"
    await leave(client)


async def test_what_is_no_request_is_told_and_the_connection_stays() -> None:
    client = await opened()
    await client.send_input({"type": "websocket.receive", "text": "{"})
    assert json.loads(await heard(client))["error"]["code"] == "invalid_json"
    await client.send_input({"type": "websocket.receive", "text": ""})
    assert json.loads(await heard(client))["error"]["code"] == "invalid_json"
    await ask(client, "hi")
    assert await heard(client) == "tester said hi"
    await leave(client)


async def refusal(client: ApplicationCommunicator) -> tuple[int, dict[bytes, bytes], Any]:
    await client.send_input({"type": "websocket.connect"})
    start = await client.receive_output(5)
    assert start["type"] == "websocket.http.response.start"
    body = await client.receive_output(5)
    assert (body["type"], body["more_body"]) == ("websocket.http.response.body", False)
    await leave(client)
    return start["status"], dict(start["headers"]), json.loads(body["body"])


async def test_an_upgrade_without_a_good_key_gets_an_http_answer() -> None:
    status, headers, body = await refusal(connection(b"Bearer bad"))

    assert (status, headers[b"content-type"]) == (401, b"application/json")
    assert body["error"]["code"] == "invalid_api_key"
    assert headers[b"x-request-id"].startswith(b"req_")


async def test_where_websockets_are_switched_off(settings: Settings) -> None:
    settings.WEBSOCKET = False
    status, _, body = await refusal(connection())

    assert (status, body["error"]["code"]) == (426, "websocket_not_available")


async def test_a_bug_at_the_upgrade_is_told_without_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    status, _, body = await refusal(connection(b"Bearer broken"))

    assert (status, body["error"]["code"]) == (500, "server_error")
    assert "secret" not in str(body)
    assert "ZeroDivisionError" in caplog.text


async def test_a_server_that_cannot_answer_an_upgrade_just_denies_it() -> None:
    client = connection(b"Bearer bad", answers=False)
    await client.send_input({"type": "websocket.connect"})

    assert await client.receive_output(5) == {"type": "websocket.close"}
    await leave(client)


async def test_a_client_that_leaves_cancels_its_work() -> None:
    client = await opened()
    await ask(client, "wait")
    assert await heard(client) == "begun"
    await leave(client)
    await asyncio.sleep(0)

    assert given_up == ["wait"]


async def test_a_server_that_stops_lets_answers_end_and_then_closes() -> None:
    client = await opened()
    await ask(client, "wait")
    await ask(client, "never begun")
    assert await heard(client) == "begun"

    client.future.cancel()
    assert await heard(client) == "tester said wait"
    assert await client.receive_output(5) == {"type": "websocket.close", "code": 1012}
    with pytest.raises(asyncio.CancelledError):
        await client.future


async def test_an_answer_that_does_not_end_does_not_keep_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "WIND_DOWN_TIMEOUT", 0.05)
    monkeypatch.setattr(EchoTurn, "interrupt", lambda self: None)
    client = await opened()
    await ask(client, "wait")
    assert await heard(client) == "begun"

    client.future.cancel()
    assert await client.receive_output(5) == {"type": "websocket.close", "code": 1012}
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(client.future, 5)


async def test_an_old_connection_is_closed_once_it_is_idle(settings: Settings) -> None:
    settings.WEBSOCKET_MAX_SECONDS = 0.01
    client = await opened()

    error = json.loads(await heard(client))
    assert (error["status"], error["error"]["code"]) == (400, "websocket_connection_limit_reached")
    assert await client.receive_output(5) == {"type": "websocket.close", "code": 1001}
    await ask(client, "too late")
    await leave(client)
    assert client.output_queue.empty()


async def test_an_old_connection_takes_no_more_requests_and_ends_those_it_has(settings: Settings) -> None:
    settings.WEBSOCKET_MAX_SECONDS = 0.01
    client = await opened()
    await ask(client, "wait")
    assert await heard(client) == "begun"
    answer = ""
    while "websocket_connection_limit_reached" not in answer:
        await ask(client, "still there?", stream_id="other")
        answer = await heard(client)

    (waiting,) = [turn for turn in turns if turn.input == "wait"]
    waiting.interrupt()
    assert await heard(client) == "tester said wait"
    assert json.loads(await heard(client))["error"]["code"] == "websocket_connection_limit_reached"
    assert await client.receive_output(5) == {"type": "websocket.close", "code": 1001}
    await leave(client)


async def test_a_client_that_floods_and_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "MAX_UNREAD_REFUSALS", 3)
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "websocket.send":
            await asyncio.Event().wait()

    scope = {"type": "websocket", "path": "/v1/responses", "headers": [(b"authorization", KEY)]}
    for message in [{"type": "websocket.connect"}, *[{"type": "websocket.receive", "text": "{"}] * 5]:
        received.put_nowait(message)
    received.put_nowait({"type": "websocket.disconnect", "code": 1008})
    application: Any = WebSocketConsumer.as_asgi()
    async with asyncio.timeout(5):
        await application(scope, received.get, send)

    types = [message["type"] for message in sent]
    assert types.count("websocket.send") <= 3
    assert sent[-1] == {"type": "websocket.close", "code": 1008}
    assert types.count("websocket.close") == 1
