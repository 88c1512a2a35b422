from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from responses_api.models import Capture, Trace, Usage
from responses_api.retention.aged_rows import AgedRows
from tests.responses_api.retention.conftest import MakeTrace

pytestmark = pytest.mark.django_db

TRACES = AgedRows(
    "traces",
    "responses_api_trace",
    "started_at",
    timedelta(days=7),
    with_them=(("responses_api_capture", "trace_id"),),
)


def kept() -> set[str]:
    return {trace.id for trace in Trace.objects.all()}


def test_old_rows_go_in_batches_oldest_first(make_trace: MakeTrace) -> None:
    old = [make_trace(days) for days in (20, 9, 30, 8, 10)]
    young = {make_trace(6), make_trace(0)}
    assert TRACES.count() == 5
    steps = TRACES.batches(2)
    assert next(steps) == 2
    assert kept() == {*young, old[1], old[3], old[4]}
    assert list(steps) == [2, 1]
    assert kept() == young
    assert TRACES.count() == 0


def test_rows_of_the_same_moment_all_go(make_trace: MakeTrace) -> None:
    for _ in range(5):
        make_trace(8)
    Trace.objects.update(started_at=Trace.objects.earliest("started_at").started_at)
    assert list(TRACES.batches(2)) == [2, 2, 1]


def test_what_belongs_to_a_row_goes_with_it_and_its_usage_stays(make_trace: MakeTrace) -> None:
    make_trace(8, captured=True)
    young = make_trace(6, captured=True)
    assert list(TRACES.batches(10)) == [1]
    assert {row.trace_id for row in Capture.objects.all()} == {young}
    assert Usage.objects.count() == 2


def test_rows_under_a_condition_stay(make_trace: MakeTrace) -> None:
    running, _ = make_trace(8), make_trace(8)
    Trace.objects.filter(id=running).update(outcome="in_progress")
    rule = AgedRows("ended", "responses_api_trace", "started_at", timedelta(0), "outcome <> 'in_progress'")
    assert rule.count() == 1
    assert list(rule.batches(10)) == [1]
    assert kept() == {running}


def test_without_an_age_everything_stays(make_trace: MakeTrace) -> None:
    make_trace(10_000)
    rule = AgedRows("traces", "responses_api_trace", "started_at", None)
    assert (rule.count(), list(rule.batches(10)), Trace.objects.count()) == (0, [], 1)


@pytest.mark.parametrize(
    ("table", "aged_by"),
    [
        ("responses_api_capture", "created_at"),
        ("responses_api_largeoverlay", "created_at"),
        ("responses_api_idempotentrequest", "created_at"),
        ("responses_api_webhookdelivery", "created_at"),
        ("responses_api_trace", "started_at"),
        ("responses_api_usage", "at"),
        ("auditlog_logentry", "timestamp"),
        ("django_session", "expire_date"),
    ],
)
def test_every_batch_is_an_index_scan(table: str, aged_by: str) -> None:
    rule = AgedRows("rows", table, aged_by, timedelta(days=7))
    params: dict[str, Any] = {"age": rule.age, "limit": 10, "begin": None}
    with connection.cursor() as cursor:
        # Small tables are read whole, whatever their indexes.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN (FORMAT JSON) " + rule._statement(), params)
        plan = str(cursor.fetchone()[0])
    assert "Tid Scan" in plan
    assert "Index Scan" in plan
    assert "Seq Scan" not in plan
    assert "'Sort'" not in plan


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_left_for_the_next_time(
    make_trace: MakeTrace, in_other_session: Callable[..., Any]
) -> None:
    held, _ = make_trace(9), make_trace(8)
    with in_other_session("SELECT id FROM responses_api_trace WHERE id = %s FOR UPDATE", held):
        assert list(TRACES.batches(10)) == [1]
    assert kept() == {held}
    assert list(TRACES.batches(10)) == [1]
