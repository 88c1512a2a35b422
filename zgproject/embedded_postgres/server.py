"""Who uses the server of a data folder: started on first use, stopped after the last.

Every process that uses it holds a shared lock on the file ``<data folder>.users``. The
operating system drops the lock when the process ends, however it ends, so there are no stale
entries. Who can take the lock exclusively knows that nobody uses the server and may stop it:
a process that ends in an orderly way tries so itself, and ``watchdog`` waits for it otherwise.

Safe with several threads and processes that connect at once, and across ``fork``.
Standard library only: the watchdog starts without Django.
"""

import atexit
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from zgproject.embedded_postgres.cluster import START_SECONDS, ClusterError, start_cluster
from zgproject.embedded_postgres.postmaster import POLL_SECONDS, Postmaster, find_postmaster, shut_down

_PROJECT_DIR = Path(__file__).resolve().parents[2]

_lock = threading.RLock()
_held: dict[Path, int] = {}


def ensure_running(data_dir: Path, settings: Mapping[str, str] | None = None) -> Path:
    """Start the server of ``data_dir`` unless it runs; it keeps running while this process does.

    Args:
        data_dir: the data folder; made on first use.
        settings: PostgreSQL's settings by name for a server that is started now.

    Returns:
        The folder of its socket, which is what libpq takes as ``host``.

    Raises:
        ClusterError: it cannot be started.
    """
    data_dir = data_dir.resolve()
    with _lock:
        if data_dir not in _held:
            data_dir.parent.mkdir(parents=True, exist_ok=True)
            # Waits for a server that is being stopped right now.
            _held[data_dir] = _open_locked(users_file(data_dir), fcntl.LOCK_SH)
            atexit.register(stop)
        postmaster = find_postmaster(data_dir)
        if postmaster is None or not postmaster.ready:
            postmaster = _start(data_dir, settings or {})
    if postmaster.socket_dir is None:
        raise ClusterError(f"the server of {data_dir} has no socket")
    return postmaster.socket_dir


def stop() -> None:
    """Give up every server this process uses; stop those that no other process uses.

    Open connections are cut. May be called again, and a later connection starts the server
    again. Called at the end of the process in any case.
    """
    atexit.unregister(stop)
    with _lock:
        while _held:
            data_dir, descriptor = _held.popitem()
            try:
                _stop_if_last(data_dir, descriptor)
            finally:
                os.close(descriptor)


def users_file(data_dir: Path) -> Path:
    """The file whose shared lock a user of the server holds."""
    return data_dir.with_name(data_dir.name + ".users")


def _stop_if_last(data_dir: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # Another process uses it, then this comes back at once; or the watchdog was faster,
        # then it comes back when the server has stopped.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return
    postmaster = find_postmaster(data_dir)
    if postmaster is not None:
        shut_down(postmaster)


def _start(data_dir: Path, settings: Mapping[str, str]) -> Postmaster:
    with _starting(data_dir):
        postmaster = find_postmaster(data_dir)
        if postmaster is None:
            # First, so that nothing is left behind should we be killed from here on.
            _spawn_watchdog(data_dir)
            start_cluster(data_dir, settings)
        return _await_ready(data_dir)


def _await_ready(data_dir: Path) -> Postmaster:
    """At once, except after a starter that was killed while its server recovered from a crash."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        postmaster = find_postmaster(data_dir)
        if postmaster is None:
            break
        if postmaster.ready:
            return postmaster
        time.sleep(POLL_SECONDS)
    raise ClusterError(f"the server of {data_dir} did not become ready; see {data_dir / 'log'}")


def _spawn_watchdog(data_dir: Path) -> None:
    # It detaches itself at once, so this returns as soon as it has started.
    subprocess.run(
        [sys.executable, "-S", "-m", "zgproject.embedded_postgres.watchdog", str(data_dir)],
        cwd=_PROJECT_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )


@contextmanager
def _starting(data_dir: Path) -> Iterator[None]:
    """One starter at a time, among all processes."""
    descriptor = _open_locked(data_dir.with_name(data_dir.name + ".starting"), fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def _open_locked(path: Path, operation: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, operation)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _forget_in_child() -> None:
    """A forked child is a user of its own from its own first connection on.

    Its copies of the descriptors share the parent's lock: unlocking them would take it from
    the parent, closing them does not.
    """
    global _lock
    _lock = threading.RLock()
    for descriptor in _held.values():
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget_in_child)
