import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zgproject.embedded_postgres.postmaster import find_postmaster

PROJECT_DIR = Path(__file__).parents[3]
PATIENCE = 60.0


class UserProcess:
    """``user_process.py`` as seen by a test."""

    def __init__(self, data_dir: Path, environment: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-X",
                "utf8",
                "-m",
                "tests.zgproject.embedded_postgres.user_process",
                str(data_dir),
            ],
            cwd=PROJECT_DIR,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self, command: str) -> str:
        self.tell(command)
        return self.hear()

    def end(self) -> None:
        """Let it end in an orderly way, and wait for that."""
        self._process.communicate(timeout=PATIENCE)

    def kill(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self.end()


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data folder that the tests of a module use one after the other; its server is stopped between them."""
    folder = Path(tempfile.mkdtemp(prefix="zg-pg-"))
    yield folder / "postgres"
    wait_until_gone(folder / "postgres")
    shutil.rmtree(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, which the server's user can be let into."""
    # Not pytest's own: its path is long, and its parents are closed for the server's user.
    made = Path(tempfile.mkdtemp(prefix="zg-pg-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def use(data_dir: Path, folder: Path) -> Iterator[Callable[..., UserProcess]]:
    """``use()`` starts a process that uses the module's server, ``use(path)`` another one.

    All have ended, and their servers with them, before ``folder`` is removed.
    """
    processes: list[UserProcess] = []

    def start(folder: Path = data_dir, **environment: str) -> UserProcess:
        process = UserProcess(folder, environment)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.end()
    for folder in {process.data_dir for process in processes}:
        wait_until_gone(folder)


def wait_until_gone(data_dir: Path) -> None:
    wait_until(lambda: find_postmaster(data_dir) is None)


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when ``condition()`` holds; fail if it does not for a minute."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
