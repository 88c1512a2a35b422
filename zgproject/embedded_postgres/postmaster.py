"""The running server of a data folder, as its ``postmaster.pid`` tells. Standard library only."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.01
STOP_PATIENCE = 30.0


@dataclass(frozen=True)
class Postmaster:
    """One server process.

    Attributes:
        data_dir: the folder it serves.
        pid: its process id.
        socket_dir: the folder of its socket; None until it listens.
        ready: whether it accepts connections.
    """

    data_dir: Path
    pid: int
    socket_dir: Path | None
    ready: bool

    def is_running(self) -> bool:
        """Whether the process lives and is this server, not another one that got its number since."""
        try:
            # A server's working folder is its data folder; a process that is only waiting to
            # be reaped has none.
            return os.path.samefile(f"/proc/{self.pid}/cwd", self.data_dir)
        except OSError:
            return not os.path.exists("/proc/self/cwd") and _exists(self.pid)


def find_postmaster(data_dir: Path) -> Postmaster | None:
    """The server that runs on ``data_dir``, or None.

    Source: https://www.postgresql.org/docs/18/storage-file-layout.html (postmaster.pid): pid, data
    folder, start time, port, socket folder, listen address, shared memory, status; the lines
    come one after the other while the server starts.
    """
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    postmaster = Postmaster(
        data_dir=data_dir,
        pid=pid,
        socket_dir=Path(lines[4]) if len(lines) > 4 and lines[4] else None,
        ready=len(lines) > 7 and lines[7].strip() == "ready",
    )
    return postmaster if postmaster.is_running() else None


def shut_down(postmaster: Postmaster) -> None:
    """Stop the server and wait for its end; open connections are cut, transactions rolled back.

    Does nothing if it has ended already. A server that does not stop in ``STOP_PATIENCE``
    seconds is stopped at once, and recovers from its log on the next start.
    """
    if not _signal_and_wait(postmaster, signal.SIGINT):
        _signal_and_wait(postmaster, signal.SIGQUIT)
    if postmaster.socket_dir not in (None, postmaster.data_dir):
        with contextlib.suppress(OSError):
            postmaster.socket_dir.rmdir()


def _signal_and_wait(postmaster: Postmaster, number: signal.Signals) -> bool:
    """Whether the server has ended within ``STOP_PATIENCE`` seconds of the signal.

    SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one.
    Source: https://www.postgresql.org/docs/18/server-shutdown.html
    """
    if postmaster.is_running():
        with contextlib.suppress(ProcessLookupError):
            os.kill(postmaster.pid, number)
    deadline = time.monotonic() + STOP_PATIENCE
    while postmaster.is_running():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
