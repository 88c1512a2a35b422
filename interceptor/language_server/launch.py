"""Running the language server as a program: wait for the CA, serve, end on a signal."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from responses_api.runtime.memory import settle_down

from .config import LanguageServerConfig
from .server import start

CA_PATIENCE_SECONDS = 30.0
_CA_POLL_SECONDS = 0.2


class CaFileMissing(Exception):
    """The interceptor's CA certificate did not appear."""


async def serve(
    config: LanguageServerConfig,
    announce: Callable[[str], None],
    *,
    ca_patience: float = CA_PATIENCE_SECONDS,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: What to serve.
        announce: Gets each line that the operator should read; the last one before serving is
            ``language server ready URL``.
        ca_patience: Seconds to wait for ``config.ca_file``, which the interceptor makes when it
            is started for the first time.

    Raises:
        CaFileMissing: it did not come.
        OSError: the address is taken, or the CA file cannot be used.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        if config.ca_file is not None:
            await _until_there(config.ca_file, stopped, announce, ca_patience)
        if stopped.is_set():
            return
        server = await start(config)
        settle_down()
        announce(f"language server ready {server.url}")
        await stopped.wait()
        await server.close()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _until_there(
    path: Path, stopped: asyncio.Event, announce: Callable[[str], None], patience: float
) -> None:
    if _is_complete(path):
        return
    announce(f"waiting for the interceptor's CA certificate at {path}")
    deadline = asyncio.get_running_loop().time() + patience
    while not (stopped.is_set() or _is_complete(path)):
        if asyncio.get_running_loop().time() > deadline:
            raise CaFileMissing(
                f"No CA certificate at {path} after {patience:g} s: start the interceptor first, "
                "or point INTERCEPTOR_CA_FILE at its certificate."
            )
        await _pause(stopped.wait(), _CA_POLL_SECONDS)


async def _pause(wake: Awaitable[object], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(wake, seconds)


def _is_complete(path: Path) -> bool:
    """Whether the certificate is there to its end, not caught while it is being written."""
    try:
        return b"-----END CERTIFICATE-----" in path.read_bytes()
    except OSError:
        return False
