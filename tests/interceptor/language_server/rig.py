"""Everything around a language server under test: upstream, proxy, caller."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from interceptor.language_server import LanguageServerConfig, RunningLanguageServer, start

from . import wire
from .certificates import Certificates

TOKEN = "csrf-for-tests"
MODEL = "MODEL_PLACEHOLDER_M1"

type Script = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeUpstream:
    """A scripted Gemini endpoint: each call takes the next script, at the end "fine"."""

    port: int = 0
    scripts: deque[Script] = field(default_factory=deque)
    bodies: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    open_calls: int = 0
    broken_calls: int = 0
    """Calls that the client left before their end."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path_qs)
        self.headers.append(dict(request.headers))
        self.bodies.append(msgspec.json.decode(await request.read()))
        script = self.scripts.popleft() if self.scripts else says(wire.text("fine", finish="STOP"))
        self.open_calls += 1
        try:
            return await script(request)
        except asyncio.CancelledError:
            self.broken_calls += 1
            raise
        finally:
            self.open_calls -= 1


def says(*chunks: dict[str, Any]) -> Script:
    return sends(*(wire.frame(chunk) for chunk in chunks))


def sends(*pieces: bytes, then: asyncio.Event | None = None) -> Script:
    """Stream ``pieces``; with ``then``, end only when it is set."""

    async def script(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        if then is not None:
            await then.wait()
        await response.write_eof()
        return response

    return script


def refuses(status: int, body: bytes) -> Script:
    async def script(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="application/json")

    return script


def hangs(forever: asyncio.Event) -> Script:
    """Send nothing, not even headers."""

    async def script(request: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    return script


@dataclass
class ConnectProxy:
    """A CONNECT proxy that counts its tunnels and can cut them."""

    port: int = 0
    tunnels: int = 0
    targets: list[str] = field(default_factory=list)
    cut_next_request: bool = False
    """Drop the next tunnel that is opened or used, as soon as the client sends on it."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split()[1].decode()
        self.targets.append(target)
        host, port = target.rsplit(":", 1)
        upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
        self.tunnels += 1
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._writers |= {writer, upstream_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, upstream_writer, cuttable=True))
                group.create_task(self._pump(upstream_reader, writer))
        except* OSError:
            pass
        finally:
            for each in (writer, upstream_writer):
                each.close()
                self._writers.discard(each)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, cuttable: bool = False
    ) -> None:
        while data := await source.read(65536):
            if cuttable and self.cut_next_request:
                self.cut_next_request = False
                raise ConnectionResetError
            sink.write(data)
            await sink.drain()
        raise ConnectionResetError

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@dataclass
class Rig:
    upstream: FakeUpstream
    proxy: ConnectProxy
    server: RunningLanguageServer
    http: aiohttp.ClientSession

    async def post(self, method: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        url = f"{self.server.url}/exa.language_server_pb.LanguageServerService/{method}"
        async with self.http.post(url, data=body, headers=headers) as response:
            return response.status, msgspec.json.decode(await response.read())

    async def call(self, method: str, **request: Any) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "x-codeium-csrf-token": TOKEN}
        return await self.post(method, msgspec.json.encode(request), headers)

    async def ok(self, method: str, **request: Any) -> Any:
        status, answer = await self.call(method, **request)
        assert status == 200, answer
        return answer

    async def start_cascade(self) -> str:
        answer = await self.ok("StartCascade", source="CORTEX_TRAJECTORY_SOURCE_CASCADE_CLIENT")
        cascade_id: str = answer["cascadeId"]
        return cascade_id

    async def send(self, cascade_id: str, text: str, model: str = MODEL) -> None:
        planner = {"requestedModel": {"model": model}}
        answer = await self.ok(
            "SendUserCascadeMessage",
            cascadeId=cascade_id,
            items=[{"text": text}],
            cascadeConfig={"plannerConfig": planner},
        )
        assert answer == {}

    async def settled(self, cascade_id: str, runs: int = 1) -> Any:
        """The trajectory after ``runs`` runs are over."""

        async def look() -> Any:
            trajectory = await self.ok("GetCascadeTrajectory", cascadeId=cascade_id)
            executions = trajectory.get("trajectory", {}).get("executorMetadatas", [])
            return trajectory if len(executions) >= runs else None

        return await eventually(look)

    async def ask(self, text: str) -> Any:
        """A whole exchange; returns the trajectory at its end."""
        cascade_id = await self.start_cascade()
        await self.send(cascade_id, text)
        return await self.settled(cascade_id)


async def eventually(look: Callable[[], Awaitable[Any]]) -> Any:
    """What ``look`` returns as soon as it is truthy; gives up when it is clear that it never will."""
    async with asyncio.timeout(20):
        # Nothing tells when another party's state has changed.
        while not (found := await look()):
            await asyncio.sleep(0.005)
    return found


async def becomes_true(condition: Callable[[], bool]) -> None:
    async def look() -> bool:
        return condition()

    await eventually(look)


@contextlib.asynccontextmanager
async def running_upstream(certificates: Certificates) -> AsyncIterator[FakeUpstream]:
    upstream = FakeUpstream()
    app = web.Application()
    app.router.add_post("/{path:.*}", upstream.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    upstream.port = runner.addresses[0][1]
    yield upstream
    await runner.cleanup()


@contextlib.asynccontextmanager
async def running_proxy() -> AsyncIterator[ConnectProxy]:
    proxy = ConnectProxy()
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    yield proxy
    server.close()
    proxy.cut()
    await server.wait_closed()


@contextlib.asynccontextmanager
async def running_rig(certificates: Certificates, **overrides: Any) -> AsyncIterator[Rig]:
    async with running_upstream(certificates) as upstream, running_proxy() as proxy:
        settings: dict[str, Any] = {
            "upstream_url": upstream.url,
            "csrf_token": TOKEN,
            "proxy_url": proxy.url,
            "ca_file": certificates.ca,
            **overrides,
        }
        server = await start(LanguageServerConfig(**settings))
        async with aiohttp.ClientSession() as http:
            try:
                yield Rig(upstream, proxy, server, http)
            finally:
                await server.close()
