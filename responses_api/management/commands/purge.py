"""``manage.py purge``: deletes now what the retention settings say."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables
from responses_api.retention import purging


class Command(BaseCommand):
    """What every gateway does by itself every ten minutes."""

    help = "Delete what is older than the settings RETENTION_…_DAYS allow, in small transactions."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="only count what would be deleted")
        parser.add_argument(
            "--batch", type=int, default=purging.BATCH, help="rows in one transaction (default: %(default)s)"
        )
        parser.add_argument(
            "--rest",
            type=float,
            default=purging.REST,
            help="pause after each, in multiples of the time it took (default: %(default)s)",
        )

    def handle(self, *args: Any, dry_run: bool, batch: int, rest: float, **options: Any) -> None:
        """Delete, or count, and say how much it was."""
        if batch < 1 or rest < 0:
            raise CommandError("--batch must be at least 1, and --rest at least 0.")
        require_tables()
        counts = purging.count() if dry_run else purging.purge(batch=batch, rest=rest)
        if counts is None:
            raise CommandError("Another process is purging at the moment.")
        for name, number in counts.items():
            self.stdout.write(f"{number:>10}  {name}")
