"""Runs a coroutine that never really waits: in the test's own thread, which has its transaction."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from responses_api.runtime import database


def run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Database functions run in the caller's thread, at once."""

    async def run[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    monkeypatch.setattr(database, "run", run)


def finish[T](coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result; it must not wait for anything. No event loop, so that Django lets it in."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    raise AssertionError("the coroutine waits")
