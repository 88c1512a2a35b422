"""A guard and its key: what is kept, what is free again, what happens to those who leave."""

import asyncio

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from responses_api.core.errors import InvalidRequest
from responses_api.idempotency import guarding, idempotency_keys
from responses_api.idempotency.guarding import Guard, begin
from responses_api.idempotency.idempotency_keys import Held, Replay, take
from responses_api.models import IdempotentRequest, Response
from responses_api.runtime import database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]


@pytest.fixture(autouse=True)
def _holding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the keys that the test itself holds."""
    monkeypatch.setattr(guarding, "_holding", set())


async def guarded(owner: User, key: str = "key", body: bytes = b"body") -> Guard:
    guard = await begin(owner.pk, key, body)
    assert isinstance(guard, Guard)
    return guard


async def refused(owner: User, key: str = "key", body: bytes = b"body") -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        await begin(owner.pk, key, body)
    return caught.value


async def settled() -> None:
    """What guards have left behind is done."""
    async with asyncio.timeout(10):
        while await database.run(IdempotentRequest.objects.filter(lease_until__isnull=False).exists):
            await asyncio.sleep(0.01)


@pytest.fixture
def response(alice: User) -> Response:
    return Response.objects.create(
        id="resp_1", owner=alice, created_at=timezone.now(), status="completed", model="m", body={}
    )


@pytest.mark.parametrize("key", ["", "é", "a\tb", "x" * 256, "\x7f"])
async def test_what_is_no_key_is_refused(key: str, alice: User) -> None:
    error = await refused(alice, key)
    assert (error.http_status, error.code) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize("key", [" ", "x" * 255, "8e03978e-40d5-43e8-bc93-6894a57f9324", "~!\"'"])
async def test_every_printable_text_is_a_key(key: str, alice: User) -> None:
    guard = await guarded(alice, key)
    await guard.free()


async def test_without_a_key_nothing_is_written(alice: User) -> None:
    guard = await begin(alice.pk, None, b"body")
    assert isinstance(guard, Guard)
    guard.write(b"answer")
    await guard.finish(200, "application/json")
    guard.leave()
    assert not await database.run(IdempotentRequest.objects.exists)


async def test_the_answer_is_kept_in_all_its_pieces(alice: User, response: Response) -> None:
    guard = await guarded(alice)
    guard.response_id = response.pk
    guard.write(b"event: one\n\n")
    guard.write(b"\x00\xff")
    await guard.finish(200, "text/event-stream; charset=utf-8")
    guard.leave()

    replay = await begin(alice.pk, "key", b"body")
    assert isinstance(replay, Replay)
    assert (replay.status, replay.content_type) == (200, "text/event-stream; charset=utf-8")
    assert replay.body == b"event: one\n\n\x00\xff"


async def test_the_three_conflicts(alice: User) -> None:
    guard = await guarded(alice)
    in_flight = await refused(alice)
    assert (in_flight.http_status, in_flight.code) == (409, "idempotency_key_in_use")
    assert in_flight.retry_after is not None
    other = await refused(alice, body=b"other")
    assert (other.http_status, other.code, other.retry_after) == (409, "idempotency_key_reused", None)
    guard.keeps_answer = False
    guard.write(b"secret")
    await guard.finish(200, "application/json")
    not_kept = await refused(alice)
    assert (not_kept.http_status, not_kept.code) == (409, "idempotency_answer_not_kept")
    assert not_kept.retry_after is None


async def test_nothing_of_an_unstored_answer_is_written(alice: User) -> None:
    guard = await guarded(alice)
    guard.write(b"before it was known")
    guard.keeps_answer = False
    await guard.finish(200, "application/json")
    assert (await database.run(IdempotentRequest.objects.get)).answer is None


async def test_a_large_answer_is_not_kept(alice: User, response: Response, settings: Settings) -> None:
    settings.IDEMPOTENCY_MAX_BYTES = 10
    for key, size in (("fits", 5), ("too large", 6)):
        guard = await guarded(alice, key)
        guard.response_id = response.pk
        guard.write(b"x" * 5)
        guard.write(b"x" * size)
        await guard.finish(200, "application/json")
    assert isinstance(await begin(alice.pk, "fits", b"body"), Replay)
    assert (await refused(alice, "too large")).code == "idempotency_answer_not_kept"


async def test_a_failed_request_frees_its_key(alice: User) -> None:
    guard = await guarded(alice)
    await guard.free()
    await guard.finish(200, "application/json")
    await guarded(alice, body=b"another body")


async def test_who_leaves_frees_the_key(alice: User) -> None:
    guard = await guarded(alice)
    guard.leave()
    await settled()
    await guarded(alice)


async def test_what_goes_on_without_its_client_uses_the_key_up(alice: User) -> None:
    guard = await guarded(alice)
    guard.goes_on = True
    guard.leave()
    await settled()
    assert (await refused(alice)).code == "idempotency_answer_not_kept"


async def test_who_leaves_while_the_key_is_being_taken_gives_it_back(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    taking = asyncio.Event()

    def slow_take(owner_id: int, key: str, body: bytes) -> object:
        found = take(owner_id, key, body)
        loop.call_soon_threadsafe(taking.set)
        return found

    monkeypatch.setattr(idempotency_keys, "take", slow_take)
    beginning = asyncio.ensure_future(begin(alice.pk, "key", b"body"))
    await asyncio.sleep(0)
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning
    await taking.wait()
    await settled()
    await guarded(alice)


async def test_held_keys_have_their_leases_renewed_and_no_others(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, renewed = asyncio.get_running_loop(), asyncio.Queue[list[str]]()

    def note(held: list[Held]) -> None:
        loop.call_soon_threadsafe(renewed.put_nowait, sorted(each.key for each in held))

    monkeypatch.setattr(idempotency_keys, "renew", note)
    await guarded(alice, "kept")
    left, finished = await guarded(alice, "left"), await guarded(alice, "finished")
    left.leave()
    await finished.finish(200, "application/json")
    keeping_up = asyncio.ensure_future(guarding.keep_up())
    async with asyncio.timeout(10):
        assert await renewed.get() == ["kept"]
    keeping_up.cancel()
