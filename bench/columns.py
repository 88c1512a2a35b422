"""The arrangement of the ``Procfile``, on free ports and in a folder that is removed afterwards."""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil  # type: ignore[import-untyped]
import redis

from bench import processes
from bench.stack import LoadGenerator, load_generator, log_shown, new_api_key
from interceptor.simulator.tls import ensure_tls_files

COLUMNS = 2
_REDIS = "redis://127.0.0.1:6379/0"
_START_SECONDS = 120.0
_PORTS = (
    "SIMULATOR",
    *(f"{kind}{n}" for n in (1, 2) for kind in ("INTERCEPTOR", "LANGUAGE_SERVER", "GATEWAY")),
)
_KINDS = {"runinterceptor": "interceptors", "runlanguageserver": "language servers", "daphne": "gateways"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Two columns under load."""

    generator: LoadGenerator
    honcho: int
    upstream_url: str
    ca: Path

    def private_bytes(self) -> dict[str, int]:
        """Private memory of the processes of each kind, together; the simulator is not one of ours."""
        found = dict.fromkeys(_KINDS.values(), 0)
        for kind, pid in self._processes():
            found[kind] += processes.private_bytes(pid)
        return found

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time of the processes of each kind so far, together."""
        found = dict.fromkeys(_KINDS.values(), 0.0)
        for kind, pid in self._processes():
            found[kind] += processes.cpu_seconds(pid)
        return found

    def open_streams(self) -> int:
        """At the simulator."""
        return int(_get_json(f"{self.upstream_url}/simulator/stats", self.ca)["open_streams"])

    def _processes(self) -> Iterator[tuple[str, int]]:
        for process in psutil.Process(self.honcho).children(recursive=True):
            line = " ".join(process.cmdline())
            for word, kind in _KINDS.items():
                if word in line and not line.startswith(("/bin/sh", "sh ")):
                    yield kind, process.pid


@contextmanager
def running_columns() -> Iterator[Columns]:
    """Start all, and leave nothing behind, however the block ends.

    Raises:
        ProcessFailed: something did not start, or there is no Redis.
    """
    prefix = f"zg-bench-{uuid.uuid4().hex}"
    _check_redis()
    # The database server's own user must be able to pass through: not below a private folder of ours.
    with tempfile.TemporaryDirectory(prefix="zg-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        ports = _free_ports(len(_PORTS))
        environment = _environment(data, dict(zip(_PORTS, ports, strict=True)), prefix)
        ca = ensure_tls_files(data / "simulator").ca
        try:
            _manage(environment, "migrate", "--verbosity", "0")
            _manage(environment, "seedmodels")
            key = new_api_key(environment)
            log = Path(folder, "columns.log")
            with processes.running(["-m", "honcho", "start", "-f", "Procfile"], environment, log) as honcho:
                bases = [f"http://127.0.0.1:{environment[f'GATEWAY{n}_PORT']}" for n in (1, 2)]
                with log_shown(log):
                    for base in bases:
                        _wait_until_ready(base, honcho, log)
                    upstream = environment["UPSTREAM_URL"]
                    urls = ",".join(f"{base}/v1" for base in bases)
                    with load_generator(environment, urls, upstream, str(ca), key) as generator:
                        yield Columns(generator, honcho.pid, upstream, ca)
        finally:
            processes.wait_until_stopped(data / "postgres")


def _environment(data: Path, ports: dict[str, int], prefix: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "BIN": str(Path(sys.executable).parent),
        "DATA_DIR": str(data),
        "DATABASE_URL": "",
        "REDIS_URL": _REDIS,
        "REDIS_PREFIX": prefix,
        "UPSTREAM_URL": f"https://127.0.0.1:{ports['SIMULATOR']}",
        "UPSTREAM_CA_FILE": str(data / "simulator" / "ca.pem"),
        "UPSTREAM_SIMULATED": "true",
        "GEMINI_API_KEY": "",
        "ZEROGRAVITY_TOKEN": "",
        # Hundreds of streams that begin together may take longer than one alone.
        "GATE_TIMEOUT": "30",
        **{f"{name}_PORT": str(port) for name, port in ports.items()},
    }


def _check_redis() -> None:
    try:
        with redis.Redis.from_url(_REDIS, socket_connect_timeout=2) as client:
            client.ping()
    except redis.ConnectionError as error:
        raise processes.ProcessFailed(f"this scenario needs a Redis at {_REDIS}: {error}") from None


def _manage(environment: dict[str, str], *arguments: str) -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=environment,
        cwd=processes.ROOT,
        capture_output=True,
        text=True,
        timeout=_START_SECONDS,
        check=False,
    )
    if ran.returncode:
        raise processes.ProcessFailed(f"{' '.join(arguments)} failed:\n{ran.stderr}")


def _wait_until_ready(base: str, honcho: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            if _get(f"{base}/readyz"):
                return
        if honcho.poll() is not None or time.monotonic() > deadline:
            raise processes.ProcessFailed(f"{base} is not ready:\n{processes.tail(log)}")
        time.sleep(0.2)


def _get(url: str, ca: Path | None = None) -> bytes:
    context = ssl.create_default_context(cafile=str(ca)) if ca else None
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        body: bytes = answer.read()
    return body


def _get_json(url: str, ca: Path) -> dict[str, Any]:
    return msgspec.json.decode(_get(url, ca), type=dict[str, Any])


def _free_ports(number: int) -> Sequence[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [one.getsockname()[1] for one in sockets]
