"""Traces and usage of model calls that belong to no response: what an interceptor saw pass by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from responses_api.core.generation_events import UpstreamFailed, UsageReported
from responses_api.models import TraceKind, UsageSource
from responses_api.storage.item_rows import as_jsonb

_LONGEST_NAME = 128
_LONGEST_HOST = 255


@dataclass(frozen=True, slots=True)
class UnmatchedTrace:
    """One call, after its end. Nothing of what was said."""

    id: str
    started_at: datetime
    ended_at: datetime
    outcome: str
    """One of ``Outcome``."""
    host: str
    """Where it went, with the port if that is not 443."""
    model: str
    upstream_model: str
    """As the answer names it."""
    stream: bool
    request: dict[str, Any]
    """Counts and sizes of the request."""
    upstream_status: int | None
    """HTTP status; None if there was no answer."""
    first_event_ms: float | None
    duration_ms: float
    failure: UpstreamFailed | None
    usage: UsageReported | None


_RECORD = f"""
WITH call AS (
    SELECT * FROM jsonb_to_recordset(%(calls)s::jsonb) AS call (
        id text, started_at timestamptz, ended_at timestamptz, outcome text, host text, model text,
        upstream_model text, stream boolean, request jsonb, status integer, first_event_ms float,
        duration_ms float, error jsonb, source text, input bigint, cached bigint, output bigint,
        reasoning bigint
    )
), traced AS (
    INSERT INTO responses_api_trace (
        id, kind, response_id, started_at, ended_at, outcome, model, upstream_model, upstream_host,
        upstream_status, stream, simulated, client_request, first_event_ms, duration_ms, turns, error,
        adaptations
    )
    SELECT id, '{TraceKind.UNMATCHED}', '', started_at, ended_at, outcome, model, upstream_model, host,
        status, stream, %(simulated)s, request, first_event_ms, duration_ms, 1, error, '[]'
    FROM call
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
INSERT INTO responses_api_usage (
    trace_id, at, model, source, input_tokens, cached_tokens, output_tokens, reasoning_tokens, total_tokens
)
SELECT id, ended_at, model, source, input, cached, output, reasoning, input + output
FROM call JOIN traced USING (id)
"""


def record_unmatched(traces: Sequence[UnmatchedTrace]) -> None:
    """Write ``traces``, each with its usage, in one statement. Writing them again changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "calls": as_jsonb([_record(trace) for trace in traces]),
                "simulated": settings.UPSTREAM_SIMULATED,
            },
        )


def _record(trace: UnmatchedTrace) -> dict[str, Any]:
    used = trace.usage or UsageReported()
    return {
        "id": trace.id,
        "started_at": trace.started_at,
        "ended_at": trace.ended_at,
        "outcome": trace.outcome,
        "host": _clean(trace.host)[:_LONGEST_HOST],
        "model": _clean(trace.model)[:_LONGEST_NAME],
        "upstream_model": _clean(trace.upstream_model)[:_LONGEST_NAME],
        "stream": trace.stream,
        "request": {
            name: _clean(value) if isinstance(value, str) else value for name, value in trace.request.items()
        },
        "status": trace.upstream_status,
        "first_event_ms": trace.first_event_ms,
        "duration_ms": trace.duration_ms,
        "error": None if trace.failure is None else _error(trace.failure),
        "source": str(UsageSource.NONE if trace.usage is None else UsageSource.INTERCEPTED),
        "input": used.input_tokens,
        "cached": used.cached_tokens,
        "output": used.output_tokens,
        "reasoning": used.reasoning_tokens,
    }


def _error(failure: UpstreamFailed) -> dict[str, Any]:
    return {
        "message": failure.message,
        "type": failure.type,
        "code": failure.code,
        "param": failure.param,
        "http_status": failure.http_status,
        "retry_after": failure.retry_after,
    }


def _clean(text: str) -> str:
    """A head line need not be UTF-8."""
    return text.encode(errors="replace").decode()
