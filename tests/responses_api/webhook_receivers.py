"""Receivers of webhooks on loopback: they keep what they are sent, and answer as they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from interceptor.simulator.tls import TlsFiles


@dataclass(frozen=True)
class Report:
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass
class Receiver:
    port: int = 0
    tls: bool = False
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; 200 when there are no more. 0: no answer."""
    reports: list[Report] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://localhost:{self.port}/hook?token=t0ken"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        async with self._arrived:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.reports.append(Report(headers, body))
            self._arrived.notify_all()
        status = self.answers.pop(0) if self.answers else 200
        if not status:
            await asyncio.Event().wait()
        return web.Response(status=status, headers={"Location": self.url} if status // 100 == 3 else None)

    async def received(self, count: int) -> list[Report]:
        """The reports, once there are so many."""
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(lambda: len(self.reports) >= count)
        return self.reports


@asynccontextmanager
async def webhook_receiver(tls: TlsFiles | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(tls=tls is not None)
    runner = web.ServerRunner(web.Server(receiver.handle, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    context = None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls.certificate, tls.key)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
