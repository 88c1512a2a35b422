"""Every part a process of its own, over a Redis and a PostgreSQL that may die as well.

Any part can be killed, and started again where it was.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
from psycopg.conninfo import make_conninfo

from tests.e2e.processes import MANAGE, Process
from tests.e2e.stacks import CANARY, Simulator, Stack, wait_until
from tests.faults.redis_server import RedisServer, free_port
from zgproject.embedded_postgres.postmaster import find_postmaster


@dataclass(frozen=True, slots=True)
class Part:
    """How a process is started, and how it is known to be ready."""

    command: tuple[str, ...]
    settings: dict[str, str]
    ready: str
    """A pattern in its output, or the address that answers then."""


class Arrangement:
    """The processes by name: ``database``, ``interceptor``, ``language server``, ``gateway``; and Redis."""

    def __init__(
        self,
        folder: Path,
        simulator: Simulator,
        redis: RedisServer,
        environment: Callable[[str], Mapping[str, str]] = lambda name: {},
    ) -> None:
        """``environment``: what the part of this name gets beside its settings."""
        self.folder = folder
        self.simulator = simulator
        self.redis = redis
        self._environment = environment
        self._parts: dict[str, Part] = {}
        self._running: dict[str, Process] = {}
        self._settings = {
            "DATA_DIR": str(folder / "data"),
            "REDIS_URL": redis.url,
            "UPSTREAM_SIMULATED": "true",
            "UPSTREAM_URL": simulator.url,
            "UPSTREAM_CA_FILE": str(simulator.ca),
            "INTERCEPTOR_CA_FILE": str(folder / "data/interceptor/mitmproxy-ca-cert.pem"),
            "ZEROGRAVITY_TOKEN": CANARY,
        }
        self._stack: Stack | None = None
        self._limited: Stack | None = None

    def __getitem__(self, name: str) -> Process:
        return self._running[name]

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start a part, as often as you like, and return once it is ready, or at once."""
        written = self._begin(name)
        if wait:
            self._wait_for(name, written)

    def _begin(self, name: str) -> int:
        """Start it; the length of its log before."""
        part, written = self._parts[name], self.written(name)
        settings = {**part.settings, **self._environment(name)}
        self._running[name] = Process(part.command, self._log(name), settings)
        return written

    def written(self, name: str) -> int:
        """The length of its log by now, in characters."""
        log = self._log(name)
        return len(log.read_text(errors="replace")) if log.exists() else 0

    def _wait_for(self, name: str, written: int = 0) -> None:
        ready = self._parts[name].ready
        if ready.startswith("http"):
            wait_until(lambda: _answers(ready), within=60)
        else:
            self._running[name].wait_for(ready, written)

    def kill(self, name: str) -> None:
        """``kill -9``."""
        self._running[name].kill()

    def start_all(self) -> None:
        """The database, then all the other parts together, and two API keys.

        ``folder`` holds a PostgreSQL data folder with all tables, ``postgres``.
        """
        self.start_database()
        self._add_parts()
        self._start_together("interceptor", "language server", "gateway")
        self.stack.api_key = self.stack.make_api_key("default")
        limited = self.stack.make_api_key("default", concurrent_responses=1)
        self._limited = replace(self.stack, api_key=limited)

    def _start_together(self, *names: str) -> None:
        begun = {name: self._begin(name) for name in names}
        for name, written in begun.items():
            self._wait_for(name, written)

    @contextmanager
    def other_settings(self, *names: str, **settings: str) -> Iterator[None]:
        """These parts, started anew, have other settings in the block, and their own again after it."""
        own = {name: self._parts[name] for name in names}
        other = {name: replace(part, settings=part.settings | settings) for name, part in own.items()}
        try:
            self._start_anew(other)
            yield
        finally:
            self._start_anew(own)

    def _start_anew(self, parts: dict[str, Part]) -> None:
        for name in parts:
            self._running[name].stop()
        self._parts |= parts
        self._start_together(*parts)
        self.wait_until_ready()

    def start_database(self) -> None:
        module = "tests.e2e.database_process"
        command = (sys.executable, "-m", module, str(self.folder / "postgres"), "lasting")
        self._parts["database"] = Part(command, self._settings, r"^database ready (.+)$")
        self.start("database")
        self._settings["DATABASE_URL"] = f"postgres://postgres@/postgres?host={self._socket_dir}"

    def kill_database(self) -> None:
        """All its processes at once, as if the machine had lost power."""
        postmaster = find_postmaster(self.folder / "postgres")
        assert postmaster is not None
        os.kill(postmaster.pid, signal.SIGQUIT)
        self.kill("database")

    def _add_parts(self) -> None:
        """Each on a port that it keeps."""
        interceptor, language_server, gateway = free_port(), free_port(), free_port()
        settings = {
            **self._settings,
            "INTERCEPTOR_PORT": str(interceptor),
            "LANGUAGE_SERVER_PORT": str(language_server),
            "LANGUAGE_SERVER_URL": f"http://127.0.0.1:{language_server}",
        }
        base_url = f"http://127.0.0.1:{gateway}"
        daphne = (sys.executable, "-m", "daphne", "-p", str(gateway), "zgproject.asgi:application")
        serve = (*MANAGE, "runlanguageserver")
        self._parts |= {
            "interceptor": Part((*MANAGE, "runinterceptor"), settings, r"^interceptor ready"),
            "language server": Part(serve, settings, r"^language server ready"),
            "gateway": Part(daphne, settings, f"{base_url}/healthz"),
        }
        self._stack = Stack(
            name="faults",
            base_url=base_url,
            api_key="",
            simulator=self.simulator,
            conninfo=make_conninfo(host=self._socket_dir, user="postgres", dbname="postgres"),
            environment=settings,
            processes=[],
        )

    @property
    def stack(self) -> Stack:
        """The gateway and its database as tests see them."""
        assert self._stack is not None
        return self._stack

    @property
    def limited(self) -> Stack:
        """The same for the user of an API key that allows one response at a time."""
        assert self._limited is not None
        return self._limited

    def wait_until_ready(self) -> None:
        """Return once all joints are up."""
        wait_until(lambda: _answers(f"{self.stack.base_url}/readyz"), within=40)

    @contextmanager
    def whole_again(self) -> Iterator[None]:
        """Whatever died in the block runs again after it, ready."""
        try:
            yield
        finally:
            if not self.redis.running:
                self.redis.start()
            for name, process in list(self._running.items()):
                if not process.running:
                    self.start_database() if name == "database" else self.start(name)
            self.wait_until_ready()

    @contextmanager
    def logs_shown(self) -> Iterator[None]:
        """What the parts write in the block is printed, for pytest to show with a failure."""
        logs = [self._log(name) for name in self._parts]
        before = [self.written(name) for name in self._parts]
        try:
            yield
        finally:
            for log, written in zip(logs, before, strict=True):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[written:]}")

    def stop(self) -> None:
        """End everything, the gateways first."""
        if self._stack is not None:
            self._stack.stop()
            self.limited.stop()
        for name in reversed(self._running):
            self._running[name].stop()
        self.redis.kill()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.log"

    @property
    def _socket_dir(self) -> str:
        postmaster = find_postmaster(self.folder / "postgres")
        assert postmaster is not None
        return str(postmaster.socket_dir)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
