"""A simulator that listens: HTTPS with the given certificate, plain HTTP without one."""

import ssl
from dataclasses import dataclass

from aiohttp import web

from .app import RECORD, SimulatorOptions, create_app
from .record import Record
from .tls import TlsFiles


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """A listening simulator; ``port`` is the real one, also when any was asked for."""

    host: str
    port: int
    tls: TlsFiles | None
    record: Record
    runner: web.AppRunner

    @property
    def url(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"{'http' if self.tls is None else 'https'}://{self.host}:{self.port}"

    async def close(self) -> None:
        """Stop listening and end every stream at once."""
        await self.runner.cleanup()


async def start(
    host: str = "127.0.0.1",
    port: int = 0,
    tls: TlsFiles | None = None,
    options: SimulatorOptions | None = None,
) -> RunningSimulator:
    """Listen on ``host`` and ``port`` (0: any free one).

    Raises:
        OSError: the address is in use, or the certificate files cannot be read.
    """
    app = create_app(options)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=None if tls is None else _server_context(tls))
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    return RunningSimulator(host, runner.addresses[0][1], tls, app[RECORD], runner)


def _server_context(tls: TlsFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    context.set_alpn_protocols(["http/1.1"])
    return context
