"""``manage.py rotateapikey PREFIX --overlap 24h``: a successor for an API key, printed once."""

import re
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses_api.access.api_keys import rotate
from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables
from responses_api.models import ApiKey

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """``90m``, ``24h``, ``7d``, or ``0``.

    Raises:
        ArgumentTypeError: something else.
    """
    found = re.fullmatch(r"(\d{1,6})([smhd])|0", text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no time such as 90m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found[2] else timedelta(0)


class Command(BaseCommand):
    """Makes a key with the settings of another one, which expires."""

    help = "Make a successor for an API key and print it, only this once. The old key expires."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("prefix", help="the first characters of the key, as the admin lists them")
        parser.add_argument(
            "--overlap",
            type=duration,
            default=timedelta(hours=24),
            help="how long the old key is still accepted: 90m, 24h, 7d, 0 (default: 24h)",
        )
        parser.add_argument("--quiet", action="store_true", help="print the key and nothing else")

    def handle(self, *args: Any, prefix: str, overlap: timedelta, quiet: bool, **options: Any) -> None:
        """Make the key and print it."""
        require_tables()
        key = ApiKey.objects.filter(prefix=prefix).first()
        if key is None:
            raise CommandError(f"There is no API key {prefix}.")
        try:
            made, plain = rotate(key, overlap)
        except ValueError as error:
            raise CommandError(str(error)) from None
        if quiet:
            self.stdout.write(plain)
            return
        key.refresh_from_db()
        self.stdout.write(f"The successor of {key}, shown only this once:\n\n    {plain}\n")
        self.stdout.write(f"The old key is accepted until {key.expires_at:%Y-%m-%d %H:%M} UTC.")
