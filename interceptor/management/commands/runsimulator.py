"""``manage.py runsimulator``: the Gemini protocol simulator as a process of its own."""

import asyncio
import shutil
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from interceptor.simulator.server import start
from interceptor.simulator.tls import TlsFiles, ensure_tls_files


class Command(BaseCommand):
    """Run the simulator until SIGTERM or SIGINT."""

    help = "Run a local server that speaks the Gemini protocol, for demos, tests and benchmarks."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen and where to keep the certificates."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
        parser.add_argument(
            "--data-dir",
            type=Path,
            default=Path("data/simulator"),
            help="folder of the certificates (%(default)s)",
        )
        parser.add_argument("--no-tls", action="store_true", help="plain HTTP")
        parser.add_argument("--ca-out", type=Path, help="also copy the CA certificate to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; print one line when ready."""
        tls = None if options["no_tls"] else ensure_tls_files(options["data_dir"].absolute())
        if tls is not None and options["ca_out"] is not None:
            shutil.copyfile(tls.ca, options["ca_out"])
        try:
            asyncio.run(self._serve(options["host"], options["port"], tls))
        except OSError as error:
            raise CommandError(f"cannot listen on {options['host']}:{options['port']}: {error}") from error

    async def _serve(self, host: str, port: int, tls: TlsFiles | None) -> None:
        simulator = await start(host, port, tls)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        ca = "" if tls is None else f" ca={tls.ca}"
        self.stdout.write(f"simulator ready {simulator.url}{ca}")
        self.stdout.flush()
        await stop.wait()
        await simulator.close()
