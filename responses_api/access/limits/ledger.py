"""Where the counters behind limits are kept: Redis where the installation has one, else PostgreSQL.

Both ledgers keep the same promises (tests/responses_api/access/limits/test_ledgers.py):

- A reservation is made in all its scopes or in none, whatever else happens at the same time.
- It is held until it is settled. A gateway renews what it holds; what it leaves when it dies runs
  out with the lease.
- What was spent in a day or month is counted on from the books (``books``), the table of usage,
  which has the last word: where a hold ran out, or a settlement finds none, the counter is dropped
  and read from the books again.

Times are the ledger's own, so that gateways on several machines need not agree on the time.
Methods block: call them on database threads. Each is one round trip.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from django.conf import settings

from responses_api.access.limits.rules import Allowance, Amount
from responses_api.access.limits.standings import Periods, Spent, Standing

type Standings = Mapping[str, Standing]
"""By scope."""


class LedgerUnavailable(Exception):
    """The ledger cannot be reached."""


class Ledger(Protocol):
    """The counters of all scopes. Every method may be repeated."""

    def reserve(
        self,
        allowances: Sequence[Allowance],
        asked: Amount,
        periods: Periods,
        reservation: str,
        lease: float,
    ) -> tuple[bool, Standings]:
        """Take ``asked`` in every scope, if it fits into all of them.

        Args:
            allowances: of the caller, ordered by scope.
            asked: what the response may come to.
            periods: the day and month that it falls into.
            reservation: the id to settle it by.
            lease: seconds until the hold runs out unless it is renewed; 0 = nothing is held.

        Returns:
            Whether it was taken, and where the scopes stood before it. It is not taken where a
            budget is asked for whose period the ledger does not know: ``learn`` it, and ask again.
        """
        ...

    def learn(self, scope: str, spent: Mapping[str, Spent], settled: int) -> None:
        """Count on from ``spent``, by period, unless the ledger knows better.

        Args:
            scope: whose.
            spent: what the books say. What was known of other periods is forgotten.
            settled: as the standing said before the books were read; nothing happens if a
                response was settled since.
        """
        ...

    def settle(
        self, allowances: Sequence[Allowance], used: Amount, periods: Periods, reservation: str
    ) -> None:
        """Put what a response really used in place of its reservation; it must be in the books already."""
        ...

    def renew(self, held: Sequence[tuple[str, Sequence[str]]], lease: float) -> None:
        """Hold reservations, each with its scopes, for ``lease`` seconds from now, if they are held still."""
        ...


def record_of(allowance: Allowance) -> dict[str, Any]:
    """The limits of one scope as ledgers send them to where the counters are."""
    limits = allowance.limits
    return {
        "scope": allowance.scope,
        **limits.given(),
        "needs_day": limits.budgets_days,
        "needs_month": limits.budgets_months,
        "needs_hold": limits.needs_hold,
    }


def current_ledger() -> Ledger:
    """This installation's."""
    return _ledger(settings.REDIS_URL, settings.REDIS_PREFIX)


@cache
def _ledger(redis_url: str, prefix: str) -> Ledger:
    if redis_url:
        from responses_api.access.limits.redis_ledger import RedisLedger

        return RedisLedger(redis_url, prefix)
    from responses_api.access.limits.postgres_ledger import PostgresLedger

    return PostgresLedger()
