"""A language server that a test scripts, on a real socket."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

STREAM = "StreamCascadeReactiveUpdates"

type Script = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ScriptedServer:
    """Answers every RPC with ``{}``, unless a script or a state says otherwise."""

    url: str = ""
    scripts: dict[str, Script] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    status: str = "CASCADE_RUN_STATUS_IDLE"
    calls: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append(method)
        self.headers.append(dict(request.headers))
        if (script := self.scripts.get(method)) is not None:
            return await script(request)
        if method == STREAM:
            return await updates()(request)
        asked = msgspec.json.decode(await request.read())
        match method:
            case "SendUserCascadeMessage":
                self.messages.append(asked)
                return web.json_response({})
            case "GetCascadeTrajectorySteps":
                return web.json_response({"steps": self.steps[asked["stepOffset"] :]})
            case "GetCascadeTrajectory":
                return web.json_response({"status": self.status})
            case _:
                return web.json_response({})


def says(status: int, body: bytes, content_type: str = "application/json") -> Script:
    async def script(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=content_type)

    return script


def hangs() -> Script:
    async def script(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    return script


def resets() -> Script:
    async def script(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return script


def envelope(message: object, flags: int = 0) -> bytes:
    payload = msgspec.json.encode(message)
    return struct.pack(">BI", flags, len(payload)) + payload


def updates(
    ticks: "asyncio.Queue[bytes | None] | None" = None, error: dict[str, str] | None = None
) -> Script:
    """A stream with each tick as it is put, None for its end; without ticks it ends at once."""

    async def script(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/connect+json"})
        await response.prepare(request)
        while ticks is not None and (tick := await ticks.get()) is not None:
            await response.write(tick)
        await response.write(envelope({"error": error} if error else {}, 2))
        return response

    return script


@asynccontextmanager
async def scripted_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    app = web.Application()
    app.router.add_post("/exa.language_server_pb.LanguageServerService/{method}", server.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    server.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    # A connection that was accepted last gets its transport in the loop's next steps.
    await asyncio.sleep(0.05)
    await runner.cleanup()
