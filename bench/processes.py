"""Child processes: start and stop them, and what they cost."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from psycopg.conninfo import make_conninfo

from zgproject.embedded_postgres.postmaster import find_postmaster

ROOT = Path(__file__).resolve().parents[1]
_STOP_PATIENCE = 10.0
_POLL = 0.05


class ProcessFailed(Exception):
    """A process of the benchmark did not start or ended early; the text holds the end of its log."""


@contextmanager
def running(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """``python ARGUMENTS`` for the length of the block, its output in ``log``.

    In a session of its own: a Ctrl-C in the terminal reaches the benchmark, which stops its
    processes in order.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    """End it in an orderly way, or by force if it does not listen."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(_STOP_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(process: subprocess.Popen[bytes], log: Path, pattern: str, seconds: float) -> re.Match[str]:
    """Where ``pattern`` first appears in the log.

    Raises:
        ProcessFailed: the process ended first, or nothing came in time.
    """
    deadline = time.monotonic() + seconds
    while (found := re.search(pattern, log.read_text(errors="replace"))) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise ProcessFailed(f"{' '.join(map(str, process.args[1:]))} did not start:\n{tail(log)}")  # type: ignore[index]
        time.sleep(_POLL)
    return found


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def cpu_seconds(pid: int) -> float:
    """User and system time so far of the process ``pid`` and all its descendants.

    Descendants that have ended count too: the operating system adds their time to their parent's.

    Raises:
        ProcessFailed: there is no such process.
    """
    root = _process(pid)
    total = 0.0
    for each in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def database_pid(data_dir: Path) -> int:
    """The PostgreSQL server that runs on ``data_dir``; it is no child of the gateway.

    Raises:
        ProcessFailed: there is none.
    """
    postmaster = find_postmaster(data_dir)
    if postmaster is None:
        raise ProcessFailed(f"no PostgreSQL server runs on {data_dir}")
    return postmaster.pid


def conninfo(data_dir: Path) -> str:
    """How to connect to the PostgreSQL server that runs on ``data_dir``.

    Raises:
        ProcessFailed: there is none.
    """
    postmaster = find_postmaster(data_dir)
    if postmaster is None:
        raise ProcessFailed(f"no PostgreSQL server runs on {data_dir}")
    return make_conninfo(host=str(postmaster.socket_dir), user="postgres", dbname="postgres")


def private_bytes(pid: int) -> int:
    """Memory that only the process ``pid`` uses (USS): what would be free without it.

    Raises:
        ProcessFailed: there is no such process.
    """
    return int(_process(pid).memory_full_info().uss)


def _process(pid: int) -> psutil.Process:
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        process = None
    if process is None or process.status() == psutil.STATUS_ZOMBIE:
        raise ProcessFailed(f"process {pid} has ended in the middle of the benchmark")
    return process


def wait_until_stopped(database: Path) -> None:
    """Return when no server runs on ``database``, killed if it does not end by itself."""
    deadline = time.monotonic() + _STOP_PATIENCE
    while (postmaster := find_postmaster(database)) is not None:
        if time.monotonic() > deadline:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(postmaster.pid).send_signal(signal.SIGQUIT)
            deadline += _STOP_PATIENCE
        time.sleep(_POLL)
