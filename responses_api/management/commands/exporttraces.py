"""``manage.py exporttraces --since 2d``: traces, one JSON document per line."""

import re
import sys
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables
from responses_api.models import Outcome, Trace
from responses_api.storage import trace_export

_AGE = re.compile(r"([0-9]+)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    """Writes to a file or to standard output."""

    help = "Export traces with their usage and what was captured of their content, oldest first."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        times = "a time in ISO 8601, or an age such as 90m, 12h or 7d"
        parser.add_argument("--since", required=True, type=_moment, help=f"the first trace's start: {times}")
        parser.add_argument("--until", type=_moment, help=f"only traces that began before: {times}")
        parser.add_argument("--format", choices=["jsonl"], default="jsonl", help="one JSON document per line")
        parser.add_argument("--outcome", choices=Outcome.values, help="only those that ended so")
        parser.add_argument("--model", help="only those of this model")
        parser.add_argument("--captured", action="store_true", help="only those with captured content")
        parser.add_argument("--output", type=Path, help="file to write (default: standard output)")

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        """Write, then say on standard error how many it were."""
        require_tables()
        try:
            target = nullcontext(sys.stdout.buffer) if output is None else output.open("wb")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}") from error
        count = 0
        with target as file:
            for document in trace_export.documents(_chosen(options)):
                file.write(msgspec.json.encode(document) + b"\n")
                count += 1
        self.stderr.write(f"{count} traces")


def _chosen(options: dict[str, Any]) -> Any:
    traces = Trace.objects.filter(started_at__gte=options["since"])
    if options["until"] is not None:
        traces = traces.filter(started_at__lt=options["until"])
    if options["outcome"]:
        traces = traces.filter(outcome=options["outcome"])
    if options["model"]:
        traces = traces.filter(model=options["model"])
    if options["captured"]:
        traces = traces.filter(captures__call=0, captures__pane="sent")
    return traces


def _moment(text: str) -> datetime:
    """A point in time. Raises ``ValueError`` for anything else."""
    if (age := _AGE.fullmatch(text)) is not None:
        return timezone.now() - timedelta(**{_UNITS[age[2]]: int(age[1])})
    moment = parse_datetime(text)
    if moment is None and (day := parse_date(text)) is not None:
        moment = datetime(day.year, day.month, day.day)
    if moment is None:
        raise ValueError(text)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
