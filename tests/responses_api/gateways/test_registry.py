"""The table of the living gateways."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from responses_api.gateways import registry
from responses_api.models import Gateway, Response, Trace

pytestmark = pytest.mark.django_db


def test_each_beat_counts_and_tells_of_the_others() -> None:
    assert registry.beat("gw_1") == {}
    assert registry.beat("gw_2") == {"gw_1": 1}
    assert registry.beat("gw_1") == {"gw_2": 1}
    assert registry.beat("gw_2") == {"gw_1": 2}
    row = Gateway.objects.get(id="gw_1")
    assert row.host
    assert row.process > 0


def test_whoever_has_traces_in_progress_is_told_of_though_not_in_the_table() -> None:
    for number, (gateway, outcome) in enumerate(
        [
            ("gw_lost", "in_progress"),
            ("gw_lost", "in_progress"),
            ("gw_done", "completed"),
            ("", "in_progress"),
        ]
    ):
        Trace.objects.create(
            id=f"trace_{number}",
            response_id="r",
            started_at=datetime.now(UTC),
            outcome=outcome,
            model="m",
            stream=True,
            client_request={},
            gateway=gateway,
        )
    assert registry.beat("gw_1") == {"gw_lost": 0}


def test_whoever_has_background_responses_to_make_too(alice: User) -> None:
    for runner, status in (
        ("gw_lost", "queued"),
        ("gw_1", "queued"),
        ("gw_done", "completed"),
        ("", "queued"),
    ):
        Response.objects.create(
            id=f"resp_{runner}",
            owner=alice,
            created_at=datetime.now(UTC),
            status=status,
            model="m",
            body={},
            background=True,
            runner=runner,
        )
    assert registry.beat("gw_1") == {"gw_lost": 0}


def test_one_is_removed_unless_it_has_moved_on() -> None:
    registry.beat("gw_1")
    registry.beat("gw_1")

    assert not registry.remove("gw_1", 1)
    assert registry.remove("gw_1", 2)
    assert registry.remove("gw_1", 2)
    registry.beat("gw_1")
    assert registry.remove("gw_1")
    assert not Gateway.objects.exists()
