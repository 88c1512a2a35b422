from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from responses_api.models import Item, Response
from responses_api.storage.text_search import responses_with

pytestmark = pytest.mark.django_db

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,imagedata"}


def say(owner: User, name: str, wire: dict[str, Any]) -> None:
    response = Response.objects.create(
        id=name, owner=owner, created_at=timezone.now(), status="completed", model="m", body={}
    )
    Item.objects.create(
        response=response, position=0, id=f"i_{name}", side="input", type=wire["type"], wire=wire
    )


def found(words: str, owner: int | None = None) -> set[str]:
    return {row["response_id"] for row in responses_with(words, owner)}


@pytest.mark.parametrize(
    "wire",
    [
        {"type": "message", "role": "user", "content": "how tides come"},
        {
            "type": "message",
            "role": "user",
            "content": [IMAGE, {"type": "input_text", "text": "how tides come"}],
        },
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "how tides come"}]},
        {"type": "function_call", "name": "tides", "arguments": '{"how": "come"}'},
        {"type": "function_call_output", "call_id": "c", "output": "how tides come"},
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "how tides come"}],
        },
        {"type": "custom_tool_call", "name": "x", "input": "how tides come"},
    ],
)
def test_words_are_found_wherever_they_were_said(wire: dict[str, Any], alice: User) -> None:
    say(alice, "resp_1", wire)
    assert found("TIDES come how") == {"resp_1"}
    assert found("tides moon") == set()
    assert found("imagedata") == set()


def test_the_language_of_search_engines(alice: User) -> None:
    say(alice, "resp_1", {"type": "message", "content": "the moon makes tides"})
    say(alice, "resp_2", {"type": "message", "content": "tides make the moon"})
    assert found('"moon makes"') == {"resp_1"}
    assert found("moon -makes") == {"resp_2"}
    assert found("makes or make") == {"resp_1", "resp_2"}
    for nonsense in ("", "'", '"', "& | !", "a' OR 1=1 --", "%s"):
        found(nonsense)


def test_only_an_owners(alice: User, bob: User) -> None:
    say(alice, "resp_1", {"type": "message", "content": "tides"})
    assert found("tides", alice.pk) == {"resp_1"}
    assert found("tides", bob.pk) == set()


def test_a_very_long_text_can_be_stored_and_is_found_by_its_beginning(alice: User) -> None:
    words = " ".join(f"word{number}" for number in range(400_000))
    say(alice, "resp_1", {"type": "message", "content": words})
    assert found("word7") == {"resp_1"}
    assert found("word399999") == set()


def test_the_index_is_used(alice: User) -> None:
    say(alice, "resp_1", {"type": "message", "content": "tides"})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "responses_api_item_words" in responses_with("tides").explain()
