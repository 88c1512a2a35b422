"""``manage.py createapikey --name NAME``: a new API key, printed once."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from responses_api.api_keys import create_api_key


class Command(BaseCommand):
    """Makes an API key, and its user if there is none of that name."""

    help = "Make an API key for a client and print it. It is shown only this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--name", required=True, help="what the key is for, for people to read")
        parser.add_argument("--user", default="default", help="its owner (default: %(default)s)")
        parser.add_argument("--quiet", action="store_true", help="print the key and nothing else")

    def handle(self, *args: Any, name: str, user: str, quiet: bool, **options: Any) -> None:
        """Make the key and print it."""
        _require_tables()
        owner, made = User.objects.get_or_create(username=user)
        if made:
            owner.set_unusable_password()
            owner.save(update_fields=["password"])
        _, plain = create_api_key(name=name, owner=owner)
        if quiet:
            self.stdout.write(plain)
            return
        self.stdout.write(f"API key {name!r} of user {user!r}, shown only this once:\n\n    {plain}\n")


def _require_tables() -> None:
    """Make the tables of an embedded database that has none yet; leave a database of the operator's to them.

    Raises:
        CommandError: the operator's database is not up to date.
    """
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if connection.settings_dict["ENGINE"] != "zgproject.embedded_postgres":
        raise CommandError("The database lacks tables: run `python manage.py migrate` first.")
    call_command("migrate", verbosity=0, interactive=False)
