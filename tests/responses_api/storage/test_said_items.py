"""The items that a client brings."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.storage import conversations, said_items

pytestmark = pytest.mark.django_db

FACTS = UpstreamFacts("sig", "up", "m")
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}


def said(*wires: dict[str, Any]) -> list[ConversationItem]:
    return [ConversationItem(wire) for wire in wires]


def test_what_a_user_says_needs_no_lookup() -> None:
    assert not said_items.need_lookup(said(USER))
    assert said_items.need_lookup(said(USER, CALL))
    assert said_items.need_lookup(said({"type": "item_reference", "id": "msg_1"}))


def test_references_and_what_the_model_made_are_found_in_conversations(alice: User) -> None:
    kept = ConversationItem({**CALL, "id": "fc_1"}, "resp_1", FACTS)
    conversations.create_conversation(alice.pk, {}, [kept])

    resolved = said_items.resolve(alice.pk, said({"type": "item_reference", "id": "fc_1"}, USER, CALL))

    assert resolved == [kept, ConversationItem(USER), ConversationItem(CALL, "resp_1", FACTS)]


def test_an_unknown_reference_is_named(alice: User, bob: User) -> None:
    kept = ConversationItem({**CALL, "id": "fc_1"})
    conversations.create_conversation(alice.pk, {}, [kept])

    for item_id in ("fc_1", "fc_unknown"):
        with pytest.raises(NotFound, match=f"Item with id '{item_id}' not found") as caught:
            said_items.resolve(bob.pk, said({"type": "item_reference", "id": item_id}), param="items")
        assert caught.value.param == "items"


def test_kept_items_have_ids_of_ours() -> None:
    first, second = said_items.with_new_ids(
        [ConversationItem({**USER, "id": "mine"}), ConversationItem({**CALL, "id": None}, "resp_1", FACTS)]
    )
    assert first.wire["id"].startswith("msg_")
    assert second.wire["id"].startswith("fc_")
    assert (second.response_id, second.upstream) == ("resp_1", FACTS)
    assert second.wire["status"] == "completed"


def test_what_is_nothing_to_be_kept_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        said_items.with_new_ids(said(USER, {"type": "compaction_trigger"}), param="items")
    assert (caught.value.param, caught.value.code) == ("items[1].type", "invalid_value")
