"""``manage.py runinterceptor``: the interceptor as a process of its own."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from interceptor import proxy
from interceptor.stack.components import proxy_config
from responses_api.check_tags import GATEWAY
from responses_api.runtime import database
from responses_api.runtime.memory import settle_down
from responses_api.runtime.tasks import spawn


class Command(BaseCommand):
    """Intercepting proxy between a language server and the model's endpoint."""

    help = "Run the interceptor. Needs REDIS_URL, the channel layer that it shares with the gateways."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", help="Address to listen on (INTERCEPTOR_HOST).")
        parser.add_argument("--port", type=int, help="Port, 0 for a free one (INTERCEPTOR_PORT).")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        if not settings.INTERCEPTOR_ENABLED:
            raise CommandError("INTERCEPTOR_ENABLED is false: the gateways do without the interceptor.")
        if not settings.REDIS_URL:
            raise CommandError(
                "The interceptor reaches gateways in other processes over Redis only: set REDIS_URL "
                "(for both), or run everything in one process with `manage.py serve`."
            )
        if options["host"] is not None:
            settings.INTERCEPTOR_HOST = options["host"]
        if options["port"] is not None:
            settings.INTERCEPTOR_PORT = options["port"]
        try:
            asyncio.run(self._run())
        except proxy.ProxyFailed as error:
            raise CommandError(str(error)) from None
        finally:
            database.close()

    async def _run(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        config = proxy_config(settings.UPSTREAM_URL, settings.UPSTREAM_CA_FILE)
        starting = spawn(_started(config), name="start interceptor")
        stopping = spawn(stopped.wait(), name="wait for a signal")
        # It waits for the channel layer, which may be down for long.
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            return
        running = await starting
        if isinstance(running, proxy.ProxyFailed):
            raise running
        settle_down()
        certificate = settings.INTERCEPTOR_DIR / proxy.CA_CERTIFICATE
        self.stdout.write(
            f"interceptor ready http://{settings.INTERCEPTOR_HOST}:{running.port} ca={certificate}"
        )
        self.stdout.flush()
        await stopped.wait()
        await running.close()


async def _started(config: proxy.ProxyConfig) -> proxy.RunningProxy | proxy.ProxyFailed:
    """A failure is returned: raised in a task of its own it would be logged as a bug."""
    try:
        return await proxy.start(config)
    except proxy.ProxyFailed as error:
        return error
