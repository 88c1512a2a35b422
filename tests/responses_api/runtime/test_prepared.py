"""Statements that are planned once: against the real PostgreSQL."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from psycopg.types.numeric import Int8

from responses_api.models import Gateway
from responses_api.runtime import prepared

pytestmark = pytest.mark.django_db


def prepared_statements(text: str) -> list[tuple[int]]:
    """How often each statement with ``text`` in it was executed by its plan."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            [f"%{text}%"],
        )
        return [(count,) for (count,) in cursor.fetchall()]


def double(number: int, text: str) -> int:
    with prepared.cursor() as cursor:
        cursor.execute(f"SELECT %(number)s::int8 * 2 AS {text}", {"number": Int8(number)})
        (doubled,) = cursor.fetchone() or (None,)
    assert isinstance(doubled, int)
    return doubled


def test_a_statement_is_planned_once_whatever_its_numbers() -> None:
    numbers = [10**power for power in range(12)]
    assert [double(number, "planned_once") for number in numbers] == [2 * number for number in numbers]
    assert prepared_statements("AS planned_once") == [(len(numbers) - connection_threshold(),)]


def connection_threshold() -> int:
    connection.ensure_connection()
    threshold = connection.connection.prepare_threshold
    assert isinstance(threshold, int)
    return threshold


def test_where_it_is_switched_off_it_works_all_the_same() -> None:
    connection.ensure_connection()
    before = connection.connection.prepare_threshold
    connection.connection.prepare_threshold = None
    try:
        assert [double(number, "not_prepared") for number in range(12)] == list(range(0, 24, 2))
    finally:
        connection.connection.prepare_threshold = before
    assert prepared_statements("AS not_prepared") == []


def test_errors_are_djangos_and_undone_with_their_transaction() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), prepared.cursor() as cursor:
        cursor.execute("SELECT no_such_column")
    row: dict[str, str | int] = {"id": "gw_1", "host": "h", "process": 1, "beat": 1}
    insert = (
        "INSERT INTO responses_api_gateway (id, host, process, beat, started_at, seen_at)"
        " VALUES (%(id)s, %(host)s, %(process)s, %(beat)s, now(), now())"
    )
    with pytest.raises(IntegrityError), transaction.atomic(), prepared.cursor() as cursor:
        cursor.execute(insert, row)
        cursor.execute(insert, row)
    assert not Gateway.objects.exists()


def test_an_ordinary_cursor_goes_on_as_before() -> None:
    for number in range(12):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s AS ordinary_cursor", [number])
            assert cursor.fetchone() == (number,)
    assert prepared_statements("AS ordinary_cursor") == []
