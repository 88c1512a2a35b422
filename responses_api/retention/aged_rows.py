"""Rows that go when they are old, oldest first, a batch at a time.

A batch is one statement and so one transaction: an index scan over what it takes, no lock on
anything else, and rows that somebody holds are left for the next time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class AgedRows:
    """The old rows of one table.

    Attributes:
        name: for people.
        table: the table's name.
        aged_by: the column that says how old a row is; it is indexed.
        age: from when on a row is old; None: never.
        condition: SQL; old rows for which it does not hold stay.
        with_them: rows of other tables that go in the same statement, as table and column; the
            column holds the row's ``id``.
    """

    name: str
    table: str
    aged_by: str
    age: timedelta | None
    condition: str = "TRUE"
    with_them: tuple[tuple[str, str], ...] = ()

    def count(self) -> int:
        """How many are old now."""
        if self.age is None:
            return 0
        params: dict[str, Any] = {"age": self.age}
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.table} WHERE {self._old}", params)
            return int(cursor.fetchone()[0])

    def batches(self, limit: int) -> Iterator[int]:
        """Delete up to ``limit`` at each step, until none is left; how many it were."""
        if self.age is None:
            return
        begin: datetime | None = None
        while True:
            deleted, begin = self._delete(limit, begin)
            yield deleted
            if deleted < limit:
                return

    def _delete(self, limit: int, begin: datetime | None) -> tuple[int, datetime | None]:
        """Delete a batch, from ``begin`` on; how many it were, and where to go on.

        Going on from there spares the next batch the index entries of this one, which are dead
        but stay until the table is vacuumed.
        """
        params: dict[str, Any] = {"age": self.age, "limit": limit, "begin": begin}
        with connection.cursor() as cursor:
            cursor.execute(self._statement(), params)
            deleted, latest = cursor.fetchone()
        return deleted, latest or begin

    @property
    def _old(self) -> str:
        return f"{self.aged_by} < now() - %(age)s AND ({self.condition})"

    def _statement(self) -> str:
        identified = "id, " if self.with_them else ""
        others = "".join(
            f", gone_{table} AS (DELETE FROM {table} USING old WHERE {table}.{column} = old.id)"
            for table, column in self.with_them
        )
        return f"""
            WITH old AS MATERIALIZED (
                SELECT {identified}ctid, {self.aged_by} AS aged FROM {self.table}
                WHERE {self._old}
                    AND (%(begin)s::timestamptz IS NULL OR {self.aged_by} >= %(begin)s)
                ORDER BY {self.aged_by} LIMIT %(limit)s
                FOR UPDATE SKIP LOCKED
            ){others}, gone AS (
                DELETE FROM {self.table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM old))
                RETURNING {self.aged_by} AS aged
            )
            SELECT count(*), max(aged) FROM gone
        """
