"""Reserving, settling and looking, on whichever ledger there is. Blocks: for database threads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from responses_api.access.limits.books import spent_in
from responses_api.access.limits.headers import rate_headers
from responses_api.access.limits.ledger import LedgerUnavailable, Standings, current_ledger
from responses_api.access.limits.refusals import LimitReached, refusal
from responses_api.access.limits.rules import Allowance, Amount
from responses_api.access.limits.standings import Periods, Reading, after, readings, shortages

_NOTHING = Amount(requests=0)
_ATTEMPTS = 10
"""How often the books are read because a response was settled while they were being read."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a response may come to is taken; ``settle`` or ``release`` it, unless nothing is held.

    Attributes:
        id: the response's own.
        allowances: those in which it is held.
        headers: for every answer to the request: what is left, names in lower case.
    """

    id: str
    allowances: Sequence[Allowance]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing was taken: ``error`` says why, ``headers`` as in ``Reservation``."""

    error: LimitReached
    headers: dict[str, str]


def reserve(
    allowances: Sequence[Allowance], estimate: Amount, reservation: str, lease: float
) -> Reservation | Refusal:
    """Take ``estimate`` in all scopes, or in none if it does not fit.

    Args:
        allowances: of the caller.
        estimate: what the response may come to.
        reservation: an id for it.
        lease: seconds until it runs out unless it is renewed; 0 = nothing is held.

    Raises:
        LedgerUnavailable: the counters cannot be reached.
    """
    periods = Periods(datetime.now(UTC))
    admitted, standings = _ask(allowances, estimate, periods, reservation, lease)
    found = _readings(allowances, standings, periods)
    if not admitted:
        return Refusal(refusal(shortages(found, estimate)), rate_headers(found))
    held = held_in(allowances) if lease else ()
    return Reservation(reservation, held, rate_headers([after(reading, estimate) for reading in found]))


def settle(reservation: Reservation, used: Amount, ended_at: datetime) -> None:
    """Put what the response used in place of what was reserved for it.

    Args:
        reservation: of the response.
        used: what it came to; it is in the books already.
        ended_at: as in the books.

    Raises:
        LedgerUnavailable: the counters cannot be reached.
    """
    if reservation.allowances:
        current_ledger().settle(reservation.allowances, used, Periods(ended_at), reservation.id)


def release(reservation: Reservation) -> None:
    """Give back what was reserved; raises as ``settle``."""
    settle(reservation, Amount(), datetime.now(UTC))


def state(allowances: Sequence[Allowance]) -> list[Reading]:
    """Every limit of a caller's, where it stands now; nothing is taken.

    Raises:
        LedgerUnavailable: the counters cannot be reached.
    """
    periods = Periods(datetime.now(UTC))
    if not allowances:
        return []
    _, standings = _ask(allowances, _NOTHING, periods, "", 0)
    return _readings(allowances, standings, periods)


def held_in(allowances: Sequence[Allowance]) -> tuple[Allowance, ...]:
    """The scopes that remember a response as long as it is being made."""
    return tuple(allowance for allowance in allowances if allowance.limits.needs_hold)


def _ask(
    allowances: Sequence[Allowance], asked: Amount, periods: Periods, reservation: str, lease: float
) -> tuple[bool, Standings]:
    """The ledger's answer, once it knows what was spent."""
    ledger = current_ledger()
    for _ in range(_ATTEMPTS):
        admitted, standings = ledger.reserve(allowances, asked, periods, reservation, lease)
        unknown = [] if admitted else _unknown(allowances, standings)
        if not unknown:
            return admitted, standings
        for scope in unknown:
            ledger.learn(scope, spent_in(scope, periods), standings[scope].settled)
    raise LedgerUnavailable("Responses are settled faster than the books can be read.")


def _unknown(allowances: Sequence[Allowance], standings: Standings) -> list[str]:
    """Scopes with a budget for a period of which the ledger does not know what was spent."""
    return [
        allowance.scope
        for allowance in allowances
        if (allowance.limits.budgets_days and standings[allowance.scope].day is None)
        or (allowance.limits.budgets_months and standings[allowance.scope].month is None)
    ]


def _readings(allowances: Sequence[Allowance], standings: Standings, periods: Periods) -> list[Reading]:
    return [
        reading
        for allowance in allowances
        for reading in readings(allowance, standings[allowance.scope], periods)
    ]
