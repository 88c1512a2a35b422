"""Deletes what is old, batch by batch, by one process at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from responses_api.retention.rules import Rule, current_rules

BATCH = 1000
"""Rows in one transaction."""
REST = 1.0
"""Pause after each batch, in multiples of the time that it took: the traffic comes first."""
_LOCK = 0x7A675F7075726765
"""Of PostgreSQL's advisory locks, the one that whoever purges holds."""


def purge(
    *, batch: int = BATCH, rest: float = REST, stopped: threading.Event | None = None
) -> dict[str, int] | None:
    """Delete everything that is old.

    Args:
        batch: rows in one transaction.
        rest: see ``REST``.
        stopped: set it, and the purge ends after its present batch.

    Returns:
        How many rows went, by the names of the rules; None if another process is at it.
    """
    stopped = stopped or threading.Event()
    with _alone() as alone:
        if not alone:
            return None
        return {rule.name: _apply(rule, batch, rest, stopped) for rule in current_rules()}


def count() -> dict[str, int]:
    """How many rows a purge would delete now, by the names of the rules."""
    return {rule.name: rule.count() for rule in current_rules()}


def _apply(rule: Rule, batch: int, rest: float, stopped: threading.Event) -> int:
    deleted = 0
    steps = rule.batches(batch)
    while not stopped.is_set():
        began = time.monotonic()
        step = next(steps, None)
        if step is None:
            break
        deleted += step
        stopped.wait(rest * (time.monotonic() - began))
    return deleted


@contextmanager
def _alone() -> Iterator[bool]:
    """Holds the lock, if it is free. It belongs to the connection, so that it ends with the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
