"""The ledger in PostgreSQL: see ``ledger``.

Each method sends several statements at once, which are one transaction and one round trip. The
first of them locks the scopes' rows, in order of their names, so that nobody waits in a circle;
the statements after it see what the one who had the lock before has written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.db import connection

from responses_api.access.limits.ledger import Standings, record_of
from responses_api.access.limits.rules import Allowance, Amount
from responses_api.access.limits.standings import MINUTE, Periods, Spent, Standing

_TOLERANCE = 0.001
"""What a rate may be exceeded by, since it is kept in floats."""

_LOCK = """
INSERT INTO responses_api_limitmeter (scope, requests_until, tokens_until, settled)
SELECT scope, 0, 0, 0 FROM unnest(%(scopes)s::text[]) AS scope ORDER BY scope
ON CONFLICT DO NOTHING;

SELECT scope FROM responses_api_limitmeter WHERE scope = ANY(%(scopes)s) ORDER BY scope FOR UPDATE;
"""

_NOW = "coalesce(%(now)s::float8, extract(epoch FROM clock_timestamp())::float8)"

_ASKED = """
SELECT * FROM jsonb_to_recordset(%(asked)s::jsonb) AS asked (
    scope text, requests_per_minute float8, tokens_per_minute float8, concurrent_responses bigint,
    tokens_per_day bigint, tokens_per_month bigint, cost_per_day bigint, cost_per_month bigint,
    needs_day boolean, needs_month boolean, needs_hold boolean
)
"""

_RESERVE = f"""
{_LOCK}

WITH gone AS (
    DELETE FROM responses_api_limithold WHERE scope = ANY(%(scopes)s) AND until <= {_NOW} RETURNING scope
)
DELETE FROM responses_api_limitspent WHERE scope IN (SELECT scope FROM gone);

WITH clock AS MATERIALIZED (
    SELECT {_NOW} AS now
), asked AS MATERIALIZED (
    {_ASKED}
), standing AS MATERIALIZED (
    SELECT asked.*, clock.now, meter.settled,
        greatest(0, meter.requests_until - clock.now) AS requests_back_in,
        greatest(0, meter.tokens_until - clock.now) AS tokens_back_in,
        held.running, held.tokens AS held_tokens, held.cost AS held_cost,
        day.tokens AS day_tokens, day.cost AS day_cost,
        month.tokens AS month_tokens, month.cost AS month_cost
    FROM clock CROSS JOIN asked JOIN responses_api_limitmeter AS meter USING (scope)
    CROSS JOIN LATERAL (
        SELECT count(*) AS running, coalesce(sum(tokens), 0) AS tokens, coalesce(sum(cost), 0) AS cost
        FROM responses_api_limithold AS hold WHERE hold.scope = asked.scope
    ) AS held
    LEFT JOIN responses_api_limitspent AS day ON day.scope = asked.scope AND day.period = %(day)s
    LEFT JOIN responses_api_limitspent AS month ON month.scope = asked.scope AND month.period = %(month)s
), verdict AS MATERIALIZED (
    -- A limit that is not given is NULL, and so is the comparison: it does not count.
    SELECT coalesce(bool_and(
        (%(requests)s = 0 OR (
            coalesce(requests_back_in * requests_per_minute / {MINUTE} + %(requests)s
                <= requests_per_minute + {_TOLERANCE}, TRUE)
            AND coalesce(running + %(requests)s <= concurrent_responses, TRUE)
        ))
        AND (%(tokens)s = 0 OR (
            coalesce(tokens_back_in * tokens_per_minute / {MINUTE} + %(tokens)s
                <= tokens_per_minute + {_TOLERANCE}, TRUE)
            AND coalesce(day_tokens + held_tokens + %(tokens)s <= tokens_per_day, TRUE)
            AND coalesce(month_tokens + held_tokens + %(tokens)s <= tokens_per_month, TRUE)
        ))
        AND (%(cost)s = 0 OR (
            coalesce(day_cost + held_cost + %(cost)s <= cost_per_day, TRUE)
            AND coalesce(month_cost + held_cost + %(cost)s <= cost_per_month, TRUE)
        ))
        AND (NOT needs_day OR day_tokens IS NOT NULL)
        AND (NOT needs_month OR month_tokens IS NOT NULL)
    ), TRUE) AS admitted
    FROM standing
), charged AS (
    UPDATE responses_api_limitmeter AS meter SET
        requests_until = coalesce(
            now + requests_back_in + %(requests)s * {MINUTE} / requests_per_minute, requests_until
        ),
        tokens_until = coalesce(
            now + tokens_back_in + %(tokens)s * {MINUTE} / tokens_per_minute, tokens_until
        )
    FROM standing, verdict WHERE meter.scope = standing.scope AND admitted
), kept AS (
    INSERT INTO responses_api_limithold (scope, reservation, until, tokens, cost)
    SELECT scope, %(reservation)s, now + %(lease)s, %(tokens)s, %(cost)s
    FROM standing, verdict WHERE admitted AND needs_hold AND %(lease)s > 0
    ON CONFLICT DO NOTHING
)
SELECT admitted, scope, requests_back_in, tokens_back_in, running, held_tokens, held_cost,
    day_tokens, day_cost, month_tokens, month_cost, settled
FROM standing, verdict
"""

_LEARN = f"""
{_LOCK}

DELETE FROM responses_api_limitspent
WHERE scope = ANY(%(scopes)s) AND NOT period = ANY(%(periods)s);

INSERT INTO responses_api_limitspent (scope, period, tokens, cost)
SELECT meter.scope, learnt.period, learnt.tokens, learnt.cost
FROM responses_api_limitmeter AS meter,
    jsonb_to_recordset(%(learnt)s::jsonb) AS learnt (period text, tokens bigint, cost bigint)
WHERE meter.scope = ANY(%(scopes)s) AND meter.settled = %(settled)s
ON CONFLICT DO NOTHING
"""

_SETTLE = f"""
{_LOCK}

WITH asked AS (
    {_ASKED}
), gone AS (
    DELETE FROM responses_api_limithold AS hold
    WHERE scope = ANY(%(scopes)s) AND reservation = %(reservation)s
    RETURNING scope, tokens
), metered AS (
    UPDATE responses_api_limitmeter AS meter SET
        settled = settled + 1,
        tokens_until = coalesce(
            greatest(tokens_until, {_NOW})
                + (%(tokens)s - gone.tokens) * {MINUTE} / asked.tokens_per_minute,
            tokens_until
        )
    FROM asked LEFT JOIN gone USING (scope) WHERE meter.scope = asked.scope
), added AS (
    UPDATE responses_api_limitspent AS spent
    SET tokens = spent.tokens + %(tokens)s, cost = spent.cost + %(cost)s
    FROM gone WHERE spent.scope = gone.scope AND spent.period IN (%(day)s, %(month)s)
)
DELETE FROM responses_api_limitspent
WHERE scope = ANY(%(scopes)s) AND NOT scope IN (SELECT scope FROM gone)
"""

_RENEW = f"""
UPDATE responses_api_limithold AS hold SET until = {_NOW} + %(lease)s
FROM jsonb_to_recordset(%(held)s::jsonb) AS held (scope text, reservation text)
WHERE hold.scope = held.scope AND hold.reservation = held.reservation
"""


class PostgresLedger:
    """Counters as rows (``models.limits``).

    Args:
        now: Unix seconds for tests; None = the server's clock.
    """

    def __init__(self, now: float | None = None) -> None:
        self.now = now

    def reserve(
        self,
        allowances: Sequence[Allowance],
        asked: Amount,
        periods: Periods,
        reservation: str,
        lease: float,
    ) -> tuple[bool, Standings]:
        """As in ``Ledger``."""
        rows = self._send(
            _RESERVE, allowances, **asdict(asked), **_named(periods), reservation=reservation, lease=lease
        )
        return all(row[0] for row in rows), {row[1]: _standing(*row[1:]) for row in rows}

    def learn(self, scope: str, spent: Mapping[str, Spent], settled: int) -> None:
        """As in ``Ledger``."""
        learnt = [
            {"period": period, "tokens": known.tokens, "cost": known.cost} for period, known in spent.items()
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                _LEARN,
                {
                    "scopes": [scope],
                    "periods": list(spent),
                    "learnt": json.dumps(learnt),
                    "settled": settled,
                },
            )

    def settle(
        self, allowances: Sequence[Allowance], used: Amount, periods: Periods, reservation: str
    ) -> None:
        """As in ``Ledger``."""
        self._send(_SETTLE, allowances, **asdict(used), **_named(periods), reservation=reservation)

    def renew(self, held: Sequence[tuple[str, Sequence[str]]], lease: float) -> None:
        """As in ``Ledger``."""
        pairs = [
            {"scope": scope, "reservation": reservation} for reservation, scopes in held for scope in scopes
        ]
        with connection.cursor() as cursor:
            cursor.execute(_RENEW, {"held": json.dumps(pairs), "lease": lease, "now": self.now})

    def _send(self, statements: str, allowances: Sequence[Allowance], **values: Any) -> list[Any]:
        """Rows of the last statement, if it gives any."""
        values |= {
            "scopes": [allowance.scope for allowance in allowances],
            "asked": json.dumps([record_of(allowance) for allowance in allowances]),
            "now": self.now,
        }
        with connection.cursor() as cursor:
            cursor.execute(statements, values)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []


def _named(periods: Periods) -> dict[str, str]:
    return {"day": periods.day, "month": periods.month}


def _standing(
    scope: str,
    requests_back_in: float,
    tokens_back_in: float,
    running: int,
    held_tokens: int,
    held_cost: int,
    day_tokens: int | None,
    day_cost: int | None,
    month_tokens: int | None,
    month_cost: int | None,
    settled: int,
) -> Standing:
    return Standing(
        scope=scope,
        requests_back_in=requests_back_in,
        tokens_back_in=tokens_back_in,
        running=running,
        held=Spent(int(held_tokens), int(held_cost)),
        day=None if day_tokens is None or day_cost is None else Spent(day_tokens, day_cost),
        month=None if month_tokens is None or month_cost is None else Spent(month_tokens, month_cost),
        settled=settled,
    )
