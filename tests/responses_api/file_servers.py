"""Servers of images and files on loopback, for what fetches them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from interceptor.simulator.tls import TlsFiles

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@dataclass
class FileServer:
    """An HTTPS server; answers 404 where no handler is set."""

    port: int = 0
    handlers: dict[str, Handler] = field(default_factory=dict)
    requests: list[web.BaseRequest] = field(default_factory=list)

    def url(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def serve(self, path: str, body: bytes = PNG, status: int = 200, **headers: str) -> str:
        """Answer ``path`` with this; returns its URL. ``_`` in a header's name stands for ``-``."""

        async def answer(request: web.BaseRequest) -> web.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(status=status, body=body, headers={"Content-Type": "image/png", **named})

        self.handlers[path] = answer
        return self.url(path)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404, text="nothing here")


@asynccontextmanager
async def file_server(tls: TlsFiles, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[FileServer]:
    server = FileServer()
    runner = web.ServerRunner(web.Server(server.handle, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    site = web.TCPSite(runner, host, port, ssl_context=context)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


@dataclass
class DoorBell:
    """A port that only counts who connects."""

    port: int
    rings: int = 0


@asynccontextmanager
async def door_bell(host: str) -> AsyncIterator[DoorBell]:
    bell = DoorBell(0)

    def ring(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bell.rings += 1
        writer.close()

    server = await asyncio.start_server(ring, host, 0)
    bell.port = server.sockets[0].getsockname()[1]
    async with server:
        yield bell
