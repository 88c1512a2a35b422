"""``manage.py dbshell`` on the embedded server, with the psql that comes with it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import client

from zgproject.embedded_postgres.cluster import PORT, SUPERUSER, binaries
from zgproject.embedded_postgres.server import ensure_running


class DatabaseClient(client.DatabaseClient):
    """The command-line client, pointed at the server's socket."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """The command and its environment; the server is started if it does not run."""
        options = settings_dict["OPTIONS"]
        socket_dir = ensure_running(Path(options["data_dir"]), options.get("server_settings"))
        arguments, environment = super().settings_to_cmd_args_env(
            {**settings_dict, "HOST": str(socket_dir), "PORT": PORT, "USER": SUPERUSER}, list(parameters)
        )
        return [str(binaries() / "psql"), *arguments[1:]], environment
