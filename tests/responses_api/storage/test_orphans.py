"""What a killed gateway leaves: booked once, and only what is its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from responses_api.models import ApiKey, Gateway, LargeOverlay, Outcome, Response, Trace, Usage
from responses_api.runtime.identifiers import new_id
from responses_api.storage import exchange_records, orphans
from tests.conftest import MakeApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(alice: User, make_api_key: MakeApiKey) -> ApiKey:
    made, _ = make_api_key(alice)
    return made


def trace(key: ApiKey, gateway: str, **fields: Any) -> Trace:
    made: dict[str, Any] = {
        "response_id": new_id("resp"),
        "started_at": datetime.now(UTC),
        "model": "gemini-3.8-flash",
        "stream": True,
        "client_request": {},
    }
    return Trace.objects.create(
        id=new_id("trace"), owner_id=key.owner_id, api_key=key, gateway=gateway, **{**made, **fields}
    )


def in_background(key: ApiKey, gateway: str = "") -> Trace:
    made = trace(key, gateway)
    Response.objects.create(
        id=made.response_id,
        owner_id=key.owner_id,
        created_at=made.started_at,
        status="in_progress",
        model="m",
        body={},
        background=True,
        runner="gw_1",
    )
    return made


def end_of(one: Trace) -> exchange_records.ExchangeEnd:
    """As the gateway that makes it ends it."""
    wire = {
        "id": one.response_id,
        "created_at": 0,
        "previous_response_id": None,
        "status": "completed",
        "output": [],
    }
    fields = dict.fromkeys(("gate_wait_ms", "first_event_ms", "duration_ms", "response_summary", "error"))
    return exchange_records.ExchangeEnd(
        trace_id=one.id,
        model=one.model,
        ended_at=datetime.now(UTC),
        outcome=Outcome.COMPLETED,
        trace_fields={"cascade_id": "c", "upstream_model": "m", "turns": 1, **fields},
        usage=exchange_records.TokenCounts("intercepted", input=7, output=5),
        response=exchange_records.StoredResponse(wire, [], []),
    )


def outcomes() -> dict[str, str]:
    return dict(Trace.objects.values_list("gateway", "outcome"))


def test_only_what_the_dead_gateway_made_is_closed_and_once(key: ApiKey) -> None:
    cut_off = trace(key, "gw_dead")
    trace(key, "gw_alive")
    LargeOverlay.objects.create(id="o1", body=b"", gateway="gw_dead")
    LargeOverlay.objects.create(id="o2", body=b"", gateway="gw_alive")

    assert orphans.close_of("gw_dead") == 1
    assert orphans.close_of("gw_dead") == 0
    assert outcomes() == {"gw_dead": "failed", "gw_alive": "in_progress"}
    usage = Usage.objects.get()
    assert (usage.trace_id, usage.source, usage.total_tokens) == (cut_off.id, "none", 0)
    assert list(LargeOverlay.objects.values_list("id", flat=True)) == ["o2"]


def test_a_gateway_that_was_not_dead_after_all_ends_its_response_itself(key: ApiKey) -> None:
    cut_off = trace(key, "gw_asleep")
    orphans.close_of("gw_asleep")
    exchange_records.close_exchange(end_of(cut_off))
    exchange_records.close_exchange(end_of(cut_off))

    assert outcomes() == {"gw_asleep": "completed"}
    assert Response.objects.get().status == "completed"
    assert Usage.objects.get().total_tokens == 12
    assert Trace.objects.get().error is None


def test_what_its_gateway_has_ended_stays_as_it_is(key: ApiKey) -> None:
    ended = trace(key, "gw_dead")
    exchange_records.close_exchange(end_of(ended))

    assert orphans.close_of("gw_dead") == 0
    assert outcomes() == {"gw_dead": "completed"}


def test_background_responses_are_left_to_the_runners(key: ApiKey) -> None:
    in_background(key)

    assert orphans.close_all() == 0
    assert outcomes() == {"": "in_progress"}
    assert Response.objects.get().runner == ""


def test_of_a_dead_gateway_too_and_nobody_elses(key: ApiKey) -> None:
    in_background(key)

    orphans.close_of("gw_2")
    assert Response.objects.get().runner == "gw_1"
    orphans.close_of("gw_1")
    assert Response.objects.get().runner == ""
    assert outcomes() == {"": "in_progress"}


def test_a_gateway_alone_with_its_database_closes_everything(key: ApiKey) -> None:
    trace(key, "gw_before")
    trace(key, "")
    registered_at = datetime.now(UTC)
    Gateway.objects.create(
        id="gw_before", host="h", process=1, started_at=registered_at, beat=3, seen_at=registered_at
    )

    assert orphans.close_all() == 2
    assert not Gateway.objects.exists()
    assert Usage.objects.count() == 2


def test_what_is_nobodys_is_closed_after_a_day(key: ApiKey) -> None:
    trace(key, "", started_at=datetime.now(UTC) - timedelta(days=2))
    young = trace(key, "")

    assert orphans.close_unowned() == 1
    assert Trace.objects.get(outcome="in_progress").id == young.id
