"""Stored responses as their owner sees them, against the real PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.models import Item, Response, ResponseEvents
from responses_api.storage import exchange_records, stored_responses
from tests.responses_api.stored import message, store_response

pytestmark = pytest.mark.django_db

SIGNATURE_ONLY = {"type": "message", "role": "assistant", "content": []}


def said(owner: User, response_id: str) -> list[str]:
    return [item.wire["content"][0]["text"] for item in exchange_records.load_chain(owner.pk, response_id)]


def test_a_response_is_read_as_it_was_answered(alice: User) -> None:
    wire = store_response(alice, [message("hi")], [message("ho", "assistant"), message("hum", "assistant")])
    with CaptureQueriesContext(connection) as queries:
        found = stored_responses.read(alice.pk, wire["id"])
    assert found == wire
    assert list(found) == list(wire)
    assert len(queries) == 1


def test_what_only_carries_a_signature_is_not_shown(alice: User) -> None:
    answered = message("ho", "assistant")
    wire = store_response(alice, [], [SIGNATURE_ONLY, answered])
    assert stored_responses.read(alice.pk, wire["id"])["output"] == [answered]


def test_a_response_in_the_making_has_the_status_of_its_row(alice: User) -> None:
    wire = store_response(alice, status="queued", background=True)
    Response.objects.update(status="in_progress")
    found = stored_responses.read(alice.pk, wire["id"])
    assert (found["status"], found["output"]) == ("in_progress", [])


ACCESSES: list[Callable[[int, str], object]] = [
    stored_responses.find,
    stored_responses.read,
    stored_responses.delete,
    lambda owner, given: stored_responses.list_input(owner, given, limit=1, ascending=True, after=None),
]


@pytest.mark.parametrize("access", ACCESSES)
def test_what_is_not_the_owners_does_not_exist(
    alice: User, bob: User, access: Callable[[int, str], object]
) -> None:
    theirs = store_response(bob)["id"]
    deleted = store_response(alice)["id"]
    stored_responses.delete(alice.pk, deleted)
    for response_id in ("resp_unknown", theirs, deleted, "resp_\0", ""):
        with pytest.raises(NotFound) as caught:
            access(alice.pk, response_id)
        assert caught.value.message == f"Response with id '{response_id}' not found."
    assert Response.objects.get().pk == theirs


def listed(owner: User, wire: dict[str, Any], **asked: Any) -> tuple[list[str], bool]:
    page = stored_responses.list_input(
        owner.pk, wire["id"], **{"limit": 20, "ascending": True, "after": None, **asked}
    )
    return [item["content"][0]["text"] for item in page.items], page.has_more


def test_input_items_are_listed_in_either_order(alice: User) -> None:
    wire = store_response(alice, [message(text) for text in "abc"], [message("answer", "assistant")])
    assert listed(alice, wire) == (["a", "b", "c"], False)
    assert listed(alice, wire, ascending=False) == (["c", "b", "a"], False)


@pytest.mark.parametrize("ascending", [True, False])
def test_pages_join_up(alice: User, ascending: bool) -> None:
    items = [message(text) for text in "abcde"]
    wire = store_response(alice, items)
    ids = {item["content"][0]["text"]: item["id"] for item in items}
    found: list[str] = []
    after = None
    for _ in range(3):
        texts, more = listed(alice, wire, limit=2, ascending=ascending, after=after)
        found += texts
        assert more == (len(found) < 5)
        after = ids[texts[-1]]
    assert found == list("abcde" if ascending else "edcba")


def test_a_page_begins_behind_an_item_of_this_response(alice: User) -> None:
    elsewhere = message("elsewhere")
    answer = message("answer", "assistant")
    store_response(alice, [elsewhere])
    wire = store_response(alice, [message("a")], [answer])
    for item_id in ("msg_unknown", elsewhere["id"], answer["id"], "msg_\0"):
        with pytest.raises(InvalidRequest) as caught:
            listed(alice, wire, after=item_id)
        assert (caught.value.http_status, caught.value.param) == (400, "after")


def test_a_page_costs_the_same_whatever_lies_before_it(alice: User) -> None:
    items = [message(str(number)) for number in range(30)]
    wire = store_response(alice, items)
    costs = []
    for after in (items[1]["id"], items[25]["id"]):
        with CaptureQueriesContext(connection) as queries:
            listed(alice, wire, limit=3, after=after)
        costs.append(len(queries))
    assert costs == [3, 3]


def test_nothing_of_a_deleted_response_is_left(alice: User) -> None:
    kept = store_response(alice, [message("kept")])
    wire = store_response(alice, [message("hi")], [message("ho", "assistant")], background=True)
    ResponseEvents.objects.create(response_id=wire["id"], first_sequence=0, last_sequence=3, data=b"data")
    stored_responses.delete(alice.pk, wire["id"])
    assert Response.objects.get().pk == kept["id"]
    assert Item.objects.get().response_id == kept["id"]
    assert not ResponseEvents.objects.exists()


def test_a_chain_goes_on_around_a_deleted_turn(alice: User) -> None:
    first = store_response(alice, [message("one")])["id"]
    second = store_response(alice, [message("two")], previous=first)["id"]
    third = store_response(alice, [message("three")], previous=second)["id"]
    branch = store_response(alice, [message("branch")], previous=second)["id"]

    stored_responses.delete(alice.pk, second)

    assert said(alice, third) == ["one", "three"]
    assert said(alice, branch) == ["one", "branch"]
    assert stored_responses.read(alice.pk, third)["previous_response_id"] == second
    with pytest.raises(InvalidRequest) as caught:
        exchange_records.load_chain(alice.pk, second)
    assert caught.value.code == "previous_response_not_found"


def test_a_chain_can_lose_its_beginning(alice: User) -> None:
    first = store_response(alice, [message("one")])["id"]
    second = store_response(alice, [message("two")], previous=first)["id"]
    stored_responses.delete(alice.pk, first)
    assert said(alice, second) == ["two"]
