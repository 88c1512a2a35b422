"""``manage.py rebuildrollups``: makes the roll-ups anew from the traces."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables
from responses_api.statistics import rolling


class Command(BaseCommand):
    """A day at a time, while the gateway runs; the figures stay right meanwhile."""

    help = "Make the roll-ups behind the dashboard anew from the traces."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--since", type=date.fromisoformat, help="only from this day of UTC on")
        parser.add_argument(
            "--force",
            action="store_true",
            help="also days of which traces have been deleted: what these used is forgotten",
        )

    def handle(self, *args: Any, since: date | None, force: bool, **options: Any) -> None:
        """Rebuild every day, and say which were left alone."""
        require_tables()
        days = [day for day in rolling.days() if since is None or day >= since]
        left = [day for day in days if not rolling.rebuild(day, force=force)]
        self.stdout.write(f"{len(days) - len(left)} days made anew.")
        if left:
            self.stdout.write(
                f"Left alone, since some of their traces have been deleted: {', '.join(map(str, left))}."
            )
