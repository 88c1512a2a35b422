"""What was spent in a day or month, as the table of usage says: what the ledgers count on from."""

from datetime import datetime

from django.db import connection

from responses_api.access.limits.rules import NANODOLLARS
from responses_api.access.limits.standings import Periods, Spent

_SPENT = """
SELECT coalesce(sum(total_tokens), 0), coalesce(sum(cost), 0) FROM responses_api_usage
WHERE at >= %(since)s AND
"""
_BY_SCOPE = {
    "user": "owner_id = %(id)s",
    "key": "api_key_id IN (SELECT id FROM responses_api_apikey WHERE id = %(id)s OR line = %(id)s)",
}


def spent_in(scope: str, periods: Periods) -> dict[str, Spent]:
    """What the booked responses of a scope come to by now, by the names of the day and the month."""
    return {
        periods.day: _spent_since(scope, periods.day_began),
        periods.month: _spent_since(scope, periods.month_began),
    }


def _spent_since(scope: str, since: datetime) -> Spent:
    kind, _, number = scope.partition(":")
    with connection.cursor() as cursor:
        cursor.execute(_SPENT + _BY_SCOPE[kind], {"since": since, "id": int(number)})
        tokens, cost = cursor.fetchone()
    return Spent(int(tokens), int(cost * NANODOLLARS))
