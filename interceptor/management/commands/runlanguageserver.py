"""``manage.py runlanguageserver``: our language server as a process of its own."""

import asyncio
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from interceptor.language_server import LanguageServerConfig
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
            asyncio.run(serve(config_from_settings(host=host, port=port), self._announce))
        except (CaFileMissing, OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _announce(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def config_from_settings(*, host: str, port: int) -> LanguageServerConfig:
    """The configuration that Django's settings describe, at the given address.

    Raises:
        ValueError: ``LANGUAGE_SERVER_CSRF_TOKEN`` is empty.
    """
    ca_file = settings.INTERCEPTOR_CA_FILE
    return LanguageServerConfig(
        host=host,
        port=port,
        csrf_token=settings.LANGUAGE_SERVER_CSRF_TOKEN,
        upstream_url=settings.UPSTREAM_URL,
        api_version=settings.UPSTREAM_API_VERSION,
        proxy_url=settings.INTERCEPTOR_URL or None,
        ca_file=Path(ca_file) if ca_file else None,
        models=settings.LANGUAGE_SERVER_MODELS,
    )
