"""What commands need before they can work: an up-to-date database."""

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def require_tables() -> None:
    """Make the tables of an embedded database that lacks some; leave a database of the operator's to them.

    Raises:
        CommandError: the operator's database is not up to date.
    """
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if connection.settings_dict["ENGINE"] != "zgproject.embedded_postgres":
        raise CommandError("The database lacks tables: run `python manage.py migrate` first.")
    call_command("migrate", verbosity=0, interactive=False)
