"""HTTP endpoints that honour ``Idempotency-Key``: what leaves once can leave again, and nothing else."""

import asyncio
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.utils import timezone

from responses_api.consumers.idempotent import IdempotentConsumer
from responses_api.consumers.owned_task import OwnedTaskConsumer
from responses_api.core.errors import RateLimited
from responses_api.idempotency.idempotency_keys import take
from responses_api.models import IdempotentRequest, Response
from responses_api.runtime import database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]


class Endpoint(IdempotentConsumer):
    """Answers as its body says; counts how often it does."""

    owner_id = 0
    answers = 0

    async def respond(self, body: bytes) -> None:
        if await self.answered_before(self.owner_id, body):
            return
        Endpoint.answers += 1
        self.key.response_id = "resp_1"
        match body:
            case b"json":
                await self.send_json(200, {"number": Endpoint.answers})
            case b"unstored":
                self.key.keeps_answer = False
                await self.send_json(200, {"number": Endpoint.answers})
            case b"refuse":
                raise RateLimited("Slow down.")
            case b"crash":
                raise ZeroDivisionError
            case _:
                await self._stream(body)

    async def _stream(self, body: bytes) -> None:
        await self.start_answer(200, b"text/event-stream; charset=utf-8")
        await self._send(b"event: begin\n\n", more=True)
        if body == b"wait":
            await asyncio.Event().wait()
        if body == b"crash while it goes on":
            self.key.goes_on = True
        if body.startswith(b"crash"):
            raise ZeroDivisionError
        if body == b"fail in mid-stream":
            await self.key.free()
        await self._send(b"event: end\n\n", more=False)

    async def _send(self, data: bytes, *, more: bool) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": more})


@pytest.fixture(autouse=True)
def _endpoint(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Endpoint, "owner_id", alice.pk)
    monkeypatch.setattr(Endpoint, "answers", 0)
    Response.objects.create(
        id="resp_1", owner=alice, created_at=timezone.now(), status="completed", model="m", body={}
    )


async def begun(body: bytes, key: bytes | None = b"key") -> ApplicationCommunicator:
    headers = [] if key is None else [(b"idempotency-key", key)]
    endpoint = ApplicationCommunicator(
        Endpoint.as_asgi(), {"type": "http", "method": "POST", "path": "/x", "headers": headers}
    )
    await endpoint.send_input({"type": "http.request", "body": body, "more_body": False})
    return endpoint


async def call(body: bytes, key: bytes | None = b"key") -> tuple[int, dict[bytes, bytes], bytes]:
    endpoint = await begun(body, key)
    start = await endpoint.receive_output(10)
    answer, more = b"", True
    while more:
        message = await endpoint.receive_output(10)
        answer, more = answer + message["body"], message.get("more_body", False)
    await endpoint.send_input({"type": "http.disconnect"})
    await endpoint.wait(10)
    return start["status"], dict(start["headers"]), answer


async def until_nothing_is_held() -> None:
    async with asyncio.timeout(10):
        while await database.run(IdempotentRequest.objects.filter(lease_until__isnull=False).exists):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("body", [b"json", b"stream"])
async def test_the_second_time_the_same_bytes_come_back(body: bytes) -> None:
    first, first_headers, answer = await call(body)
    second, second_headers, replayed = await call(body)
    assert Endpoint.answers == 1
    assert (second, replayed) == (first, answer)
    assert second_headers[b"content-type"] == first_headers[b"content-type"]
    assert second_headers[b"content-length"] == str(len(answer)).encode()
    assert second_headers[b"idempotency-replayed"] == b"true"
    assert b"idempotency-replayed" not in first_headers
    assert second_headers[b"x-request-id"] != first_headers[b"x-request-id"]


async def test_without_a_key_every_request_is_answered() -> None:
    assert (await call(b"json", None))[2] != (await call(b"json", None))[2]


async def test_other_keys_are_other_requests() -> None:
    await call(b"json")
    await call(b"json", b"other")
    assert Endpoint.answers == 2


async def test_a_conflict_that_waiting_does_not_solve_says_so_to_the_client() -> None:
    await call(b"json")
    status, headers, body = await call(b"stream")
    assert status == 409
    assert b'"code":"idempotency_key_reused"' in body
    assert headers[b"x-should-retry"] == b"false"
    assert b"retry-after" not in headers


async def test_while_it_is_answered_the_second_is_told_to_come_back() -> None:
    waiting = await begun(b"wait")
    await waiting.receive_output(10)
    status, headers, body = await call(b"wait")
    assert status == 409
    assert b'"code":"idempotency_key_in_use"' in body
    assert headers[b"retry-after"] == b"1"
    assert b"x-should-retry" not in headers
    await waiting.send_input({"type": "http.disconnect"})
    await waiting.wait(10)
    await until_nothing_is_held()


async def test_an_unstored_answer_is_given_once() -> None:
    await call(b"unstored")
    status, _, body = await call(b"unstored")
    assert status == 409
    assert b'"code":"idempotency_answer_not_kept"' in body
    assert Endpoint.answers == 1


@pytest.mark.parametrize(
    ("body", "status"), [(b"refuse", 429), (b"crash", 500), (b"crash in mid-stream", 200)]
)
async def test_an_error_frees_the_key_before_it_is_told(body: bytes, status: int) -> None:
    for number in (1, 2):
        assert (await call(body))[0] == status
        assert Endpoint.answers == number
        assert not await database.run(IdempotentRequest.objects.exists)


async def test_a_crash_does_not_free_the_key_of_what_goes_on() -> None:
    await call(b"crash while it goes on")
    await until_nothing_is_held()
    status, _, body = await call(b"crash while it goes on")
    assert status == 409
    assert b'"code":"idempotency_answer_not_kept"' in body


async def test_a_stream_that_ends_in_a_failure_frees_the_key_before_its_end() -> None:
    for number in (1, 2):
        assert (await call(b"fail in mid-stream"))[2].endswith(b"event: end\n\n")
        assert Endpoint.answers == number


async def test_a_client_that_leaves_frees_the_key() -> None:
    for number in (1, 2):
        endpoint = await begun(b"wait")
        await endpoint.receive_output(10)
        await endpoint.send_input({"type": "http.disconnect"})
        await endpoint.wait(10)
        await until_nothing_is_held()
        assert Endpoint.answers == number


async def test_the_answer_is_kept_before_its_last_piece_leaves(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    send = OwnedTaskConsumer.send

    async def look_and_send(self: Any, message: Any) -> None:
        if message["type"] == "http.response.body" and not message["more_body"]:
            seen.append(type(await database.run(take, alice.pk, "key", b"stream")).__name__)
        await send(self, message)

    monkeypatch.setattr(OwnedTaskConsumer, "send", look_and_send, raising=False)
    await call(b"stream")
    assert seen == ["Replay"]
