"""Both ledgers, with a clock that the test sets."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from responses_api.access.limits.postgres_ledger import PostgresLedger
from responses_api.access.limits.redis_ledger import RedisLedger

type AnyLedger = PostgresLedger | RedisLedger

START = 1_795_000_000.25


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.django_db(transaction=True)), "redis"])
def make_ledger(request: pytest.FixtureRequest) -> Iterator[Callable[[], AnyLedger]]:
    """Makes views of one and the same ledger, each with its own clock."""
    with ExitStack() as closing:
        if request.param == "postgres":
            yield lambda: PostgresLedger(START)
            return
        url, prefix = request.getfixturevalue("redis_url"), f"zg-test-{uuid.uuid4().hex}"

        def make() -> RedisLedger:
            ledger = RedisLedger(url, prefix, START)
            closing.callback(ledger.close)
            return ledger

        yield make
        client = make()._redis
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


@pytest.fixture
def ledger(make_ledger: Callable[[], AnyLedger]) -> AnyLedger:
    return make_ledger()
