"""What may be used: the limits of a key, of a user, and the installation's defaults. No I/O.

Limits hold in a *scope*: ``key:12`` for an API key together with those that it was rotated
from, ``user:3`` for all keys of a user.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from responses_api.models.limits import LIMIT_FIELDS, LimitFields

NANODOLLARS = 1_000_000_000
"""Money is counted in whole billionths of a US dollar, which is what a single token may cost."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What a response takes, or may take.

    Attributes:
        tokens: of input and output.
        cost: billionths of a US dollar; 0 where no price is known.
        requests: 1, or 0 to only look.
    """

    tokens: int = 0
    cost: int = 0
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may be used; None = no limit. Money in billionths of a US dollar."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent_responses: int | None = None
    tokens_per_day: int | None = None
    tokens_per_month: int | None = None
    cost_per_day: int | None = None
    cost_per_month: int | None = None

    def given(self) -> dict[str, int]:
        """Those that there are, by name."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in values if value is not None}

    @property
    def needs_hold(self) -> bool:
        """Whether a response has to be remembered as long as it is being made."""
        return any(name != "requests_per_minute" for name in self.given())

    @property
    def budgets_days(self) -> bool:
        """Whether what was used in a day counts."""
        return self.tokens_per_day is not None or self.cost_per_day is not None

    @property
    def budgets_months(self) -> bool:
        """Whether what was used in a month counts."""
        return self.tokens_per_month is not None or self.cost_per_month is not None


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits of one scope."""

    scope: str
    limits: Limits


def key_scope(key_id: int, line: int | None) -> str:
    """The scope of an API key; ``line`` is the first key of those that it was rotated from."""
    return f"key:{line or key_id}"


def user_scope(user_id: int) -> str:
    """The scope of all keys of a user."""
    return f"user:{user_id}"


def limits_of(row: LimitFields | None, defaults: Mapping[str, Decimal]) -> Limits:
    """The limits in a row; ``defaults`` hold where it, or there being none, says nothing."""
    values: dict[str, Any] = {}
    for name in LIMIT_FIELDS:
        value = getattr(row, name, None)
        if (value := defaults.get(name) if value is None else value) is None:
            continue
        if name.startswith("dollars"):
            values[name.replace("dollars", "cost")] = int(value * NANODOLLARS)
        else:
            values[name] = int(value)
    return Limits(**values)


def only_requests(given: Iterable[Allowance]) -> tuple[Allowance, ...]:
    """What holds for requests that generate nothing: they only count as requests."""
    return allowances(
        *((one.scope, Limits(requests_per_minute=one.limits.requests_per_minute)) for one in given)
    )


def allowances(*scoped: tuple[str, Limits]) -> tuple[Allowance, ...]:
    """One for each scope that has a limit, in the order in which scopes are always locked."""
    return tuple(Allowance(scope, limits) for scope, limits in sorted(scoped) if limits != Limits())
