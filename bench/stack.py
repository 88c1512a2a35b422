"""Simulator, gateway and load generator: processes of their own, in a folder that is removed afterwards."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import load, processes
from bench.load import Command, Result

_START_SECONDS = 120.0


class LoadGenerator:
    """The other end of ``bench.generator``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def send(self, command: Command) -> Result:
        """Have ``command`` done.

        Raises:
            ProcessFailed: the load generator has ended; its traceback is on the terminal.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(load.encode(command) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self._process.stdout.readline()
        if not answer:
            raise processes.ProcessFailed("the load generator has ended")
        return load.decode_result(answer)


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Seconds of CPU time, user and system."""

    gateway: float
    """The gateway's process, with interceptor and language server."""
    database: float
    """All processes of its PostgreSQL."""

    def __sub__(self, other: "CpuTime") -> "CpuTime":
        return CpuTime(self.gateway - other.gateway, self.database - other.database)

    def __truediv__(self, number: int) -> "CpuTime":
        return CpuTime(self.gateway / number, self.database / number)


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that takes part in a measurement."""

    simulator: subprocess.Popen[bytes]
    gateway: subprocess.Popen[bytes]
    database_pid: int
    generator: LoadGenerator
    base_url: str
    api_key: str
    environment: dict[str, str]
    """For ``manage.py`` commands beside it."""

    @property
    def conninfo(self) -> str:
        """Leads to its database."""
        return processes.conninfo(Path(self.environment["DATA_DIR"], "postgres"))

    def cpu_time(self) -> CpuTime:
        """What gateway and database have used so far."""
        return CpuTime(processes.cpu_seconds(self.gateway.pid), processes.cpu_seconds(self.database_pid))

    def gateway_bytes(self) -> int:
        """Private memory of the gateway's process."""
        return processes.private_bytes(self.gateway.pid)

    def simulator_bytes(self) -> int:
        """Private memory of the simulator's process."""
        return processes.private_bytes(self.simulator.pid)


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Start all, and leave nothing behind, however the block ends.

    Raises:
        ProcessFailed: something did not start.
    """
    # The server's own user must be able to pass through: not below a private folder of ours.
    with tempfile.TemporaryDirectory(prefix="zg-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        database = data / "postgres"
        try:
            with _simulator(Path(folder)) as (simulator, url, ca):
                log = Path(folder, "gateway.log")
                environment = _environment(data, url, ca)
                with processes.running(["manage.py", "serve"], environment, log) as gateway:
                    base = processes.wait_for(gateway, log, r"Base URL\s+(\S+)", _START_SECONDS)[1]
                    key = new_api_key(environment)
                    with load_generator(environment, base, url, ca, key) as generator, log_shown(log):
                        pid = processes.database_pid(database)
                        yield Stack(simulator, gateway, pid, generator, base, key, environment)
        finally:
            processes.wait_until_stopped(database)


@contextmanager
def _simulator(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    log = folder / "simulator.log"
    arguments = ["manage.py", "runsimulator", "--data-dir", str(folder / "simulator")]
    with processes.running(arguments, {"DATA_DIR": str(folder / "unused")}, log) as process:
        ready = processes.wait_for(process, log, r"simulator ready (\S+) ca=(\S+)", _START_SECONDS)
        yield process, ready[1], ready[2]


@contextmanager
def log_shown(log: Path) -> Iterator[None]:
    """Show the end of the gateway's log if a measurement fails."""
    try:
        yield
    except Exception:
        print(f"The gateway's log ends with:\n{processes.tail(log)}\n", file=sys.stderr)
        raise


def _environment(data: Path, upstream_url: str, upstream_ca: str) -> dict[str, str]:
    """A gateway as it is installed, whatever the shell or an ``.env`` file says."""
    return {
        "PATH": os.defpath,
        "DATA_DIR": str(data),
        "PORT": "0",
        "INTERCEPTOR_PORT": "0",
        "LANGUAGE_SERVER_PORT": "0",
        "UPSTREAM_URL": upstream_url,
        "UPSTREAM_CA_FILE": upstream_ca,
        "UPSTREAM_SIMULATED": "true",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "GEMINI_API_KEY": "",
        "ZEROGRAVITY_TOKEN": "",
        # Nothing is deleted by age but by the scenario that measures that.
        "RETENTION_CAPTURES_DAYS": "0",
        "RETENTION_RESPONSES_DAYS": "0",
        "RETENTION_TRACES_DAYS": "0",
    }


def new_api_key(environment: dict[str, str]) -> str:
    made = subprocess.run(
        [sys.executable, "manage.py", "createapikey", "--name", "bench", "--quiet"],
        env=environment,
        cwd=processes.ROOT,
        capture_output=True,
        text=True,
        timeout=_START_SECONDS,
        check=False,
    )
    if made.returncode:
        raise processes.ProcessFailed(f"no API key could be made:\n{made.stderr}")
    return made.stdout.strip()


@contextmanager
def load_generator(
    environment: dict[str, str], gateway_url: str, upstream_url: str, ca: str, key: str
) -> Iterator[LoadGenerator]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.generator", gateway_url, upstream_url, ca],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=processes.ROOT,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(key.encode() + b"\n")
        process.stdin.flush()
        yield LoadGenerator(process)
    finally:
        processes.stop(process, signal.SIGKILL)
        process.stdin.close()
        process.stdout.close()
