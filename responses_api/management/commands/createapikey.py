"""``manage.py createapikey --name NAME``: a new API key, printed once."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandParser

from responses_api.access.api_keys import create_api_key
from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables


class Command(BaseCommand):
    """Makes an API key, and its user if there is none of that name."""

    help = "Make an API key for a client and print it. It is shown only this once."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--name", required=True, help="what the key is for, for people to read")
        parser.add_argument("--user", default="default", help="its owner (default: %(default)s)")
        parser.add_argument("--quiet", action="store_true", help="print the key and nothing else")

    def handle(self, *args: Any, name: str, user: str, quiet: bool, **options: Any) -> None:
        """Make the key and print it."""
        require_tables()
        owner, made = User.objects.get_or_create(username=user)
        if made:
            owner.set_unusable_password()
            owner.save(update_fields=["password"])
        _, plain = create_api_key(name=name, owner=owner)
        if quiet:
            self.stdout.write(plain)
            return
        self.stdout.write(f"API key {name!r} of user {user!r}, shown only this once:\n\n    {plain}\n")
