from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from responses_api.models import Conversation, ConversationEntry, Item, Response, ResponseEvents
from responses_api.retention import old_responses
from responses_api.retention.old_responses import OldResponses
from responses_api.storage.exchange_records import load_chain

pytestmark = pytest.mark.django_db

RULE = OldResponses(timedelta(days=30))


def kept() -> set[str]:
    return {response.id for response in Response.objects.all()}


def chain(make_response: Callable[..., str], *days: float) -> list[str]:
    """Responses that each go on from the one before."""
    made: list[str] = []
    for each in days:
        made.append(make_response(each, made[-1] if made else None))
    return made


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_what_a_younger_response_goes_on_from_stays(
    make_response: Callable[..., str], alice: User, batch: int
) -> None:
    alive = chain(make_response, 90, 60, 45, 5)
    dead = chain(make_response, 80, 70, 50)
    branch = make_response(40, alive[1])
    young = make_response(29)
    assert RULE.count() == 4
    assert sum(RULE.batches(batch)) == 4
    assert kept() == {*alive, young}
    assert not {branch, *dead} & kept()
    assert len(load_chain(alice.pk, alive[-1])) == 2 * len(alive)
    assert RULE.count() == 0


def test_a_chain_goes_in_one_pass_however_long(make_response: Callable[..., str]) -> None:
    chain(make_response, *range(60, 40, -1))
    assert sum(RULE.batches(3)) == 20
    assert kept() == set()


def test_items_and_events_go_with_their_response(make_response: Callable[..., str]) -> None:
    old, young = make_response(31), make_response(1)
    for response in (old, young):
        ResponseEvents.objects.create(response_id=response, first_sequence=0, last_sequence=1, data=b"")
    assert list(RULE.batches(10)) == [1]
    assert {item.response_id for item in Item.objects.all()} == {young}
    assert {events.response_id for events in ResponseEvents.objects.all()} == {young}


def test_a_response_that_has_not_ended_stays(make_response: Callable[..., str]) -> None:
    waiting = make_response(31, status="queued", background=True)
    assert (RULE.count(), list(RULE.batches(10)), kept()) == (0, [0], {waiting})


def test_a_conversation_keeps_what_was_said(make_response: Callable[..., str], alice: User) -> None:
    conversation = Conversation.objects.create(id="conv_1", owner=alice, created_at=timezone.now())
    old = make_response(31, conversation=conversation)
    entry = {"position": 0, "id": "msg_1", "type": "message", "wire": {"type": "message"}, "response_id": old}
    ConversationEntry.objects.create(conversation=conversation, **entry)
    assert list(RULE.batches(10)) == [1]
    assert ConversationEntry.objects.count() == 1


def test_without_an_age_everything_stays(make_response: Callable[..., str]) -> None:
    make_response(10_000)
    assert (OldResponses(None).count(), list(OldResponses(None).batches(10)), len(kept())) == (0, [], 1)


@pytest.mark.parametrize("statement", ["_NEXT", "_GONE_ON_FROM", "_DELETE"])
def test_every_batch_reads_indexes_only(statement: str) -> None:
    params: dict[str, Any] = {"age": RULE.age, "at": None, "id": "", "limit": 10, "ids": ["a", "b"]}
    with connection.cursor() as cursor:
        # Small tables are read whole, whatever their indexes.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + getattr(old_responses, statement), params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert "Index" in plan
