"""Real processes of the project: started, waited for, ended, with what they wrote at hand."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, str(ROOT / "manage.py"))

_READY_SECONDS = 40.0
_POLL_SECONDS = 0.02
_OF_THE_CALLER = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")


class ProcessFailed(Exception):
    """A process ended, or was not ready, when it should have been; the text has its output."""


class Process:
    """One process with its own log file. Its environment is what is given here and nothing else."""

    def __init__(
        self,
        command: tuple[str, ...],
        log: Path,
        environment: Mapping[str, str],
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        self._log = log
        inherited = {name: os.environ[name] for name in _OF_THE_CALLER if name in os.environ}
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**inherited, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=pass_fds,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def output(self) -> str:
        """Everything it has written so far."""
        return self._log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def wait_for(self, pattern: str, after: int = 0) -> re.Match[str]:
        """The first match of ``pattern`` in its output, from character ``after`` on.

        Raises:
            ProcessFailed: it ended without, or took too long.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            running = self.running
            if found := re.compile(pattern, re.MULTILINE).search(self.output, after):
                return found
            if not running or time.monotonic() > deadline:
                state = "not ready in time" if running else f"exit code {self._popen.returncode}"
                raise ProcessFailed(f"{state}, no {pattern!r} in:\n{self.output}")
            time.sleep(_POLL_SECONDS)

    def send_signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGINT, within: float = 20.0) -> int:
        """Ask it to end; its exit code.

        Raises:
            ProcessFailed: it did not end within ``within`` seconds. It has been killed then.
        """
        if self.running:
            self.send_signal(number)
        try:
            return self._popen.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailed(f"did not end within {within} s:\n{self.output}") from None

    def kill(self) -> None:
        """End it and whatever it has started in its session, now."""
        if self.running:
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def processes_using(folder: Path) -> list[str]:
    """Command lines of all processes of this machine that mention ``folder``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found
