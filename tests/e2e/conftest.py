"""Running gateways for the end-to-end tests: one of each kind per test process."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import canaries
from tests.e2e.processes import processes_using
from tests.e2e.stacks import (
    Simulator,
    Stack,
    copy_database,
    make_database,
    serve,
    split,
    start_simulator,
    wait_until,
)

_STOP_SECONDS = 20.0

MAX_REQUEST_BYTES = 2_000_000

BOTH = pytest.mark.parametrize("arrangement", ["serve", "split"])
"""Runs a test that uses ``stack`` against one process and against one process for each part."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def work_folder() -> Iterator[Path]:
    """A folder with a short path (sockets live in it).

    Nothing that uses it may outlive the tests, and no log in it may hold a secret.
    """
    folder = Path(tempfile.mkdtemp(prefix="zg-e2e-"))
    yield folder
    wait_until(lambda: not processes_using(folder), within=_STOP_SECONDS)
    leaks = canaries.in_logs(folder)
    shutil.rmtree(folder)
    assert leaks == []


@pytest.fixture(scope="session")
def database_template(work_folder: Path) -> Path:
    """A PostgreSQL data folder with all tables, to be copied: making one takes seconds."""
    return make_database(work_folder / "template")


@pytest.fixture
def folder(work_folder: Path, database_template: Path) -> Path:
    """A fresh folder for one stack: ``serve`` finds an empty database with all tables in it."""
    folder = Path(tempfile.mkdtemp(dir=work_folder))
    copy_database(database_template, folder / "data" / "postgres")
    return folder


@pytest.fixture(scope="session")
def simulator(work_folder: Path) -> Iterator[Simulator]:
    folder = work_folder / "simulator"
    folder.mkdir()
    running = start_simulator(folder)
    yield running
    running.close()


def end(stack: Stack) -> None:
    """Stop it: in good order, and nothing that it has stored, exported or written may hold a secret."""
    try:
        leaks = canaries.in_database(stack.conninfo, canaries.secrets_of(stack)) + canaries.in_exports(stack)
    finally:
        codes = stack.stop(within=_STOP_SECONDS)
    assert codes == [0] * len(stack.processes)
    assert leaks + canaries.in_output(stack) == []


@pytest.fixture(scope="session")
def serve_stack(work_folder: Path, simulator: Simulator) -> Iterator[Stack]:
    """``manage.py serve`` from an empty folder, with quick signs of life and a low limit for request bodies."""
    folder = work_folder / "serve"
    folder.mkdir()
    running = serve(folder, simulator, KEEPALIVE_INTERVAL="0.5", MAX_REQUEST_BYTES=str(MAX_REQUEST_BYTES))
    yield running
    end(running)


@pytest.fixture(scope="session")
def split_stack(
    work_folder: Path, database_template: Path, simulator: Simulator, redis_url: str
) -> Iterator[Stack]:
    """Gateway, interceptor, language server and database, each a process."""
    folder = work_folder / "split"
    copy_database(database_template, folder / "postgres")
    running = split(folder, simulator, redis_url)
    yield running
    end(running)


@pytest.fixture
def arrangement() -> str:
    return "serve"


@pytest.fixture
def stack(request: pytest.FixtureRequest, arrangement: str) -> Stack:
    """A running gateway; see ``BOTH``."""
    running: Stack = request.getfixturevalue(f"{arrangement}_stack")
    return running
