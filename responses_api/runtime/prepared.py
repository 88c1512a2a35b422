"""Statements that PostgreSQL plans once for a connection, and not each time they are executed.

Django puts parameters into the text of a statement, so that to PostgreSQL each is a new one. For
the statements of every exchange, planning takes longer than execution. A statement is prepared
once it has been executed a few times with parameters of the same types, so a number that may be
small or large goes in as an ``Int8``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper


@contextmanager
def cursor() -> Iterator[CursorWrapper]:
    """Like ``connection.cursor()``, with parameters bound by the server.

    PostgreSQL has to know their types: where a place does not say it, cast (``%(id)s::text``).
    ``DATABASE_PREPARED_STATEMENTS=false`` has the statements planned each time all the same.
    """
    django_connection: Any = connection
    django_connection.ensure_connection()
    with django_connection.wrap_database_errors:
        bound = cast(Any, ServerBindingCursor)(django_connection.connection)
    # As ``connection.cursor()`` does, which cannot be told which kind of cursor to make.
    with django_connection._prepare_cursor(bound) as wrapped:
        yield wrapped
