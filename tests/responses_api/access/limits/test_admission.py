"""One response's place within its caller's limits, on the event loop."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from responses_api.access.limits import admission, reservations
from responses_api.access.limits.admission import BACKGROUND_LEASE, LEASE, Admission
from responses_api.access.limits.ledger import LedgerUnavailable, Standings
from responses_api.access.limits.refusals import LimitReached
from responses_api.access.limits.rules import Allowance, Amount, Limits
from responses_api.access.limits.standings import Standing
from responses_api.core.errors import InternalError
from responses_api.runtime import database

LIMITED = (Allowance("key:1", Limits(concurrent_responses=1, requests_per_minute=5)),)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class MemoryLedger:
    """Knows one scope and only how many responses it holds."""

    def __init__(self) -> None:
        self.held: dict[str, float] = {}
        self.settled: list[tuple[str, Amount]] = []
        self.renewed: list[Sequence[tuple[str, Sequence[str]]]] = []
        self.failures = 0

    def reserve(
        self, allowances: Any, asked: Amount, periods: Any, id: str, lease: float
    ) -> tuple[bool, Standings]:
        self._answer()
        standings = {"key:1": Standing("key:1", running=len(self.held))}
        if self.held:
            return False, standings
        self.held[id] = lease
        return True, standings

    def settle(self, allowances: Any, used: Amount, periods: Any, reservation: str) -> None:
        self._answer()
        self.held.pop(reservation, None)
        self.settled.append((reservation, used))

    def renew(self, held: Sequence[tuple[str, Sequence[str]]], lease: float) -> None:
        self._answer()
        self.renewed.append(held)
        self.held |= {id: lease for id, _ in held if id in self.held}

    def learn(self, *_: Any) -> None:
        raise AssertionError("no budget is limited here")

    def _answer(self) -> None:
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailable("gone")


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    ledger = MemoryLedger()

    async def run(function: Any, *args: Any) -> Any:
        await asyncio.sleep(0)
        return function(*args)

    monkeypatch.setattr(database, "run", run)
    monkeypatch.setattr(reservations, "current_ledger", lambda: ledger)
    monkeypatch.setattr(admission, "current_ledger", lambda: ledger)
    monkeypatch.setattr(admission, "_renewed", {})
    monkeypatch.setattr(admission, "_queued", {})
    return ledger


async def until(condition: Any) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never holds")


async def test_a_caller_without_limits_costs_nothing(ledger: MemoryLedger) -> None:
    ledger.failures = 100
    place = Admission((), "r")
    assert not place.is_limited
    await place.reserve(Amount(10))
    await place.settle(Amount(10), NOW)
    place.release()
    assert place.headers == {}
    assert ledger.failures == 100


async def test_reserved_once_and_settled_once(ledger: MemoryLedger) -> None:
    place = Admission(LIMITED, "r")
    await place.reserve(Amount(10))
    assert ledger.held == {"r": LEASE}
    assert place.headers["x-ratelimit-remaining-requests"] == "4"
    await place.settle(Amount(7), NOW)
    await place.settle(Amount(7), NOW)
    place.release()
    await asyncio.sleep(0.01)
    assert ledger.settled == [("r", Amount(7))]


async def test_a_refusal_tells_what_is_left(ledger: MemoryLedger) -> None:
    await Admission(LIMITED, "first").reserve(Amount())
    place = Admission(LIMITED, "second")
    with pytest.raises(LimitReached):
        await place.reserve(Amount())
    assert place.headers["x-ratelimit-limit-requests"] == "5"
    await place.settle(Amount(), NOW)
    assert ledger.settled == []


async def test_what_did_not_begin_is_given_back(ledger: MemoryLedger) -> None:
    place = Admission(LIMITED, "r")
    await place.reserve(Amount(10))
    place.release()
    await until(lambda: ledger.settled == [("r", Amount())])


async def test_a_client_that_leaves_while_it_is_admitted_holds_nothing(ledger: MemoryLedger) -> None:
    asking = asyncio.ensure_future(Admission(LIMITED, "r").reserve(Amount(10)))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: ledger.settled == [("r", Amount())])
    assert ledger.held == {}


async def test_a_ledger_that_does_not_answer(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(admission, "_PAUSES", (0.0, 0.0, 0.0))
    ledger.failures = 1
    place = Admission(LIMITED, "r")
    with pytest.raises(InternalError) as caught:
        await place.reserve(Amount())
    assert (caught.value.http_status, caught.value.retry_after) == (503, 1.0)

    await place.reserve(Amount())
    ledger.failures = 3
    await place.settle(Amount(3), NOW)
    await until(lambda: ledger.settled == [("r", Amount(3))])
    assert caplog.text.count("cannot be settled now") == 3


async def test_what_is_held_is_renewed_until_it_is_settled(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "RENEWAL", 0.0)
    place = Admission(LIMITED, "r")
    await place.reserve(Amount())
    ledger.failures = 1
    renewing = asyncio.ensure_future(admission._renew())
    await until(lambda: ledger.renewed[-1:] == [[("r", ["key:1"])]])
    await place.settle(Amount(), NOW)
    ledger.renewed.clear()
    for _ in range(20):
        await asyncio.sleep(0)
    assert ledger.renewed == []
    renewing.cancel()


async def test_in_the_background_another_process_may_settle(ledger: MemoryLedger) -> None:
    queued = Admission(LIMITED, "r", background=True)
    await queued.reserve(Amount(10))
    made = Admission(LIMITED, "r", background=True)
    made.resume()
    await made.settle(Amount(4), NOW)
    assert ledger.settled == [("r", Amount(4))]


async def test_what_is_queued_soon_needs_its_process_no_more(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed before it has queued the response leaves its place taken for seconds only."""
    monkeypatch.setattr(admission, "RENEWAL", 0.0)
    await Admission(LIMITED, "r", background=True).reserve(Amount(10))
    assert ledger.held == {"r": LEASE}
    ledger.failures = 1
    renewing = asyncio.ensure_future(admission._renew())
    await until(lambda: ledger.held == {"r": BACKGROUND_LEASE})
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(ledger.renewed) == 1
    renewing.cancel()


async def test_what_is_queued_outlasts_a_process_that_is_stopped(ledger: MemoryLedger) -> None:
    await Admission(LIMITED, "r", background=True).reserve(Amount(10))
    renewing = asyncio.ensure_future(admission._renew())
    await asyncio.sleep(0)
    renewing.cancel()
    await until(renewing.done)
    assert ledger.held == {"r": BACKGROUND_LEASE}
