"""``manage.py runlanguageserver``: our language server as a process of its own."""

import asyncio
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from interceptor.language_server.from_settings import language_server_config
from interceptor.language_server.launch import CaFileMissing, serve


class Command(BaseCommand):
    """Serve until SIGTERM or SIGINT; prints ``language server ready URL`` when it accepts calls."""

    help = "Run the language server, whose model calls go through the interceptor."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Let the command line override the address."""
        parser.add_argument("--host", default=settings.LANGUAGE_SERVER_HOST)
        parser.add_argument("--port", type=int, default=settings.LANGUAGE_SERVER_PORT, help="0 = a free one")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Run; see ``launch.serve``."""
        try:
            config = replace(language_server_config(settings.UPSTREAM_URL), host=host, port=port)
            asyncio.run(serve(config, self._announce))
        except (CaFileMissing, OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _announce(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
