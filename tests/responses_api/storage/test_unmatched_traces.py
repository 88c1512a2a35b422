"""Traces of calls that belong to no response, in the database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from responses_api.core.generation_events import UsageReported
from responses_api.gemini.errors import connection_failure
from responses_api.models import Trace, TraceKind, Usage, UsageSource
from responses_api.storage.unmatched_traces import UnmatchedTrace, record_unmatched

ENDED = datetime(2026, 11, 22, 12, 0, 1, 500_000, tzinfo=UTC)
TRACE = UnmatchedTrace(
    id="trace_1",
    started_at=ENDED - timedelta(seconds=1),
    ended_at=ENDED,
    outcome="completed",
    host="generativelanguage.googleapis.com",
    model="gemini-3.8-flash",
    upstream_model="gemini-3.8-flash-001",
    stream=True,
    request={"user_agent": "tool/1", "body_bytes": 99, "stream": True},
    upstream_status=200,
    first_event_ms=250.5,
    duration_ms=1000.0,
    failure=None,
    usage=UsageReported(input_tokens=7, cached_tokens=2, output_tokens=5, reasoning_tokens=3),
)


@pytest.mark.django_db
def test_a_trace_and_its_usage_are_written_in_one_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        record_unmatched([TRACE, replace(TRACE, id="trace_2", usage=None)])
    assert len(queries) == 1

    trace = Trace.objects.get(pk="trace_1")
    assert (trace.kind, trace.response_id, trace.owner, trace.api_key) == (
        TraceKind.UNMATCHED,
        "",
        None,
        None,
    )
    assert (trace.outcome, trace.upstream_host, trace.upstream_status) == ("completed", TRACE.host, 200)
    assert (trace.model, trace.upstream_model, trace.stream) == (TRACE.model, TRACE.upstream_model, True)
    assert (trace.started_at, trace.ended_at) == (TRACE.started_at, TRACE.ended_at)
    assert (trace.first_event_ms, trace.duration_ms, trace.turns) == (250.5, 1000.0, 1)
    assert (trace.client_request, trace.adaptations, trace.error) == (TRACE.request, [], None)
    used = Usage.objects.get(pk="trace_1")
    assert (used.source, used.at, used.model) == (UsageSource.INTERCEPTED, ENDED, TRACE.model)
    counts = (used.input_tokens, used.cached_tokens, used.output_tokens, used.reasoning_tokens)
    assert (*counts, used.total_tokens) == (7, 2, 5, 3, 12)
    assert Usage.objects.get(pk="trace_2").source == UsageSource.NONE


@pytest.mark.django_db
def test_written_twice_they_are_there_once() -> None:
    record_unmatched([TRACE])
    record_unmatched([TRACE, replace(TRACE, id="trace_2")])
    assert (Trace.objects.count(), Usage.objects.count()) == (2, 2)


@pytest.mark.django_db
def test_a_failure_is_kept_in_our_terms() -> None:
    record_unmatched([replace(TRACE, outcome="upstream_error", failure=connection_failure("reset"))])
    error = Trace.objects.get().error
    assert error is not None
    assert (error["http_status"], error["code"]) == (502, "server_error")


@pytest.mark.django_db
def test_names_of_any_bytes_and_length() -> None:
    odd = "x\x00\udcff" + "y" * 400
    record_unmatched(
        [
            replace(
                TRACE, model=odd, upstream_model=odd, host=odd, request={"user_agent": odd, "body_bytes": 1}
            )
        ]
    )
    trace = Trace.objects.get()
    assert len(trace.model) == 128
    assert len(trace.upstream_host) == 255
