"""The interceptor's memory of credentials: one load for all who ask, and never an older token than asked for."""

import asyncio
from collections.abc import Callable

import pytest

from interceptor import credentials
from interceptor.credentials import KEPT_FOR, CredentialCache
from responses_api.access.credentials import CredentialUnavailable, UpstreamAuth


class Store:
    """Stands in for the database and the authorization server."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.number = 1
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None

    async def __call__(self, ref: str) -> UpstreamAuth:
        self.asked.append(ref)
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return UpstreamAuth("bearer", f"{ref} token", number=self.number)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store()
    monkeypatch.setattr(credentials, "upstream_auth", store)
    return store


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = 100.0
    monkeypatch.setattr("interceptor.credentials.time.monotonic", lambda: now)

    def later(seconds: float) -> None:
        nonlocal now
        now += seconds

    return later


async def test_loaded_once_for_all_who_ask_at_the_same_time(store: Store) -> None:
    cache = CredentialCache()
    store.gate.clear()
    waiting = [asyncio.ensure_future(cache.get("credential:1@1")) for _ in range(20)]
    await asyncio.sleep(0)
    store.gate.set()
    assert len(set(await asyncio.gather(*waiting))) == 1
    assert store.asked == ["credential:1@1"]


async def test_kept_for_a_moment(store: Store, pass_time: Callable[[float], None]) -> None:
    cache = CredentialCache()
    await cache.get("credential:1")
    pass_time(KEPT_FOR - 0.1)
    await cache.get("credential:1")
    assert len(store.asked) == 1
    pass_time(0.1)
    await cache.get("credential:1")
    assert len(store.asked) == 2


async def test_a_newer_token_serves_older_references_but_not_the_other_way(store: Store) -> None:
    cache = CredentialCache()
    assert (await cache.get("credential:1@1")).number == 1
    store.number = 2
    assert (await cache.get("credential:1@2")).number == 2
    assert (await cache.get("credential:1@1")).number == 2
    assert store.asked == ["credential:1@1", "credential:1@2"]


async def test_nobodys_credential_is_anothers(store: Store) -> None:
    cache = CredentialCache()
    refs = ["credential:1", "credential:11", "credential:1@1", "environment", "simulator"]
    answers = await asyncio.gather(*(cache.get(ref) for ref in refs * 3))
    for ref, auth in zip(refs * 3, answers, strict=True):
        assert auth.secret.split("@")[0].split()[0] == ref.split("@")[0]


async def test_a_failure_is_told_to_all_and_not_kept(store: Store) -> None:
    cache = CredentialCache()
    store.fault = CredentialUnavailable("gone")
    answers = await asyncio.gather(*(cache.get("credential:1") for _ in range(5)), return_exceptions=True)
    assert {str(answer) for answer in answers} == {"gone"}
    assert len(store.asked) == 1
    store.fault = None
    assert (await cache.get("credential:1")).number == 1


async def test_one_who_leaves_does_not_cancel_it_for_the_others(store: Store) -> None:
    cache = CredentialCache()
    store.gate.clear()
    leaving, staying = (asyncio.ensure_future(cache.get("credential:1")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    store.gate.set()
    assert (await staying).number == 1


async def test_what_is_over_is_forgotten(store: Store, pass_time: Callable[[float], None]) -> None:
    cache = CredentialCache()
    for number in range(50):
        await cache.get(f"credential:{number}")
        pass_time(KEPT_FOR)
    assert len(cache._kept) == 1
