"""The loop: says that its gateway lives, buries the dead, signs off."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from responses_api.gateways import registry, watch
from responses_api.models import Gateway, Trace, Usage
from responses_api.runtime import database
from responses_api.runtime.identifiers import gateway_id

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "BEAT_INTERVAL", 0.02)
    monkeypatch.setattr(watch, "PATIENCE", 0.1)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not await database.run(condition):
            await asyncio.sleep(0.02)


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def leave_a_trace(gateway: str) -> None:
    Trace.objects.create(
        id=f"trace_{gateway}",
        response_id="r",
        started_at=datetime.now(UTC),
        model="m",
        stream=True,
        client_request={},
        gateway=gateway,
    )


async def test_a_dead_gateway_is_buried_and_a_living_one_is_not() -> None:
    await database.run(registry.beat, "gw_dead")
    await database.run(leave_a_trace, "gw_dead")
    await database.run(leave_a_trace, gateway_id())
    task = asyncio.ensure_future(watch.watch())
    try:
        await until(lambda: Usage.objects.count() == 1)
        assert await database.run(lambda: Trace.objects.get(outcome="failed").gateway) == "gw_dead"
        await until(lambda: set(Gateway.objects.values_list("id", flat=True)) == {gateway_id()})
    finally:
        await stopped(task)
    assert not await database.run(Gateway.objects.exists)
    assert await database.run(Trace.objects.filter(outcome="in_progress").count) == 1


async def test_it_lasts_through_an_outage_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    beats = 0
    real = registry.beat

    def beat(gateway: str) -> dict[str, int]:
        nonlocal beats
        beats += 1
        if beats < 3:
            raise OperationalError("away")
        return real(gateway)

    monkeypatch.setattr(registry, "beat", beat)
    task = asyncio.ensure_future(watch.watch())
    try:
        await until(Gateway.objects.exists)
    finally:
        await stopped(task)
