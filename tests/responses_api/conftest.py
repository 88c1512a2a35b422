"""What the gateway's tests share."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from responses_api.runtime import database


@pytest.fixture
def database_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads of the test's own, whose connections are closed before the tests' database is removed."""
    count = 4
    everyone = threading.Barrier(count)

    def leave() -> None:
        everyone.wait()
        connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        monkeypatch.setattr(database, "_threads", lambda: threads)
        yield
        for left in [threads.submit(leave) for _ in range(count)]:
            left.result()
