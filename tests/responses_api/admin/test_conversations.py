import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from responses_api.admin.conversations import SHOWN_ENTRIES
from responses_api.core.conversation import ConversationItem
from responses_api.models import Conversation
from responses_api.storage import conversations

pytestmark = pytest.mark.django_db

LIST = reverse("admin:responses_api_conversation_changelist")


def begin(owner: User, *said: str, start: int = 0) -> Conversation:
    items = [
        ConversationItem({"type": "message", "id": f"msg_{number}", "role": "user", "content": text})
        for number, text in enumerate(said, start)
    ]
    return conversations.create_conversation(owner.pk, {"topic": "<demo>"}, items)


def page(operator: Client, path: str) -> str:
    answer = operator.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_conversation_can_be_read_and_not_edited(operator: Client, alice: User) -> None:
    made = begin(alice, "<b>Hello</b>", "again")
    url = reverse("admin:responses_api_conversation_change", args=[quote(made.id)])

    shown = page(operator, url)

    assert "&lt;b&gt;Hello&lt;/b&gt;" in shown
    assert shown.index("msg_0") < shown.index("msg_1")
    assert operator.post(url, {"metadata": "{}"}).status_code == 403
    assert operator.get(reverse("admin:responses_api_conversation_add")).status_code == 403


def test_of_a_long_one_the_newest_items_are_shown(operator: Client, alice: User) -> None:
    made = begin(alice, "the oldest", *(f"text {number}" for number in range(SHOWN_ENTRIES)))
    shown = page(operator, reverse("admin:responses_api_conversation_change", args=[quote(made.id)]))
    assert f"Only the newest {SHOWN_ENTRIES} items are shown." in shown
    assert "the oldest" not in shown
    assert "text 0" in shown
    assert f"text {SHOWN_ENTRIES - 1}" in shown


def test_it_is_found_by_its_id_and_by_an_items(operator: Client, alice: User) -> None:
    first, second = begin(alice, "a"), begin(alice, "b", start=1)
    for term in (first.id, "msg_0"):
        shown = page(operator, f"{LIST}?q={term}")
        assert first.id in shown
        assert second.id not in shown
    assert second.id in page(operator, LIST)


def test_deleting_one(operator: Client, alice: User) -> None:
    made = begin(alice, "a")
    url = reverse("admin:responses_api_conversation_delete", args=[quote(made.id)])
    assert operator.post(url, {"post": "yes"}).status_code == 302
    assert not Conversation.objects.exists()
