"""What a request goes on from."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.generation.conversation_loading import Conversation, load_conversation
from responses_api.storage import conversations
from tests.responses_api.without_loop import finish, run_here

pytestmark = pytest.mark.django_db

FACTS = UpstreamFacts("sig", None, "m")


@pytest.fixture(autouse=True)
def _in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    run_here(monkeypatch)


def item(text: str, number: int = 1, facts: UpstreamFacts | None = None) -> ConversationItem:
    content = [{"type": "output_text", "text": text}]
    wire = {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": content}
    return ConversationItem(wire, "resp_1" if facts else None, facts)


def load(
    owner: User, remembered: dict[str, list[ConversationItem]] | None = None, **body: Any
) -> Conversation:
    return finish(load_conversation(owner.pk, parse_create_request(body), remembered))


def test_a_conversation_is_the_history(alice: User) -> None:
    said = [item("one"), item("two", 2, FACTS)]
    made = conversations.create_conversation(alice.pk, {}, said)

    loaded = load(alice, conversation=made.id, input="three")

    assert loaded.history == tuple(said)
    assert [part["text"] for wire in loaded.said for part in wire.wire["content"]] == ["three"]


def test_an_empty_conversation_needs_input(alice: User) -> None:
    made = conversations.create_conversation(alice.pk, {}, [])
    assert load(alice, conversation=made.id, input="one").history == ()
    with pytest.raises(InvalidRequest) as caught:
        load(alice, conversation={"id": made.id})
    assert (caught.value.param, caught.value.code) == ("input", "missing_required_parameter")


def test_a_conversation_that_ends_with_a_question_needs_none(alice: User) -> None:
    made = conversations.create_conversation(alice.pk, {}, [item("one")])
    assert len(load(alice, conversation=made.id).items) == 1


def test_anothers_conversation_is_unknown(alice: User, bob: User) -> None:
    made = conversations.create_conversation(alice.pk, {}, [])
    for conversation_id in (made.id, "conv_unknown"):
        with pytest.raises(NotFound) as caught:
            load(bob, conversation=conversation_id, input="hi")
        assert caught.value.message == f"Conversation with id '{conversation_id}' not found."
        assert caught.value.param == "conversation"


def test_what_the_connection_remembers_comes_before_the_database(alice: User) -> None:
    remembered = {"resp_1": [item("one"), item("two", 2, FACTS)]}
    loaded = load(alice, remembered, previous_response_id="resp_1", input="hi")
    assert loaded.history == tuple(remembered["resp_1"])
    with pytest.raises(InvalidRequest, match="Previous response with id 'resp_2' not found"):
        load(alice, remembered, previous_response_id="resp_2", input="hi")
