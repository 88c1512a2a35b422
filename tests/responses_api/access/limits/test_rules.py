from decimal import Decimal

from responses_api.access.limits.rules import (
    Allowance,
    Limits,
    allowances,
    key_scope,
    limits_of,
    only_requests,
)
from responses_api.models import ApiKey

DEFAULTS = {"requests_per_minute": Decimal(60), "dollars_per_day": Decimal("0.5")}


def test_what_a_row_says_goes_before_the_installations_defaults() -> None:
    key = ApiKey(requests_per_minute=3, dollars_per_month=Decimal("1.25"))
    assert limits_of(key, DEFAULTS) == Limits(
        requests_per_minute=3, cost_per_day=500_000_000, cost_per_month=1_250_000_000
    )
    assert limits_of(None, {"tokens_per_day": Decimal(5)}) == Limits(tokens_per_day=5)
    assert limits_of(ApiKey(), {}) == Limits()


def test_scopes_without_a_limit_are_left_out_and_the_others_ordered() -> None:
    one, other = Limits(tokens_per_day=1), Limits(requests_per_minute=2, concurrent_responses=3)
    given = allowances(("user:1", one), ("key:9", other), ("key:1", Limits()))
    assert given == (Allowance("key:9", other), Allowance("user:1", one))
    assert only_requests(given) == (Allowance("key:9", Limits(requests_per_minute=2)),)


def test_a_successor_shares_the_scope_of_the_first_of_its_line() -> None:
    assert key_scope(7, None) == "key:7"
    assert key_scope(9, 7) == "key:7"
