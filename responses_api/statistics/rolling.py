"""Adds ended exchanges to the roll-ups: each exactly once, a batch in a transaction.

Nothing of it is on the path of a request. A usage row is written with ``rolled_up`` false;
later one statement takes a batch of such rows, adds them up and marks them. So an exchange is
either rolled up or among the rows that a partial index finds, never both, never neither, also
after a crash in the middle; and the figures, which add those rows to the roll-ups in one
statement, are exact at every moment. One process at a time does it, by an advisory lock.
"""

from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from responses_api.models import Detail, Trace
from responses_api.statistics.exchange_sums import BINS_OF, COLUMNS, EXCHANGES, SUMS
from responses_api.storage.exchange_records import GATEWAY_LOST

LOCK = 0x5A475F524F4C4C
"""Key of the advisory lock of all that changes roll-ups."""
_CORRECTIONS = timedelta(minutes=10)
"""For how long after the longest possible response a lost gateway may turn out to be alive."""

_KEY = "grain, detail, bucket, owner_id, api_key_id, model"


def _added(column: str) -> str:
    """Numbers are added, arrays member by member."""
    if column not in ("outcomes", *BINS_OF):
        return f"{column} = kept.{column} + excluded.{column}"
    return (
        f"{column} = (SELECT array_agg(mine + yours ORDER BY number) "
        f"FROM unnest(kept.{column}, excluded.{column}) WITH ORDINALITY AS counts (mine, yours, number))"
    )


_ADD = f"""
INSERT INTO responses_api_rollup AS kept ({_KEY}, {", ".join(COLUMNS)})
SELECT grain, GROUPING(owner_id, api_key_id, model), date_trunc(grain, began, 'UTC') AS bucket,
    coalesce(owner_id, 0), coalesce(api_key_id, 0), coalesce(model, ''), {SUMS}
FROM exchanges CROSS JOIN (VALUES ('hour'), ('day')) AS grains (grain)
GROUP BY grain, bucket, GROUPING SETS (
    (owner_id, api_key_id, model), (owner_id, api_key_id), (owner_id, model), (owner_id), (model), ()
)
ON CONFLICT ({_KEY}) DO UPDATE SET {", ".join(map(_added, COLUMNS))}
"""

# A trace that was closed for a gateway which seemed to be dead is corrected if it was not (`late_ends`):
# as long as that is likely, it stays where the figures read it as it is. A correction that is being
# made is left alone; one that was made since this statement began is seen by the new `at`.
_ROLL_UP = f"""
WITH batch AS MATERIALIZED (
    SELECT usage.trace_id, usage.at
    FROM responses_api_usage AS usage LEFT JOIN responses_api_trace AS trace ON trace.id = usage.trace_id
    WHERE NOT usage.rolled_up
        AND (trace.error->>'code' IS DISTINCT FROM '{GATEWAY_LOST}' OR usage.at < %(settled)s)
    ORDER BY usage.at LIMIT %(limit)s
    FOR UPDATE OF usage SKIP LOCKED
), exchanges AS MATERIALIZED (
    {EXCHANGES} WHERE (usage.trace_id, usage.at) IN (SELECT trace_id, at FROM batch)
), marked AS (
    UPDATE responses_api_usage AS usage SET rolled_up = TRUE FROM batch
    WHERE usage.trace_id = batch.trace_id AND usage.at = batch.at
), added AS ({_ADD})
SELECT count(*) FROM batch
"""

_ROLLED_THAT_DAY = "usage.rolled_up AND trace.started_at >= %(since)s AND trace.started_at < %(until)s"
_MISSING = f"""
SELECT (
    SELECT coalesce(sum(requests), 0) FROM responses_api_rollup
    WHERE grain = 'day' AND detail = {Detail.ALL.value} AND bucket = %(since)s
) - (
    SELECT count(*) FROM responses_api_usage AS usage
    JOIN responses_api_trace AS trace ON trace.id = usage.trace_id
    WHERE {_ROLLED_THAT_DAY}
)
"""
_FORGET = "DELETE FROM responses_api_rollup WHERE bucket >= %(since)s AND bucket < %(until)s"
_REBUILD = f"""
WITH exchanges AS MATERIALIZED (
    {EXCHANGES} WHERE {_ROLLED_THAT_DAY}
) {_ADD}
"""


def roll_up(limit: int) -> int:
    """Roll up some of the exchanges that have ended, the earliest first.

    Args:
        limit: how many at most.

    Returns:
        How many there were; none while another process is at it.
    """
    settled = timezone.now() - timedelta(seconds=settings.RESPONSE_TIMEOUT) - _CORRECTIONS
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_ROLL_UP, {"limit": limit, "settled": settled})
        return int(cursor.fetchone()[0])


def days() -> list[date]:
    """The days of UTC that have traces, the earliest first."""
    ends = Trace.objects.aggregate(oldest=Min("started_at"), newest=Max("started_at"))
    if ends["oldest"] is None:
        return []
    first, last = (ends[end].astimezone(UTC).date() for end in ("oldest", "newest"))
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def rebuild(day: date, *, force: bool = False) -> bool:
    """Make the roll-ups of a day of UTC anew from its traces, in one transaction.

    Args:
        day: which.
        force: even if the day's traces are fewer than its roll-ups count. Then some have been
            deleted, and what they used would be forgotten.

    Returns:
        Whether it was done.
    """
    since = datetime.combine(day, time(), UTC)
    span = {"since": since, "until": since + timedelta(days=1)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(_MISSING, span)
        if cursor.fetchone()[0] > 0 and not force:
            return False
        cursor.execute(_FORGET, span)
        cursor.execute(_REBUILD, span)
    return True
