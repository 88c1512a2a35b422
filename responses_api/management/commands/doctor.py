"""``manage.py doctor``: checks every joint of the installation, and says what to do."""

import asyncio
import logging
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from responses_api.doctor.examination import examine
from responses_api.doctor.findings import State
from responses_api.doctor.report import as_json, as_lines, worst
from responses_api.runtime import database


class Command(BaseCommand):
    """Prints one line per joint; the exit code is 1 if any does not hold."""

    help = "Check settings, database, channel layer, interceptor, language server, upstream and credentials."
    # They are among what is reported.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        """Examine and report."""
        # What goes wrong is in the report, in words for the operator.
        logging.getLogger("zg").setLevel(logging.CRITICAL)
        try:
            findings = asyncio.run(examine())
        finally:
            database.close()
        self.stdout.write(as_json(findings) if json else as_lines(findings))
        if worst(findings) is State.FAILED:
            sys.exit(1)
