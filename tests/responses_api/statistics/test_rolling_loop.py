import asyncio

import pytest
from django.db import OperationalError

from responses_api.runtime import process_tasks
from responses_api.statistics import rolling, rolling_loop


class Rolling:
    """Stands in for the database: so many exchanges wait."""

    def __init__(self, waiting: int, failures: int = 0) -> None:
        self.waiting = waiting
        self.failures = failures
        self.done = asyncio.Event()

    def roll_up(self, limit: int) -> int:
        if self.failures:
            self.failures -= 1
            raise OperationalError("the server restarts")
        rolled = min(limit, self.waiting)
        self.waiting -= rolled
        return rolled


async def run(monkeypatch: pytest.MonkeyPatch, rolling_up: Rolling) -> list[float]:
    """Run the loop until nothing waits; the pauses that it made."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if not rolling_up.waiting and not rolling_up.failures:
            raise asyncio.CancelledError
        await sleep(0)

    monkeypatch.setattr(rolling, "roll_up", rolling_up.roll_up)
    monkeypatch.setattr(asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await rolling_loop._roll_up()
    return pauses


async def test_a_backlog_is_rolled_up_without_long_pauses(
    monkeypatch: pytest.MonkeyPatch, database_threads: None
) -> None:
    pauses = await run(monkeypatch, Rolling(2 * rolling_loop.BATCH + 1))
    assert pauses == [rolling_loop._BREATH, rolling_loop._BREATH, rolling_loop.INTERVAL]


async def test_it_lasts_through_a_restart_of_the_database(
    monkeypatch: pytest.MonkeyPatch, database_threads: None
) -> None:
    # A lost connection is tried once more at once.
    assert await run(monkeypatch, Rolling(1, failures=2)) == [rolling_loop.INTERVAL] * 2


def test_every_gateway_runs_it() -> None:
    assert process_tasks._loops["roll-ups"] is rolling_loop._roll_up
