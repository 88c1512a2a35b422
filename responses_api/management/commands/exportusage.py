"""``manage.py exportusage``: usage as CSV or JSON lines, to a file or to the standard output."""

import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables
from responses_api.models import ApiKey
from responses_api.statistics.figures import Selection
from responses_api.statistics.periods import Period
from responses_api.statistics.usage_files import FileForm, encode, head
from responses_api.statistics.usage_rows import read_pages

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    """Writes a row for each exchange that has ended, in order of the ends."""

    help = "Export usage, a row for each request, as CSV or JSON lines."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        forms = [form.value for form in FileForm]
        parser.add_argument("--format", choices=forms, default="csv", help="(default: %(default)s)")
        parser.add_argument("--since", type=_moment, default=_BEGINNING, help="ended at or after this time")
        parser.add_argument("--until", type=_moment, help="ended before this time (default: now)")
        parser.add_argument("--user", help="only this user's, by name")
        parser.add_argument("--key", help="only this API key's, by prefix, such as zg-1a2b3c4d")
        parser.add_argument("--model", help="only this model's")
        parser.add_argument("--output", type=Path, help="write to this file (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the rows."""
        require_tables()
        form = FileForm(options["format"])
        period = Period(options["since"], options["until"] or timezone.now() + timedelta(seconds=1))
        model: str | None = options["model"]
        selection = Selection(
            _id_of(User, "username", options["user"]),
            _id_of(ApiKey, "prefix", options["key"]),
            (model,) if model else None,
        )
        rows = 0
        with ExitStack() as stack:
            output: Path | None = options["output"]
            target = stack.enter_context(output.open("wb")) if output else sys.stdout.buffer
            target.write(head(form))
            for page in read_pages(period, selection):
                target.write(encode(page, form))
                rows += len(page)
            target.flush()
        self.stderr.write(f"{rows} rows exported.")


def _moment(text: str) -> datetime:
    """A date, or a date with a time; of UTC unless it says otherwise."""
    day = parse_date(text) if len(text) == 10 else None
    moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    if moment is None:
        raise ValueError
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _id_of(model: Any, column: str, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    found = model.objects.filter(**{column: value}).values_list("pk", flat=True)
    if not found:
        raise CommandError(f"There is no {model._meta.verbose_name} {value!r}.")
    return tuple(found)
