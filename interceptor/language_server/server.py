"""The language server as an aiohttp application, and a way to run it."""

import asyncio
import hmac
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
from aiohttp import web

from responses_api.runtime.tasks import spawn

from .agent import Agent
from .cascades import CascadeStore
from .config import LanguageServerConfig
from .connect import ConnectError
from .model_client import ModelClient
from .reactive_updates import refuse_updates, stream_updates
from .rpc import LanguageServerService
from .tls import client_context, shrink_read_buffers

SERVICE_PATH = "/exa.language_server_pb.LanguageServerService"
CSRF_HEADER = "x-codeium-csrf-token"
STREAM_METHOD = "StreamCascadeReactiveUpdates"

_MAX_REQUEST_BYTES = 32 * 1024 * 1024
_SWEEP_SECONDS = 60
_SHUTDOWN_SECONDS = 0.3

_SERVICE = web.AppKey("service", LanguageServerService)


def create_app(config: LanguageServerConfig) -> web.Application:
    """An application that serves the RPCs under ``SERVICE_PATH``; host and port of ``config`` are not read.

    It starts its connection pool with the application and ends its runs at shutdown.

    Raises:
        OSError: the CA file cannot be used.
    """
    context = client_context(config)

    async def serving(app: web.Application) -> AsyncIterator[None]:
        shrink_read_buffers()
        store = CascadeStore(now=time.monotonic)
        model = ModelClient(config, context)
        agent = Agent(model, now=time.time, new_id=_new_id)
        app[_SERVICE] = LanguageServerService(config, store, agent, new_id=_new_id)
        sweeper = spawn(_sweep(store), name="language server: forget old cascades")
        app.on_shutdown.append(lambda _: agent.close())
        yield
        sweeper.cancel()
        await agent.close()
        await model.close()

    expected_token = config.csrf_token.encode()

    async def call(request: web.Request) -> web.StreamResponse:
        token = request.headers.get(CSRF_HEADER, "").encode(errors="surrogateescape")
        try:
            if not hmac.compare_digest(token, expected_token):
                raise ConnectError("unauthenticated", "missing or wrong CSRF token")
            return await _dispatch(request)
        except ConnectError as error:
            return _json(error.body(), error.http_status)

    app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
    app.router.add_post(SERVICE_PATH + "/{method}", call)
    app.cleanup_ctx.append(serving)
    return app


async def _dispatch(request: web.Request) -> web.StreamResponse:
    service, name = request.app[_SERVICE], request.match_info["method"]
    if name == STREAM_METHOD:
        answer = stream_updates if service.reactive_updates else refuse_updates
        return await answer(request, service)
    if (method := service.methods.get(name)) is None:
        raise ConnectError("unimplemented", f"unknown method {name}")
    if request.content_type != "application/json":
        raise ConnectError("unknown", "unary calls need Content-Type: application/json")
    return _json(method(await request.read()))


def _json(answer: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), status=status, content_type="application/json")


async def _sweep(store: CascadeStore) -> None:
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        store.sweep()


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class RunningLanguageServer:
    """A language server that accepts calls."""

    host: str
    port: int
    _runner: web.AppRunner

    @property
    def url(self) -> str:
        """Its origin, e.g. ``http://127.0.0.1:8091``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def close(self) -> None:
        """Cancel its runs, close its connections and stop listening; takes less than a second."""
        await self._runner.cleanup()


async def start(config: LanguageServerConfig) -> RunningLanguageServer:
    """Serve on ``config.host`` and ``config.port`` (0 = a free one) until closed.

    Raises:
        OSError: the address is taken, or the CA file cannot be used.
    """
    runner = web.AppRunner(
        create_app(config),
        access_log=None,
        # A watcher that leaves is noticed at once, not at the next change.
        handler_cancellation=True,
        shutdown_timeout=_SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, config.host, config.port, backlog=1024).start()
    except BaseException:
        await runner.cleanup()
        raise
    return RunningLanguageServer(config.host, runner.addresses[0][1], runner)
