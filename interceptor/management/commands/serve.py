"""``manage.py serve``: everything in one process, on one command."""

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from typing import Any

from daphne.server import twisted_loop  # must come before anything else that imports Twisted
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from interceptor.proxy import ProxyFailed
from interceptor.stack.banner import banner
from interceptor.stack.components import Components, start_components
from interceptor.stack.first_run import FirstRun, prepare_first_run
from interceptor.stack.occupied import Occupied, check_port, occupy_folder
from responses_api.model_seed import seed_models
from responses_api.runtime import database
from responses_api.runtime.memory import settle_down
from responses_api.runtime.tasks import spawn
from responses_api.storage import orphans
from zgproject import embedded_postgres
from zgproject.command_line import add_arguments
from zgproject.daphne_server import Server

logger = logging.getLogger("zg.serve")

_REQUEST_BUFFER = 1024 * 1024
"""Bytes of a request body per ASGI message; daphne's 8 KiB make many messages of an image."""


class Command(BaseCommand):
    """Gateway, interceptor, language server and, without a credential, the simulator."""

    help = "Run the whole gateway in one process: PostgreSQL, gateway, interceptor and language server."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Options that stand for environment variables; manage.py has applied them already."""
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        try:
            occupy_folder(settings.DATA_DIR)
            for host, port, option in _listeners():
                check_port(host, port, option)
        except Occupied as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Starting: database, interceptor, language server, gateway …")
        try:
            self.check()
            call_command("migrate", verbosity=0, interactive=False)
            seed_models()
            if settings.EMBEDDED_DATABASE and (cut_off := orphans.close_all()):
                self.stdout.write(f"{cut_off} responses were cut off when the gateway was last killed.")
            first = prepare_first_run()
            connections.close_all()
            service = _Service(self, first)
            service.run()
        finally:
            database.close()
            connections.close_all()
            embedded_postgres.stop()
        if service.error is not None:
            raise CommandError(service.error)


class _Service:
    """The running gateway: daphne's reactor with the other parts beside it on the same loop."""

    def __init__(self, command: Command, first: FirstRun | None) -> None:
        from zgproject.asgi import application

        self._command = command
        self._first = first
        self._components: Components | None = None
        self._stopping = False
        self.error: str | None = None
        self._server = Server(
            application,
            endpoints=[f"tcp:port={settings.PORT}:interface={_escaped(settings.HOST)}"],
            signal_handlers=False,
            # With a proxy in front, which is believed: where the client is.
            proxy_forwarded_address_header="X-Forwarded-For" if settings.HTTPS_ONLY else None,
            request_buffer_size=_REQUEST_BUFFER,
            server_name="zerogravity",
            verbosity=1,
        )

    def run(self) -> None:
        # Not daphne's ready_callable: it comes before the loop runs, and spawn() needs a running one.
        twisted_loop.call_soon(lambda: spawn(self._start(), name="start"))
        self._server.run()

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        try:
            self._components = await start_components()
        except (OSError, ProxyFailed) as error:
            self.error = str(error)
            self.stop()
            return
        self._settle_down()
        port = self._server.listening_addresses[0][1]
        host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
        simulator = self._components.simulator
        text = banner(
            f"http://{host}:{port}",
            f"simulator at {simulator.url}" if simulator else settings.UPSTREAM_URL,
            simulated=settings.UPSTREAM_SIMULATED,
            model=settings.DEFAULT_MODEL,
            first=self._first,
        )
        self._command.stdout.write(text)
        sys.stdout.flush()

    def _settle_down(self) -> None:
        """Start-up is over: spare every request what it need not pay."""
        # Twisted formats an access log line for each request even where nobody reads it.
        setattr(self._server.http_factory, "log", lambda request: None)  # noqa: B010 - a method
        settle_down()

    def stop(self) -> None:
        """End cleanly; the second signal ends at once."""
        if self._stopping:
            self._server.stop()
            return
        self._stopping = True
        spawn(self._stop(), name="stop")

    async def _stop(self) -> None:
        try:
            if self._components is not None:
                async with asyncio.timeout(4):
                    await self._components.close()
        except TimeoutError:
            logger.error("some parts did not stop in time")
        finally:
            self._server.stop()


def _listeners() -> Iterator[tuple[str, int, str]]:
    """Where this process is going to listen, and the options that change it."""
    yield settings.HOST, settings.PORT, "--port"
    if settings.INTERCEPTOR_ENABLED:
        yield settings.INTERCEPTOR_HOST, settings.INTERCEPTOR_PORT, "--interceptor-port"
    if settings.OWN_LANGUAGE_SERVER:
        yield settings.LANGUAGE_SERVER_HOST, settings.LANGUAGE_SERVER_PORT, "--language-server-port"


def _escaped(host: str) -> str:
    """``host`` for a Twisted endpoint description."""
    return host.replace(":", r"\:")
