"""What both ledgers promise."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from responses_api.access.limits.postgres_ledger import PostgresLedger
from responses_api.access.limits.rules import Allowance, Amount, Limits
from responses_api.access.limits.standings import Periods, Spent, Standing
from tests.responses_api.access.limits.conftest import START, AnyLedger

TODAY = Periods(datetime(2026, 11, 22, 18, tzinfo=UTC))
TOMORROW = Periods(datetime(2026, 11, 23, 1, tzinfo=UTC))
LEASE = 30.0
NOTHING = Spent()


def key(**limits: int) -> Allowance:
    return Allowance("key:1", Limits(**limits))


def user(**limits: int) -> Allowance:
    return Allowance("user:1", Limits(**limits))


def taken(
    ledger: AnyLedger,
    *allowances: Allowance,
    tokens: int = 0,
    cost: int = 0,
    id: str = "r",
    lease: float = LEASE,
    periods: Periods = TODAY,
) -> bool:
    return ledger.reserve(allowances, Amount(tokens, cost), periods, id, lease)[0]


def standing(ledger: AnyLedger, allowance: Allowance, periods: Periods = TODAY) -> Standing:
    return ledger.reserve([allowance], Amount(requests=0), periods, "", 0)[1][allowance.scope]


def learnt(ledger: AnyLedger, allowance: Allowance, spent: Spent = NOTHING, periods: Periods = TODAY) -> None:
    ledger.learn(
        allowance.scope,
        {periods.day: spent, periods.month: spent},
        standing(ledger, allowance, periods).settled,
    )


def test_a_minutes_requests_may_come_in_one_go_and_come_back_evenly(ledger: AnyLedger) -> None:
    limited = key(requests_per_minute=3)
    assert [taken(ledger, limited) for _ in range(4)] == [True, True, True, False]
    assert standing(ledger, limited).requests_back_in == pytest.approx(60)

    assert ledger.now
    ledger.now += 19.9
    assert not taken(ledger, limited)
    ledger.now += 0.2
    assert taken(ledger, limited)
    assert not taken(ledger, limited)
    ledger.now += 3600
    assert standing(ledger, limited) == Standing("key:1")
    assert [taken(ledger, limited) for _ in range(4)] == [True, True, True, False]


def test_a_refused_request_takes_nothing_in_any_scope(ledger: AnyLedger) -> None:
    roomy, narrow = key(requests_per_minute=100, concurrent_responses=9), user(tokens_per_minute=50)
    assert not taken(ledger, roomy, narrow, tokens=51)
    assert standing(ledger, roomy) == Standing("key:1")
    assert taken(ledger, roomy, narrow, tokens=50)
    assert standing(ledger, roomy).running == 1
    assert standing(ledger, narrow).tokens_back_in == pytest.approx(60)


def test_tokens_are_charged_as_estimated_and_settled_as_used(ledger: AnyLedger) -> None:
    limited = key(tokens_per_minute=600)
    assert taken(ledger, limited, tokens=400, id="a")
    ledger.settle([limited], Amount(100), TODAY, "a")
    assert standing(ledger, limited).tokens_back_in == pytest.approx(10)

    assert taken(ledger, limited, tokens=100, id="b")
    ledger.settle([limited], Amount(1000), TODAY, "b")
    assert standing(ledger, limited).tokens_back_in == pytest.approx(110), "more than the limit was used"
    assert not taken(ledger, limited, tokens=1)
    assert ledger.now
    ledger.now += 51
    assert taken(ledger, limited, tokens=1)


def test_what_a_long_response_used_beyond_its_estimate_counts_from_its_end(ledger: AnyLedger) -> None:
    limited = key(tokens_per_minute=600)
    assert taken(ledger, limited, tokens=10)
    assert ledger.now
    ledger.now += 300
    ledger.settle([limited], Amount(310), TODAY, "r")
    assert standing(ledger, limited).tokens_back_in == pytest.approx(30)


def test_only_so_many_at_once(ledger: AnyLedger) -> None:
    limited = key(concurrent_responses=2)
    assert [taken(ledger, limited, id=id) for id in "abc"] == [True, True, False]
    ledger.settle([limited], Amount(5), TODAY, "a")
    assert [taken(ledger, limited, id=id) for id in "cd"] == [True, False]


def test_a_reservation_made_twice_is_held_once(ledger: AnyLedger) -> None:
    limited = key(concurrent_responses=2)
    assert taken(ledger, limited, id="a")
    assert taken(ledger, limited, id="a")
    assert standing(ledger, limited).running == 1


@pytest.mark.parametrize(
    ("limit", "amount"),
    [
        ("tokens_per_day", Amount(30)),
        ("tokens_per_month", Amount(30)),
        ("cost_per_day", Amount(0, 30)),
        ("cost_per_month", Amount(0, 30)),
    ],
)
def test_a_budget(ledger: AnyLedger, limit: str, amount: Amount) -> None:
    limited = key(**{limit: 100})
    assert not taken(ledger, limited), "it is not known what was spent before"
    learnt(ledger, limited, Spent(35, 35))
    ids = "abc"
    assert [ledger.reserve([limited], amount, TODAY, id, LEASE)[0] for id in ids] == [True, True, False]

    ledger.settle([limited], Amount(), TODAY, "a")
    used = Amount(amount.tokens and 5, amount.cost and 5)
    ledger.settle([limited], used, TODAY, "b")
    found = standing(ledger, limited)
    assert found.held == Spent()
    assert found.day == Spent(35 + used.tokens, 35 + used.cost)
    assert found.month == found.day
    assert [ledger.reserve([limited], amount, TODAY, id, LEASE)[0] for id in ids] == [True, True, False]


def test_a_request_that_takes_nothing_of_a_used_up_budget_passes(ledger: AnyLedger) -> None:
    limited = key(tokens_per_day=100, cost_per_day=100)
    learnt(ledger, limited, Spent(150, 150))
    assert taken(ledger, limited)
    assert not taken(ledger, limited, tokens=1, id="b")
    assert not taken(ledger, limited, cost=1, id="b")


def test_a_new_day_begins_with_what_the_books_say_of_it(ledger: AnyLedger) -> None:
    limited = key(tokens_per_day=100, tokens_per_month=1000)
    learnt(ledger, limited, Spent(100))
    assert not taken(ledger, limited, tokens=10)
    assert standing(ledger, limited, TOMORROW).day is None
    assert standing(ledger, limited, TOMORROW).month == Spent(100)
    ledger.learn("key:1", {TOMORROW.day: Spent(1), TOMORROW.month: Spent(5)}, 0)
    assert standing(ledger, limited, TOMORROW).day == Spent(1)
    assert standing(ledger, limited, TOMORROW).month == Spent(100), "the ledger knew it already"
    assert taken(ledger, limited, tokens=99, periods=TOMORROW)


def test_what_was_read_while_a_response_was_settled_is_not_learnt(ledger: AnyLedger) -> None:
    limited = key(tokens_per_day=100)
    before = standing(ledger, limited).settled
    ledger.settle([limited], Amount(7), TODAY, "gone")
    ledger.learn("key:1", {TODAY.day: Spent(1)}, before)
    assert standing(ledger, limited).day is None
    ledger.learn("key:1", {TODAY.day: Spent(8)}, before + 1)
    assert standing(ledger, limited).day == Spent(8)


def test_a_settlement_that_finds_no_reservation_sends_the_ledger_to_the_books(ledger: AnyLedger) -> None:
    limited = key(tokens_per_day=100)
    learnt(ledger, limited)
    assert taken(ledger, limited, tokens=50)
    ledger.settle([limited], Amount(20), TODAY, "r")
    assert standing(ledger, limited).day == Spent(20)
    ledger.settle([limited], Amount(20), TODAY, "r")
    assert standing(ledger, limited).day is None


def test_what_a_dead_gateway_held_runs_out(ledger: AnyLedger) -> None:
    limited = key(concurrent_responses=1, tokens_per_day=100)
    learnt(ledger, limited)
    assert taken(ledger, limited, tokens=100, id="a")
    assert ledger.now
    ledger.now += LEASE - 1
    assert not taken(ledger, limited, id="b")
    ledger.renew([("a", ["key:1", "user:1"]), ("unknown", ["key:1"])], LEASE)
    ledger.now += LEASE - 1
    assert not taken(ledger, limited, id="b")
    ledger.now += 2
    assert standing(ledger, limited).running == 0
    assert standing(ledger, limited).day is None, "nobody can say what it came to but the books"
    learnt(ledger, limited, Spent(10))
    assert taken(ledger, limited, tokens=90, id="b")


def test_limits_that_are_not_given_neither_count_nor_are_counted(ledger: AnyLedger) -> None:
    """Two keys of one line: what the limited one has used comes back, whatever the other one does."""
    limited, free = key(requests_per_minute=1), key(concurrent_responses=1000)
    assert taken(ledger, limited)
    for number in range(20):
        assert taken(ledger, free, tokens=10**9, cost=10**12, id=f"r{number}")
    assert not taken(ledger, limited)
    assert ledger.now
    ledger.now += 61
    assert taken(ledger, limited)


def test_large_sums_stay_exact(ledger: AnyLedger) -> None:
    limited = key(cost_per_month=10**13)
    learnt(ledger, limited, Spent(10**12, 4_000_000_000_001))
    assert taken(ledger, limited, cost=5_999_999_999_999, id="a")
    assert not taken(ledger, limited, cost=1, id="b")
    ledger.settle([limited], Amount(3, 5_999_999_999_998), TODAY, "a")
    assert standing(ledger, limited).month == Spent(10**12 + 3, 9_999_999_999_999)


@pytest.mark.parametrize(
    "limits", [{"requests_per_minute": 5}, {"concurrent_responses": 5}, {"tokens_per_day": 50}]
)
def test_fifty_at_once_against_room_for_five(
    make_ledger: Callable[[], AnyLedger], limits: dict[str, int]
) -> None:
    """Half of them through one gateway's ledger, half through another's; in two scopes."""
    both = [key(**limits), user(**limits)]
    gateways = [make_ledger(), make_ledger()]
    for allowance in both:
        learnt(gateways[0], allowance)
    everyone = threading.Barrier(50)

    def ask(number: int) -> bool:
        try:
            everyone.wait()
            return taken(gateways[number % 2], *both, tokens=10, id=f"r{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as threads:
        assert sum(threads.map(ask, range(50))) == 5


def test_the_servers_clock_is_used(make_ledger: Callable[[], AnyLedger]) -> None:
    ledger = make_ledger()
    ledger.now = None
    limited = key(requests_per_minute=1, concurrent_responses=1)
    assert taken(ledger, limited)
    found = standing(ledger, limited)
    assert 0 < found.requests_back_in <= 60
    assert found.running == 1
    ledger.renew([("r", ["key:1"])], -1)
    assert standing(ledger, limited).running == 0


def test_postgresql_is_asked_once(transactional_db: None) -> None:
    ledger, limited = PostgresLedger(START), key(requests_per_minute=5, tokens_per_day=50)
    learnt(ledger, limited)
    for ask in (
        lambda: taken(ledger, limited, tokens=5),
        lambda: ledger.renew([("r", ["key:1"])], LEASE),
        lambda: ledger.settle([limited], Amount(5), TODAY, "r"),
    ):
        with CaptureQueriesContext(connection) as queries:
            ask()
        assert len(queries) == 1
