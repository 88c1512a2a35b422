"""The usage rows one by one, with what is known of their exchanges: for files that people keep.

Read in pages by keyset, so that any number of them costs little memory and no long transaction.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from responses_api.statistics.figures import EVERYTHING, Selection
from responses_api.statistics.periods import Period

PAGE_ROWS = 2_000

_COLUMNS = {"owner_id": "usage.owner_id", "api_key_id": "usage.api_key_id", "model": "usage.model"}
_ROWS = """
SELECT usage.at, trace.started_at, usage.trace_id, trace.response_id, owner.username,
    api_key.name, api_key.prefix, usage.model, trace.outcome, usage.source,
    usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.reasoning_tokens, usage.total_tokens,
    usage.cost, trace.first_event_ms, trace.duration_ms
FROM responses_api_usage AS usage
LEFT JOIN responses_api_trace AS trace ON trace.id = usage.trace_id
LEFT JOIN auth_user AS owner ON owner.id = usage.owner_id
LEFT JOIN responses_api_apikey AS api_key ON api_key.id = usage.api_key_id
WHERE usage.at >= %(since)s AND usage.at < %(until)s AND (usage.at, usage.trace_id) > (%(since)s, %(id)s)
"""
"""The first condition is the one that an index answers."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """The usage of one exchange. None where its trace, user or key is gone, or where nobody knows."""

    ended_at: datetime
    started_at: datetime | None
    trace_id: str
    response_id: str | None
    user: str | None
    api_key: str | None
    """Its name."""
    api_key_prefix: str | None
    model: str
    outcome: str | None
    source: str
    """Who counted, see ``UsageSource``."""
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int
    cost_usd: Decimal | None
    first_event_ms: float | None
    duration_ms: float | None


COLUMNS = tuple(field.name for field in fields(UsageRow))


def read_page(
    period: Period, selection: Selection = EVERYTHING, after: UsageRow | None = None
) -> list[UsageRow]:
    """The next rows.

    Args:
        period: of the exchanges' ends.
        selection: which exchanges.
        after: the last row of the page before.

    Returns:
        ``PAGE_ROWS`` of them, by end; fewer if these are the last.
    """
    conditions: dict[str, Any] = {name: list(values) for name, values in selection.conditions().items()}
    where = "".join(f"AND {_COLUMNS[name]} = ANY(%({name})s) " for name in conditions)
    place: dict[str, Any] = {"since": period.since, "id": ""}
    if after is not None:
        place = {"since": after.ended_at, "id": after.trace_id}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ROWS} {where} ORDER BY usage.at, usage.trace_id LIMIT {PAGE_ROWS}",
            {"until": period.until, **place, **conditions},
        )
        return [UsageRow(*row) for row in cursor.fetchall()]


def read_pages(period: Period, selection: Selection = EVERYTHING) -> Iterator[list[UsageRow]]:
    """All of the rows, page by page."""
    after = None
    while page := read_page(period, selection, after):
        yield page
        after = page[-1]
