"""A Redis server of the tests' own, which may be killed and started again on its port."""

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import redis

from tests.e2e.stacks import wait_until


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class RedisServer:
    """Keeps nothing on disk: after a restart it knows of nobody."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("no redis-server on this machine")
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}
        self._port = free_port()
        self._command = [program, "--port", str(self._port), "--save", "", "--appendonly", "no"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it, and return once it answers."""
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "--bind", "127.0.0.1", "--dir", str(self._folder)],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, within=10)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_connect_timeout=1) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False
