"""One arrangement per test process; what a test breaks in it is whole again after the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e import canaries
from tests.e2e.conftest import database_template as database_template
from tests.e2e.conftest import simulator as simulator
from tests.e2e.conftest import work_folder as work_folder
from tests.e2e.stacks import Simulator, copy_database
from tests.faults.arrangement import Arrangement
from tests.faults.redis_server import RedisServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.redis)
            item.add_marker(pytest.mark.xdist_group("faults"))


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether there is time for many streams and many repetitions: ``make faults``."""
    return bool(request.config.getoption("--long-faults"))


@pytest.fixture(scope="session")
def running_arrangement(
    work_folder: Path, database_template: Path, simulator: Simulator
) -> Iterator[Arrangement]:
    home = work_folder / "faults"
    copy_database(database_template, home / "postgres")
    with running(Arrangement(home, simulator, RedisServer(home))) as arrangement:
        yield arrangement


@contextmanager
def running(arrangement: Arrangement) -> Iterator[Arrangement]:
    """Started before the block, ended after it; nothing that it has stored may hold a secret."""
    leaks: list[str] = []
    try:
        arrangement.redis.start()
        arrangement.start_all()
        yield arrangement
        leaks = canaries.in_database(arrangement.stack.conninfo, canaries.secrets_of(arrangement.stack))
    finally:
        arrangement.stop()
    assert leaks == []


@pytest.fixture
def arrangement(running_arrangement: Arrangement) -> Iterator[Arrangement]:
    with running_arrangement.whole_again(), running_arrangement.logs_shown():
        yield running_arrangement
