"""The database: reachable, new enough, and with this version's tables."""

from django.db import DatabaseError, NotSupportedError, connection
from django.db.migrations.executor import MigrationExecutor

from responses_api.doctor.findings import Finding, failed, ok
from responses_api.runtime import database

_JOINT = "database"
_TABLES = "tables"


async def check_database() -> list[Finding]:
    """One finding on the server and, where it answers, one on the tables."""
    return await database.run(_look)


def _look() -> list[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            (version,) = cursor.fetchone() or ("unknown",)
        connection.check_database_version_supported()
    except NotSupportedError as error:
        return [failed(_JOINT, str(error), "Upgrade PostgreSQL.")]
    except (DatabaseError, RuntimeError):
        # The driver's words may hold the address with its password.
        advice = "See DATABASE_URL, and whether the server is up and lets this user in."
        return [failed(_JOINT, "cannot be connected to", advice)]
    return [ok(_JOINT, f"PostgreSQL {version} answers"), _tables()]


def _tables() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        said = f"{len(missing)} migrations are not applied, the first is {first.app_label}.{first.name}"
        return failed(_TABLES, said, "Run `python manage.py migrate`.")
    return ok(_TABLES, "all migrations are applied")
