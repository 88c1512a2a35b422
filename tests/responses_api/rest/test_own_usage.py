from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from responses_api.access.limits import reservations
from responses_api.access.limits.ledger import LedgerUnavailable
from responses_api.models import Outcome
from responses_api.statistics import rolling
from tests.conftest import MakeApiKey
from tests.responses_api.statistics.exchanges import book

pytestmark = pytest.mark.django_db

EVENING = datetime.fromisoformat("2026-11-22T20:00+00:00")


@pytest.fixture(autouse=True)
def evening(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the evening of the 22nd of November."""
    monkeypatch.setattr("responses_api.rest.own_usage.timezone.now", lambda: EVENING)


def own_usage(plain: str) -> Any:
    answer = Client().get("/v1/usage", headers={"Authorization": f"Bearer {plain}"})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_key_and_its_user_are_told_what_they_used(
    alice: User, bob: User, make_api_key: MakeApiKey
) -> None:
    key, plain = make_api_key(alice)
    book(key, EVENING.replace(hour=3), cost=Decimal("0.5"))
    book(key, EVENING.replace(day=1), outcome=Outcome.FAILED)
    rolling.roll_up(10)
    book(make_api_key(alice)[0], EVENING)
    book(key, EVENING.replace(month=10, day=31))
    book(make_api_key(bob)[0], EVENING)
    told = own_usage(plain)
    assert told["api_key"]["id"] == f"key_{key.pk}"
    assert told["api_key"]["today"] == {
        "start_time": int(datetime.fromisoformat("2026-11-22T00:00+00:00").timestamp()),
        "end_time": int(datetime.fromisoformat("2026-11-23T00:00+00:00").timestamp()),
        "requests": 1,
        "errors": 0,
        "input_tokens": 10,
        "input_cached_tokens": 4,
        "output_tokens": 5,
        "output_reasoning_tokens": 2,
        "cost": {"value": 0.5, "currency": "usd"},
        "unpriced_requests": 0,
    }
    month = told["api_key"]["month"]
    assert (month["requests"], month["errors"], month["unpriced_requests"]) == (2, 1, 1)
    assert told["user"]["id"] == f"user_{alice.pk}"
    assert [told["user"][period]["requests"] for period in ("today", "month")] == [2, 3]
    assert told["limits"] == []


def test_limits_are_told_with_what_is_left(
    alice: User, make_api_key: MakeApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    key, plain = make_api_key(alice, requests_per_minute=5, dollars_per_day=Decimal(2))
    book(key, timezone.now(), cost=Decimal("0.5"))
    limits = {limit["name"]: limit for limit in own_usage(plain)["limits"]}
    assert limits["requests_per_minute"]["limit"] == 5
    assert limits["requests_per_minute"]["remaining"] == 5
    assert (limits["cost_per_day"]["limit"], limits["cost_per_day"]["remaining"]) == (2, 1.5)
    assert {limit["scope"] for limit in limits.values()} == {"key"}


def test_counters_that_cannot_be_reached_are_no_reason_to_say_nothing(
    alice: User, make_api_key: MakeApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(allowances: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(reservations, "state", unreachable)
    assert own_usage(make_api_key(alice)[1])["limits"] is None


def test_without_a_key_there_is_nothing_to_see() -> None:
    assert Client().get("/v1/usage").status_code == 401
