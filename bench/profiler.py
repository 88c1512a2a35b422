"""Profiles of the gateway's process, taken by py-spy while it is under load."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

_RATE = 400
"""Samples per second."""
_WRITE_PATIENCE = 60.0


class ProfilingFailed(Exception):
    """py-spy could not look into the process; the text is its own."""


def profiler(folder: Path) -> Callable[[str, int], AbstractContextManager[None]]:
    """A profiler that writes ``NAME.speedscope.json`` into ``folder``, to be opened in speedscope."""
    folder.mkdir(parents=True, exist_ok=True)
    return lambda name, pid: _profiled(folder / f"{name}.speedscope.json", pid)


@contextmanager
def _profiled(file: Path, pid: int) -> Iterator[None]:
    file.unlink(missing_ok=True)
    options = ["--rate", str(_RATE), "--threads", "--format", "speedscope", "--output", str(file)]
    program = Path(sys.executable).with_name("py-spy")
    process = subprocess.Popen(
        [program, "record", "--pid", str(pid), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        time.sleep(1)  # until it has read the process's symbols
        yield
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=_WRITE_PATIENCE)
    finally:
        process.kill()
        process.wait()
    if not file.exists():
        raise ProfilingFailed(f"py-spy wrote no profile: {said.decode(errors='replace').strip()}")
