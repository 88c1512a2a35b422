"""Ends that come after their loss was counted: a gateway that stood still for longer than anybody waits.

Its exchanges were booked as lost (``storage.orphans``), and after a while, when nobody could be
expected to correct that any more, rolled up as such. If it ends them all the same, the books
are corrected (``exchange_records.close_exchange``); what the roll-ups had counted is taken back
in the same transaction, and the exchange counts anew, as one that has just ended.
"""

from collections.abc import Callable

from django.db.backends.utils import CursorWrapper

from responses_api.models import Detail, Outcome
from responses_api.statistics.outcomes import COUNTED
from responses_api.statistics.rolling import LOCK

_UNCOUNTED = """
UPDATE responses_api_usage SET rolled_up = FALSE WHERE trace_id = %(trace_id)s AND rolled_up
"""
_FAILED = COUNTED.index(Outcome.FAILED) + 1
_COLUMNS = (("owner_id", 0b100, "0"), ("api_key_id", 0b010, "0"), ("model", 0b001, "''"))
"""Column, its bit in ``Detail``, and what stands in rows that do not tell it apart."""


def _row(detail: Detail) -> str:
    told = [nobody if detail & bit else f"counted.{column}" for column, bit, nobody in _COLUMNS]
    return f"({detail.value}, {', '.join(told)})"


# A loss is one request that failed, without times and tokens.
_TAKE_BACK = f"""
UPDATE responses_api_rollup AS kept
SET requests = requests - 1, outcomes[{_FAILED}] = outcomes[{_FAILED}] - 1
FROM (
    SELECT coalesce(usage.owner_id, 0) AS owner_id, coalesce(usage.api_key_id, 0) AS api_key_id,
        usage.model, trace.started_at
    FROM responses_api_usage AS usage JOIN responses_api_trace AS trace ON trace.id = usage.trace_id
    WHERE usage.trace_id = %(trace_id)s
) AS counted
CROSS JOIN LATERAL (VALUES {", ".join(map(_row, Detail))}) AS row (detail, owner_id, api_key_id, model)
CROSS JOIN (VALUES ('hour'), ('day')) AS grains (grain)
WHERE kept.grain = grains.grain AND kept.bucket = date_trunc(grains.grain, counted.started_at, 'UTC')
    AND kept.detail = row.detail AND kept.owner_id = row.owner_id
    AND kept.api_key_id = row.api_key_id AND kept.model = row.model
"""


def count_anew_on_close(trace_id: str) -> Callable[[CursorWrapper], None]:
    """A statement for ``ExchangeEnd.also``: if the exchange is in the roll-ups, as lost, it is no more."""

    def count_anew(cursor: CursorWrapper) -> None:
        cursor.execute(_UNCOUNTED, {"trace_id": trace_id})
        if cursor.rowcount:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            cursor.execute(_TAKE_BACK, {"trace_id": trace_id})

    return count_anew
