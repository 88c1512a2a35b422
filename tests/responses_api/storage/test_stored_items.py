"""Stored items found by their ids, with responses and in conversations."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.signature_recovery import StoredItems
from responses_api.models import Item, ItemSide, Response
from responses_api.storage import conversations
from responses_api.storage.stored_items import load_items

pytestmark = pytest.mark.django_db

FACTS = UpstreamFacts("sig", "up", "m")


def call(number: int) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{number}",
        "call_id": f"call_{number}",
        "name": "f",
        "arguments": "{}",
    }


def in_response(owner: User, wire: dict[str, Any]) -> None:
    response = Response.objects.create(
        id="resp_1", owner=owner, created_at=datetime.now(UTC), status="completed", model="m", body={}
    )
    Item.objects.create(
        response=response,
        position=0,
        side=ItemSide.OUTPUT,
        id=wire["id"],
        type=wire["type"],
        wire=wire,
        signature="sig",
        upstream_call_id="up",
        upstream_model="m",
        call_id=wire["call_id"],
    )


def in_conversation(owner: User, *items: ConversationItem) -> None:
    conversations.create_conversation(owner.pk, {}, items)


def test_items_are_found_wherever_they_are_kept(alice: User) -> None:
    in_response(alice, call(1))
    in_conversation(alice, ConversationItem(call(2), "resp_gone", FACTS), ConversationItem(call(3)))

    with CaptureQueriesContext(connection) as queries:
        found = load_items(alice.pk, ["fc_1", "fc_3", "fc_\x00"], ["call_2", "call_3", "call_4", "\x00"])

    assert len(queries) == 1
    one = ConversationItem(call(1), "resp_1", FACTS)
    two = ConversationItem(call(2), "resp_gone", FACTS)
    three = ConversationItem(call(3))
    assert found.by_id == {"fc_1": one, "fc_2": two, "fc_3": three}
    assert found.by_call_id == {"call_1": one, "call_2": two, "call_3": three}


def test_what_the_model_made_comes_before_what_a_client_wrote(alice: User) -> None:
    in_response(alice, call(1))
    in_conversation(alice, ConversationItem({**call(1), "id": "fc_2"}))

    assert load_items(alice.pk, [], ["call_1"]).by_call_id["call_1"].upstream == FACTS


def test_anothers_are_not_found(alice: User, bob: User) -> None:
    in_response(alice, call(1))
    in_conversation(alice, ConversationItem(call(2)))

    assert load_items(bob.pk, ["fc_1", "fc_2"], ["call_1", "call_2"]) == StoredItems()
