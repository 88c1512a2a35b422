"""Whole gateways as processes: all in one, and every part by itself."""

import socket
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import openai
import psycopg
from django.test import override_settings
from psycopg.abc import QueryNoTemplate
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from responses_api.access.api_keys import new_key
from tests.e2e.processes import MANAGE, Process
from tests.e2e.streams import Event, parse
from zgproject.embedded_postgres.postmaster import find_postmaster

CANARY = "canary-upstream-secret-5b1e8d"
"""The upstream credential of every stack here: it must turn up nowhere but upstream."""
MODEL = "gemini-3.8-flash"
# Not by ``createapikey``: a process for each key of each test takes longer than most of them.
_INSERT_KEY = """
WITH made AS (
    INSERT INTO auth_user (username, password, first_name, last_name, email,
                           is_superuser, is_staff, is_active, date_joined)
    VALUES (%(user)s, '!', '', '', '', false, false, true, now())
    ON CONFLICT (username) DO UPDATE SET username = excluded.username
    RETURNING id
)
INSERT INTO responses_api_apikey (name, owner_id, prefix, hash, created_at)
SELECT 'test', id, %(prefix)s, %(hash)s, now() FROM made
RETURNING id
"""
_FREE_PORTS = ("--port", "0", "--interceptor-port", "0", "--language-server-port", "0")


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator process, and the view into what has reached it."""

    process: Process
    url: str
    ca: Path
    http: httpx2.Client

    @property
    def stats(self) -> dict[str, int]:
        counts: dict[str, int] = self.http.get("/simulator/stats").json()
        return counts

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The last requests, oldest first: method, path, auth, body."""
        seen: list[dict[str, Any]] = self.http.get("/simulator/requests").json()
        return seen

    def request_with(self, text: str) -> dict[str, Any]:
        """The last request whose body contains ``text``."""
        return next(seen for seen in reversed(self.requests) if text in str(seen["body"]))

    def saw(self, text: str) -> bool:
        return any(text in str(seen["body"]) for seen in self.requests)

    @contextmanager
    def stream_is_closed(self, number: int = 1, *, within: float = 2) -> Iterator[None]:
        """So many streams are begun in the block, and closed by their client in it or soon after it."""
        wait_until(lambda: not self.stats["open_streams"], within=10)
        before = self.stats["aborted_streams"]
        yield
        wait_until(lambda: self.stats["aborted_streams"] >= before + number, within=within)
        assert self.stats == {**self.stats, "aborted_streams": before + number, "open_streams": 0}

    def close(self) -> None:
        self.http.close()
        self.process.stop()


@dataclass(slots=True)
class Stack:
    """A running gateway with its API key, its database and its processes (the gateway's first)."""

    name: str
    base_url: str
    api_key: str
    simulator: Simulator
    conninfo: str
    environment: dict[str, str]
    """For ``manage.py`` commands beside it."""
    processes: list[Process]
    login: tuple[str, str] = ("", "")
    """The admin's name and password, where they were printed."""
    _clients: dict[str, openai.OpenAI] = field(default_factory=dict, init=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def client(self, **options: Any) -> openai.OpenAI:
        """OpenAI's own client, which does not try again by itself; ``stop`` closes it."""
        known = repr(options)
        if known not in self._clients:
            self._clients[known] = openai.OpenAI(**{**self._options(), **options})
        return self._clients[known]

    def async_client(self, **options: Any) -> openai.AsyncOpenAI:
        """The same for asyncio."""
        return openai.AsyncOpenAI(**{**self._options(), **options})

    def http(self) -> httpx2.Client:
        """A plain client with the API key set."""
        return httpx2.Client(base_url=self.base_url, headers=self.headers, timeout=30, trust_env=False)

    def stream(self, text: str, **parameters: Any) -> list[Event]:
        """The events of a whole streamed answer to ``text``, off the wire; see ``streams.parse``."""
        body = {"model": MODEL, "input": text, "stream": True, **parameters}
        with self.http() as http:
            answer = http.post("/v1/responses", json=body)
        assert answer.status_code == 200, answer.text
        return parse(answer.text)

    def query(self, sql: QueryNoTemplate, **params: Any) -> list[dict[str, Any]]:
        """Rows of the gateway's database."""
        with psycopg.connect(self.conninfo, row_factory=dict_row) as connection:
            return connection.execute(sql, params).fetchall()

    def bookings(self, response_id: str) -> list[dict[str, Any]]:
        """Every trace of a response, with its usage row (``source`` None where it has none)."""
        return self.query(
            "SELECT t.outcome, t.error, t.turns, t.stream, t.response_summary, u.source, u.input_tokens,"
            " u.output_tokens, u.reasoning_tokens, u.total_tokens"
            " FROM responses_api_trace t LEFT JOIN responses_api_usage u ON u.trace_id = t.id"
            " WHERE t.response_id = %(id)s",
            id=response_id,
        )

    def booking(self, response_id: str) -> dict[str, Any]:
        """The one trace and usage row of a response; waits a moment for it to be closed."""

        def closed() -> bool:
            return any(row["outcome"] != "in_progress" for row in self.bookings(response_id))

        wait_until(closed, within=5)
        (row,) = self.bookings(response_id)
        assert row["source"] is not None
        return row

    def latest_booking(self) -> dict[str, Any]:
        """The booking of the newest exchange."""
        newest = self.query(
            "SELECT response_id FROM responses_api_trace WHERE kind = 'exchange'"
            " ORDER BY started_at DESC LIMIT 1"
        )
        return self.booking(newest[0]["response_id"])

    def make_api_key(self, user: str, **columns: Any) -> str:
        """A fresh key of this user, who is made if there is none of that name, with these columns set."""
        with override_settings(API_KEY_HASH_KEY=self._secret("api_key_hash_key")):
            plain, prefix, hashed = new_key()
        self.query(_INSERT_KEY, user=user, prefix=prefix, hash=hashed)
        for name, value in columns.items():
            change = SQL(
                "UPDATE responses_api_apikey SET {} = %(value)s WHERE prefix = %(prefix)s RETURNING id"
            )
            assert self.query(change.format(Identifier(name)), value=value, prefix=prefix)
        return plain

    @property
    def output(self) -> str:
        """What all its processes have written."""
        return "\n".join(process.output for process in self.processes)

    def stop(self, within: float = 20) -> list[int]:
        """End all processes, the gateway first; their exit codes."""
        for client in self._clients.values():
            client.close()
        return [process.stop(within=within) for process in self.processes]

    def _secret(self, name: str) -> str:
        """One of the secrets that the installation has made for itself."""
        return Path(self.environment["DATA_DIR"], "secrets", name).read_text().strip()

    def _options(self) -> dict[str, Any]:
        return {
            "base_url": f"{self.base_url}/v1",
            "api_key": self.api_key,
            "max_retries": 0,
            "timeout": 30,
        }


def wait_until(condition: Callable[[], bool], *, within: float) -> None:
    """Return once ``condition`` holds; AssertionError after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)


def start_simulator(folder: Path) -> Simulator:
    process = Process(
        (*MANAGE, "runsimulator", "--port", "0", "--data-dir", str(folder / "tls")),
        folder / "simulator.log",
        {"DATA_DIR": str(folder / "data")},
    )
    with _killed_on_failure([process]):
        ready = process.wait_for(r"^simulator ready (\S+) ca=(.+)$")
    url, ca = ready[1], Path(ready[2])
    verify = ssl.create_default_context(cafile=str(ca))
    return Simulator(process, url, ca, httpx2.Client(base_url=url, verify=verify, trust_env=False))


def make_database(folder: Path) -> Path:
    """The data folder of a PostgreSQL with all tables made, whose server has stopped."""
    settings = {"DATA_DIR": str(folder)}
    subprocess.run((*MANAGE, "migrate", "--verbosity", "0"), env=settings, check=True, capture_output=True)
    return folder / "postgres"


def copy_database(template: Path, folder: Path) -> None:
    """Copy a data folder of PostgreSQL to ``folder``, which is not there yet."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Its files belong to a user of its own where the tests run as root.
    subprocess.run(("cp", "-a", template, folder), check=True)


def serve(folder: Path, simulator: Simulator, **environment: str) -> Stack:
    """``manage.py serve`` on free ports, with its own embedded PostgreSQL in ``folder``.

    In a folder that was served from before, ``api_key`` and ``login`` are the ones printed then.
    An empty value in ``environment`` leaves the variable unset.
    """
    data_dir = folder / "data"
    settings = {"UPSTREAM_SIMULATED": "true", "GEMINI_API_KEY": CANARY, **environment}
    settings = {name: value for name, value in settings.items() if value}
    command = (
        *(*MANAGE, "serve", "--data-dir", str(data_dir), *_FREE_PORTS),
        *("--upstream-url", simulator.url, "--upstream-ca", str(simulator.ca)),
    )
    log = folder / "serve.log"
    written_before = len(log.read_text()) if log.exists() else 0
    process = Process(command, log, settings)
    with _killed_on_failure([process]):
        base_url = process.wait_for(r"^ +Base URL +(\S+)/v1$", written_before)[1]
        process.wait_for(r"^ +(API keys:|API key ) ", written_before)
        login = process.wait_for(r"login (\S+), password (\S+) ")
        return Stack(
            name="serve",
            base_url=base_url,
            api_key=process.wait_for(r"^ +API key +(\S+)")[1],
            simulator=simulator,
            conninfo=_embedded_conninfo(data_dir),
            environment={**settings, "DATA_DIR": str(data_dir)},
            processes=[process],
            login=(login[1], login[2]),
        )


def split(folder: Path, simulator: Simulator, redis_url: str) -> Stack:
    """Every part a process of its own: over Redis, with one PostgreSQL and the same data folder.

    ``folder`` holds a PostgreSQL data folder with all tables, ``postgres``.
    """
    settings = {
        "DATA_DIR": str(folder / "data"),
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": f"zg-test-{uuid.uuid4().hex}",
        "UPSTREAM_SIMULATED": "true",
        "UPSTREAM_URL": simulator.url,
        "UPSTREAM_CA_FILE": str(simulator.ca),
        "ZEROGRAVITY_TOKEN": CANARY,
    }
    command = (sys.executable, "-m", "tests.e2e.database_process", str(folder / "postgres"))
    database = Process(command, folder / "database.log", settings)
    started = [database]
    with _killed_on_failure(started):
        socket_dir = database.wait_for(r"^database ready (.+)$")[1]
        settings["DATABASE_URL"] = f"postgres://postgres@/postgres?host={socket_dir}"
        interceptor, found = _start_interceptor(folder, settings)
        started.append(interceptor)
        language_server, url = _start_language_server(folder, settings | found)
        started.append(language_server)
        settings |= {**found, "LANGUAGE_SERVER_URL": url}
        gateway, base_url = _start_gateway(folder, settings)
        started.append(gateway)
        stack = Stack(
            name="split",
            base_url=base_url,
            api_key="",
            simulator=simulator,
            conninfo=make_conninfo(host=socket_dir, user="postgres", dbname="postgres"),
            environment=settings,
            processes=[gateway, language_server, interceptor, database],
        )
        stack.api_key = stack.make_api_key("default")
        return stack


@dataclass(frozen=True, slots=True)
class FurtherParts:
    """A second interceptor and a second language server that calls through it."""

    interceptor: Process
    language_server: Process
    settings: dict[str, str]
    """Makes a gateway use them."""


def further_parts(stack: Stack, folder: Path) -> FurtherParts:
    """Join another interceptor and language server to a split stack; the caller ends them."""
    interceptor, found = _start_interceptor(folder, stack.environment)
    with _killed_on_failure([interceptor]):
        language_server, url = _start_language_server(folder, stack.environment | found)
    return FurtherParts(interceptor, language_server, {"LANGUAGE_SERVER_URL": url})


def language_server_beside(stack: Stack, folder: Path, **environment: str) -> tuple[Process, str]:
    """Another language server for a split stack, and its address; the caller ends it."""
    return _start_language_server(folder, stack.environment | environment)


def further_gateway(stack: Stack, folder: Path, **environment: str) -> tuple[Stack, Process]:
    """Join another gateway to a split stack; the caller ends its process."""
    process, base_url = _start_gateway(folder, stack.environment | environment)
    return replace(stack, base_url=base_url, processes=[process]), process


def _start_interceptor(folder: Path, settings: dict[str, str]) -> tuple[Process, dict[str, str]]:
    process = Process((*MANAGE, "runinterceptor", "--port", "0"), folder / "interceptor.log", settings)
    with _killed_on_failure([process]):
        ready = process.wait_for(r"^interceptor ready (\S+) ca=(.+)$")
    return process, {"INTERCEPTOR_URL": ready[1], "INTERCEPTOR_CA_FILE": ready[2]}


def _start_language_server(folder: Path, settings: dict[str, str]) -> tuple[Process, str]:
    process = Process((*MANAGE, "runlanguageserver", "--port", "0"), folder / "server.log", settings)
    with _killed_on_failure([process]):
        return process, process.wait_for(r"^language server ready (\S+)")[1]


def _start_gateway(folder: Path, settings: dict[str, str]) -> tuple[Process, str]:
    # Daphne gets the listening socket: it cannot say which free port it took.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        descriptor = listener.fileno()
        command = (sys.executable, "-m", "daphne", "--fd", str(descriptor), "zgproject.asgi:application")
        process = Process(command, folder / "gateway.log", settings, pass_fds=(descriptor,))
    with _killed_on_failure([process]), httpx2.Client(base_url=base_url, trust_env=False) as http:
        assert http.get("/healthz", timeout=40).status_code == 200
    return process, base_url


@contextmanager
def _killed_on_failure(processes: list[Process]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for process in processes:
            process.kill()
        raise


def _embedded_conninfo(data_dir: Path) -> str:
    postmaster = find_postmaster(data_dir / "postgres")
    assert postmaster is not None
    return make_conninfo(host=str(postmaster.socket_dir), user="postgres", dbname="postgres")
