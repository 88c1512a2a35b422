"""The engine: Django's PostgreSQL backend on the embedded server.

    DATABASES = {
        "default": {
            "ENGINE": "zgproject.embedded_postgres",
            "NAME": "postgres",
            "OPTIONS": {"data_dir": "/path", "server_settings": {"fsync": "off"}},
        }
    }

``server_settings`` may be left out. All other options are psycopg's, as usual.
"""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import OperationalError

from zgproject.embedded_postgres.client import DatabaseClient
from zgproject.embedded_postgres.cluster import PORT, SUPERUSER, ClusterError
from zgproject.embedded_postgres.server import ensure_running


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server, which is started if it does not run."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Parameters for psycopg, with the server's socket as host.

        Raises:
            OperationalError: the server cannot be started; the text says why.
        """
        params: dict[str, Any] = super().get_connection_params()
        data_dir = Path(params.pop("data_dir"))
        settings = params.pop("server_settings", None)
        try:
            socket_dir = ensure_running(data_dir, settings)
        except ClusterError as error:
            raise OperationalError(
                f"The embedded PostgreSQL could not be started: {error}\n"
                "(DATABASE_URL=postgresql://user:password@host/name uses another one.)"
            ) from error
        return {**params, "host": str(socket_dir), "port": PORT, "user": SUPERUSER}
