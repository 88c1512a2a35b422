"""One arrangement per test process; what a test breaks in it is whole again after the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import folder, simulator, work_folder  # noqa: F401 - fixtures
from tests.e2e.stacks import Simulator
from tests.faults.arrangement import Arrangement
from tests.faults.redis_server import RedisServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.redis)


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether there is time for many streams and many repetitions: ``make faults``."""
    return bool(request.config.getoption("--long-faults"))


@pytest.fixture(scope="session")
def running_arrangement(work_folder: Path, simulator: Simulator) -> Iterator[Arrangement]:  # noqa: F811
    home = work_folder / "faults"
    home.mkdir()
    redis = RedisServer(home)
    redis.start()
    arrangement = Arrangement(home, simulator, redis)
    try:
        arrangement.start_all()
        yield arrangement
    finally:
        arrangement.stop()


@pytest.fixture
def arrangement(running_arrangement: Arrangement) -> Iterator[Arrangement]:
    with running_arrangement.whole_again(), running_arrangement.logs_shown():
        yield running_arrangement
