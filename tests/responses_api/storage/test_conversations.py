"""Conversations against the real PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import NotFound
from responses_api.models import Conversation, ConversationEntry, Item, ItemSide, Response
from responses_api.runtime.identifiers import new_id
from responses_api.storage import conversations

pytestmark = pytest.mark.django_db

FACTS = UpstreamFacts("sig", "up", "m", ({"executableCode": {"code": "1"}},))


def message(text: str, facts: UpstreamFacts | None = None) -> ConversationItem:
    content = [{"type": "input_text", "text": text}]
    wire = {"type": "message", "id": new_id("msg"), "role": "user", "status": "completed", "content": content}
    return ConversationItem(wire, upstream=facts)


def texts(items: list[ConversationItem]) -> list[str]:
    return [item.wire["content"][0]["text"] for item in items]


def begin(owner: User, *said: str) -> Conversation:
    return conversations.create_conversation(owner.pk, {}, [message(text) for text in said])


def stored(owner: User, *said: str, status: str = "completed") -> Response:
    """A stored response in which ``said`` was said."""
    response = Response.objects.create(
        id=new_id("resp"), owner=owner, created_at=datetime.now(UTC), status=status, model="m", body={}
    )
    for position, text in enumerate(said):
        item = message(text)
        Item.objects.create(
            response=response,
            position=position,
            side=ItemSide.OUTPUT if position else ItemSide.INPUT,
            id=item.wire["id"],
            type="message",
            wire=item.wire,
            signature="sig",
            upstream_call_id="up",
            upstream_model="m",
            upstream_parts=[{"executableCode": {"code": "1"}}],
        )
    return response


def close(conversation: Conversation, response: Response) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        conversations.append_on_close(conversation.id, response.id, response.status)(cursor)


def positions(conversation: Conversation) -> list[int]:
    return sorted(conversation.entries.values_list("position", flat=True))


def test_it_is_read_oldest_first_in_one_query(alice: User) -> None:
    made = conversations.create_conversation(alice.pk, {"a": "b"}, [message("one"), message("two", FACTS)])
    conversations.append_items(alice.pk, made.id, [message("three")])

    with CaptureQueriesContext(connection) as queries:
        history = conversations.load_history(alice.pk, made.id)

    assert len(queries) == 1
    assert texts(history) == ["one", "two", "three"]
    assert [item.upstream for item in history] == [None, FACTS, None]
    assert positions(made) == [0, 1, 2]
    assert conversations.find_conversation(alice.pk, made.id).metadata == {"a": "b"}


def test_an_empty_one_is_no_unknown_one(alice: User) -> None:
    assert conversations.load_history(alice.pk, begin(alice).id) == []


def test_a_response_adds_all_that_was_said_in_it(alice: User) -> None:
    made = begin(alice, "zero")
    response = stored(alice, "one", "two")

    close(made, response)

    history = conversations.load_history(alice.pk, made.id)
    assert texts(history) == ["zero", "one", "two"]
    assert [item.response_id for item in history] == [None, response.id, response.id]
    assert history[2].upstream == FACTS
    assert positions(made) == [0, 1, 2]


@pytest.mark.parametrize(("status", "kept"), [("incomplete", 2), ("failed", 0), ("cancelled", 0)])
def test_what_failed_adds_nothing(alice: User, status: str, kept: int) -> None:
    made = begin(alice)
    close(made, stored(alice, "one", "two", status=status))
    assert made.entries.count() == kept


def test_a_conversation_that_is_gone_gets_nothing_and_nobody_points_at_it(alice: User) -> None:
    made = begin(alice)
    response = stored(alice, "one", "two")
    Response.objects.filter(pk=response.pk).update(conversation=made)
    conversations.delete_conversation(alice.pk, made.id)

    close(made, response)

    response.refresh_from_db()
    assert response.conversation_id is None
    assert ConversationEntry.objects.count() == 0


def test_deleting_one_leaves_its_responses(alice: User) -> None:
    made, response = begin(alice), stored(alice, "one", "two")
    Response.objects.filter(pk=response.pk).update(conversation=made)
    close(made, response)

    conversations.delete_conversation(alice.pk, made.id)

    assert not Conversation.objects.exists()
    assert not ConversationEntry.objects.exists()
    assert (Response.objects.count(), Item.objects.count()) == (1, 2)


def test_pages_in_both_orders(alice: User) -> None:
    made = begin(alice, *"abcde")

    def page(**query: Any) -> tuple[str, bool, str]:
        found = conversations.list_items(
            alice.pk, made.id, **{"limit": 2, "newest_first": False, "after": None, **query}
        )
        said = "".join(item["content"][0]["text"] for item in found.items)
        return said, found.has_more, found.items[-1]["id"]

    first = page()
    assert first[:2] == ("ab", True)
    assert page(after=first[2])[:2] == ("cd", True)
    newest = page(newest_first=True)
    assert newest[:2] == ("ed", True)
    assert page(newest_first=True, after=newest[2])[:2] == ("cb", True)
    assert page(limit=5)[:2] == ("abcde", False)


def test_an_item_can_be_taken_out(alice: User) -> None:
    made = begin(alice, "a", "b", "c")
    item_id = made.entries.get(position=1).id

    assert conversations.find_item(alice.pk, made.id, item_id)["id"] == item_id
    assert conversations.delete_item(alice.pk, made.id, item_id).id == made.id

    assert texts(conversations.load_history(alice.pk, made.id)) == ["a", "c"]
    for call in (conversations.find_item, conversations.delete_item):
        with pytest.raises(NotFound, match=f"Item with id '{item_id}' not found in conversation"):
            call(alice.pk, made.id, item_id)


def test_metadata_is_replaced(alice: User) -> None:
    made = conversations.create_conversation(alice.pk, {"a": "1", "b": "2"}, [])
    assert conversations.update_metadata(alice.pk, made.id, {"b": "\x00"}).metadata == {"b": "\ufffd"}
    assert conversations.find_conversation(alice.pk, made.id).metadata == {"b": "\ufffd"}


CALLS: list[Callable[[int, str], object]] = [
    conversations.find_conversation,
    conversations.load_history,
    conversations.delete_conversation,
    lambda owner, name: conversations.update_metadata(owner, name, {}),
    lambda owner, name: conversations.append_items(owner, name, [message("x")]),
    lambda owner, name: conversations.list_items(owner, name, limit=1, newest_first=True, after=None),
    lambda owner, name: conversations.find_item(owner, name, "msg_1"),
    lambda owner, name: conversations.delete_item(owner, name, "msg_1"),
]


@pytest.mark.parametrize("call", CALLS)
def test_anothers_conversation_is_unknown(call: Callable[[int, str], object], alice: User, bob: User) -> None:
    theirs = begin(alice, "secret").id

    for conversation_id in (theirs, "conv_unknown", "conv_\x00"):
        with pytest.raises(NotFound) as caught:
            call(bob.pk, conversation_id)
        assert caught.value.message == f"Conversation with id '{conversation_id}' not found."
        assert (caught.value.http_status, caught.value.code) == (404, None)
    assert texts(conversations.load_history(alice.pk, theirs)) == ["secret"]


class TestAtOnce:
    """Several at the same time, each with a connection of its own."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def threads(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(8) as pool:
            yield pool

    @staticmethod
    def closing[**P](call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> object:
        """Close the thread's connection after the call: nobody else does."""
        try:
            return call(*args, **kwargs)
        finally:
            connection.close()

    def test_what_is_appended_at_once_lies_together(self, alice: User, threads: ThreadPoolExecutor) -> None:
        made = begin(alice)
        responses = [stored(alice, *(f"{number} {part}" for part in "abc")) for number in range(16)]

        for ended in [threads.submit(self.closing, close, made, response) for response in responses]:
            ended.result()

        history = conversations.load_history(alice.pk, made.id)
        assert positions(made) == list(range(48))
        groups = [texts(history)[start : start + 3] for start in range(0, 48, 3)]
        assert all([text[-1] for text in group] == ["a", "b", "c"] for group in groups)
        assert all(len({text[:-1] for text in group}) == 1 for group in groups)

    def test_deleting_it_among_appends_leaves_nothing_half(
        self, alice: User, threads: ThreadPoolExecutor
    ) -> None:
        made = begin(alice)
        responses = [stored(alice, "a", "b") for _ in range(16)]
        Response.objects.update(conversation=made)
        pending = [threads.submit(self.closing, close, made, response) for response in responses[:8]]
        pending.append(threads.submit(self.closing, conversations.delete_conversation, alice.pk, made.id))
        pending += [threads.submit(self.closing, close, made, response) for response in responses[8:]]
        for ended in pending:
            ended.result()

        assert not ConversationEntry.objects.exists()
        assert set(Response.objects.values_list("conversation_id", flat=True)) == {None}
