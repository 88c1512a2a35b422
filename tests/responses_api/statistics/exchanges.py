"""Books ended exchanges for tests, as the gateway leaves them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from responses_api.models import ApiKey, Outcome, Trace, Usage, UsageSource
from responses_api.runtime.identifiers import new_id

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def book(
    key: ApiKey | None = None,
    at: datetime = NOON,
    *,
    model: str = "gemini-3.8-flash",
    outcome: Outcome = Outcome.COMPLETED,
    first_event_ms: float | None = 400.0,
    duration_ms: float | None = 2_000.0,
    error: dict[str, Any] | None = None,
    ended_at: datetime | None = None,
    cost: Decimal | None = None,
    **counts: int,
) -> Trace:
    owner = key.owner if key else None
    ended = ended_at or at + timedelta(milliseconds=duration_ms or 0)
    trace = Trace.objects.create(
        id=new_id("trace"),
        response_id=new_id("resp"),
        owner=owner,
        api_key=key,
        started_at=at,
        ended_at=ended,
        outcome=outcome,
        model=model,
        stream=True,
        client_request={},
        first_event_ms=first_event_ms,
        duration_ms=duration_ms,
        error=error,
    )
    tokens = {"input_tokens": 10, "cached_tokens": 4, "output_tokens": 5, "reasoning_tokens": 2, **counts}
    Usage.objects.create(
        trace=trace,
        owner=owner,
        api_key=key,
        at=ended,
        model=model,
        source=UsageSource.INTERCEPTED,
        total_tokens=tokens["input_tokens"] + tokens["output_tokens"],
        cost=cost,
        **tokens,
    )
    return trace
