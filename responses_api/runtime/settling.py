"""Work that ends a response and must be done before the process may stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from responses_api.runtime.tasks import spawn

_settling: set[asyncio.Task[None]] = set()


def settle(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run ``work``, whatever becomes of the caller."""
    task = spawn(work, name="book response")
    _settling.add(task)
    task.add_done_callback(_settling.discard)
    return task


async def drain(patience: float) -> None:
    """Wait up to ``patience`` seconds until all of it is done."""
    if _settling:
        await asyncio.wait(set(_settling), timeout=patience)
