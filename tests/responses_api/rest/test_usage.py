"""``/v1/organization/usage/completions`` and ``/v1/organization/costs``, asked with plain requests."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from responses_api.statistics import rolling
from tests.conftest import MakeApiKey, MakeUser
from tests.responses_api.statistics.exchanges import NOON, book

pytestmark = pytest.mark.django_db

USAGE = "/v1/organization/usage/completions"
COSTS = "/v1/organization/costs"
MIDNIGHT = int(NOON.timestamp()) - 12 * 3600


@pytest.fixture
def usage(alice: User, bob: User, make_api_key: MakeApiKey) -> dict[str, Any]:
    """A day of alice's and bob's; ids of keys and users by name, and texts of keys."""
    hers, plain = make_api_key(alice)
    other, _ = make_api_key(alice)
    his, his_plain = make_api_key(bob)
    book(hers, NOON, model="a", cost=Decimal("0.5"))
    book(hers, NOON + timedelta(hours=1), model="b", cost=Decimal("0.25"))
    rolling.roll_up(10)
    book(other, NOON, model="a")
    book(his, NOON, model="a", cost=Decimal(2))
    book(None, NOON, model="a")
    return {
        "alice": f"user_{alice.pk}",
        "bob": f"user_{bob.pk}",
        "hers": f"key_{hers.pk}",
        "other": f"key_{other.pk}",
        "his": f"key_{his.pk}",
        "alice's key": plain,
        "bob's key": his_plain,
    }


@pytest.fixture
def operators_key(make_user: MakeUser, make_api_key: MakeApiKey) -> str:
    return make_api_key(make_user("operator", is_staff=True, is_superuser=True))[1]


def ask(key: str, path: str, **query: Any) -> Any:
    query = {"start_time": MIDNIGHT, "end_time": MIDNIGHT + 86_400, **query}
    answer = Client().get(
        f"{path}?{urlencode(query, doseq=True)}", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def results(body: Any) -> list[Any]:
    return [result for bucket in body["data"] for result in bucket["results"]]


def requests_by(body: Any, *names: str) -> dict[Any, int]:
    return {tuple(result[name] for name in names): result["num_model_requests"] for result in results(body)}


def test_a_page_has_openais_form(usage: dict[str, Any], operators_key: str) -> None:
    assert ask(operators_key, USAGE) == {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": MIDNIGHT,
                "end_time": MIDNIGHT + 86_400,
                "results": [
                    {
                        "object": "organization.usage.completions.result",
                        "input_tokens": 50,
                        "input_cached_tokens": 20,
                        "input_uncached_tokens": 30,
                        "output_tokens": 25,
                        "input_audio_tokens": None,
                        "output_audio_tokens": None,
                        "num_model_requests": 5,
                        "project_id": None,
                        "user_id": None,
                        "api_key_id": None,
                        "model": None,
                        "batch": None,
                        "service_tier": None,
                        "api_source": None,
                    }
                ],
            }
        ],
        "has_more": False,
        "next_page": None,
    }


def test_results_are_grouped(usage: dict[str, Any], operators_key: str) -> None:
    by_model = ask(operators_key, USAGE, **{"group_by[]": ["model"]})
    assert requests_by(by_model, "model") == {("a",): 4, ("b",): 1}
    both = ask(operators_key, USAGE, group_by=["user_id", "api_key_id"])
    assert requests_by(both, "user_id", "api_key_id") == {
        (usage["alice"], usage["hers"]): 2,
        (usage["alice"], usage["other"]): 1,
        (usage["bob"], usage["his"]): 1,
        (None, None): 1,
    }
    others = ask(operators_key, USAGE, group_by=["project_id", "batch", "api_source", "service_tier"])
    assert requests_by(others, "project_id", "batch", "api_source", "service_tier") == {
        (None, False, "unlabeled", None): 5
    }


@pytest.mark.parametrize("width", ["1m", "1h"])
def test_buckets_without_usage_are_empty(usage: dict[str, Any], operators_key: str, width: str) -> None:
    seconds = {"1m": 60, "1h": 3600}[width]
    body = ask(operators_key, USAGE, bucket_width=width, start_time=int(NOON.timestamp()), limit=2)
    assert [bucket["end_time"] - bucket["start_time"] for bucket in body["data"]] == [seconds] * 2
    assert [len(bucket["results"]) for bucket in body["data"]] == ([1, 0] if width == "1m" else [1, 1])
    assert body["has_more"]


def test_members_see_their_own(usage: dict[str, Any]) -> None:
    body = ask(usage["alice's key"], USAGE, group_by="user_id")
    assert requests_by(body, "user_id") == {(usage["alice"],): 3}
    assert results(ask(usage["alice's key"], USAGE, user_ids=usage["bob"])) == []
    assert results(ask(usage["alice's key"], USAGE, api_key_ids=usage["his"])) == []
    assert requests_by(ask(usage["bob's key"], USAGE), "model") == {(None,): 1}


def test_filters(usage: dict[str, Any], operators_key: str) -> None:
    def count(**query: Any) -> int:
        return sum(requests_by(ask(operators_key, USAGE, **query), "model").values())

    assert count(user_ids=[usage["alice"], usage["bob"]]) == 4
    assert count(api_key_ids=usage["hers"], models="b") == 1
    assert count(models=["a", "b"]) == 5
    assert count(project_ids="proj_1") == 0


def test_costs_have_openais_form(usage: dict[str, Any], operators_key: str) -> None:
    (result,) = results(ask(operators_key, COSTS))
    assert result == {
        "object": "organization.costs.result",
        "amount": {"value": 2.75, "currency": "usd"},
        "line_item": None,
        "project_id": None,
        "user_id": None,
        "api_key_id": None,
        "quantity": None,
        "quantity_unit": None,
        "api_source": None,
    }
    by_item = results(ask(operators_key, COSTS, group_by=["line_item"]))
    assert {each["line_item"]: each["amount"]["value"] for each in by_item} == {"a": 2.5, "b": 0.25}
    (hers,) = results(ask(usage["alice's key"], COSTS, line_items="a"))
    assert hers["amount"]["value"] == 0.5


@pytest.mark.parametrize("path", [USAGE, COSTS])
def test_nobody_sees_anything_without_a_key(path: str) -> None:
    assert Client().get(f"{path}?start_time=0").status_code == 401


def test_a_wrong_parameter_is_named(operators_key: str) -> None:
    answer = Client().get(USAGE, headers={"Authorization": f"Bearer {operators_key}"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "start_time"
