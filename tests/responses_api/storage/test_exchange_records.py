"""What an exchange reads and writes, against the real PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest
from responses_api.core.signature_recovery import StoredItems
from responses_api.models import ApiKey, Item, Outcome, Response, Trace, Usage
from responses_api.runtime.identifiers import new_id
from responses_api.storage import exchange_records, stored_items
from tests.conftest import MakeApiKey

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def message(text: str, role: str = "user", facts: UpstreamFacts | None = None) -> ConversationItem:
    kind = "output_text" if role == "assistant" else "input_text"
    wire = {
        "type": "message",
        "id": new_id("msg"),
        "role": role,
        "status": "completed",
        "content": [{"type": kind, "text": text}],
    }
    return ConversationItem(wire, upstream=facts)


@pytest.fixture
def key(alice: User, make_api_key: MakeApiKey) -> ApiKey:
    made, _ = make_api_key(alice)
    return made


@pytest.fixture
def exchange(key: ApiKey) -> Callable[..., exchange_records.ExchangeEnd]:
    """Opens a trace and says how it is to end: one turn ``said`` -> ``answered``."""

    def begin(
        said: str = "hi", answered: str = "ho", *, previous: str = "", keep: bool = True, **facts: Any
    ) -> exchange_records.ExchangeEnd:
        response_id = new_id("resp")
        opened = exchange_records.ExchangeBegin(
            id=new_id("trace"),
            response_id=response_id,
            owner_id=key.owner_id,
            api_key_id=key.pk,
            started_at=NOW,
            model="gemini-3.8-flash",
            stream=True,
            simulated=True,
            client_request={"input_items": 1},
            adaptations=("something was dropped",),
        )
        exchange_records.open_trace(opened)
        wire = {
            "id": response_id,
            "created_at": int(NOW.timestamp()),
            "previous_response_id": previous or None,
            "status": "completed",
            "model": "gemini-3.8-flash",
            "output": ["not stored here"],
            "metadata": {"a": "b"},
        }
        outputs = [message(answered, "assistant", UpstreamFacts(**facts) if facts else None)]
        return exchange_records.ExchangeEnd(
            trace_id=opened.id,
            model="gemini-3.8-flash",
            ended_at=NOW,
            outcome=Outcome.COMPLETED,
            trace_fields={
                "cascade_id": "cascade",
                "upstream_model": "gemini-3.8-flash-002",
                "gate_wait_ms": 1.5,
                "first_event_ms": 2.5,
                "duration_ms": 3.5,
                "turns": 1,
                "response_summary": {"items": ["message"]},
                "error": None,
            },
            usage=exchange_records.TokenCounts("intercepted", input=7, cached=2, output=5, reasoning=1),
            response=exchange_records.StoredResponse(wire, [message(said)], outputs) if keep else None,
        )

    return begin


def texts(items: list[ConversationItem]) -> list[str]:
    return [item.wire["content"][0]["text"] for item in items]


def id_of(end: exchange_records.ExchangeEnd) -> str:
    assert end.response is not None
    return str(end.response.wire["id"])


def test_an_end_is_one_trace_one_usage_row_and_the_response(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey
) -> None:
    end = exchange(signature="sig", call_id="up", model="m")
    with CaptureQueriesContext(connection) as queries:
        exchange_records.close_exchange(end)

    assert len(queries) == 1
    trace = Trace.objects.get()
    assert (trace.outcome, trace.duration_ms, trace.turns) == ("completed", 3.5, 1)
    assert trace.response_summary == {"items": ["message"]}
    assert trace.adaptations == ["something was dropped"]
    usage = Usage.objects.get()
    assert (usage.trace_id, usage.owner_id, usage.api_key_id) == (trace.id, key.owner_id, key.pk)
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (7, 5, 12)
    response = Response.objects.get()
    assert (response.owner_id, response.created_at, response.previous_id) == (key.owner_id, NOW, "")
    assert response.body["metadata"] == {"a": "b"}
    assert "output" not in response.body
    said, answered = Item.objects.order_by("position")
    assert (said.side, answered.side) == ("input", "output")
    assert (answered.signature, answered.upstream_call_id, answered.upstream_model) == ("sig", "up", "m")


def test_booking_an_end_again_changes_nothing(exchange: Callable[..., exchange_records.ExchangeEnd]) -> None:
    end = exchange()
    exchange_records.close_exchange(end)
    exchange_records.close_exchange(end)

    assert (Trace.objects.count(), Usage.objects.count(), Response.objects.count(), Item.objects.count()) == (
        1,
        1,
        1,
        2,
    )


def test_an_end_without_content_keeps_none(exchange: Callable[..., exchange_records.ExchangeEnd]) -> None:
    exchange_records.close_exchange(exchange(keep=False))

    assert (Usage.objects.count(), Response.objects.count(), Item.objects.count()) == (1, 0, 0)


def test_a_chain_is_read_oldest_first_with_what_the_upstream_wants_back(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey
) -> None:
    first = exchange("one", "two", signature="sig", model="m")
    second = exchange("three", "four", previous=id_of(first))
    branch = exchange("other", "way", previous=id_of(first))
    for end in (first, second, branch):
        exchange_records.close_exchange(end)

    chain = exchange_records.load_chain(key.owner_id, id_of(second))
    assert texts(chain) == ["one", "two", "three", "four"]
    assert [item.response_id for item in chain] == [id_of(first)] * 2 + [id_of(second)] * 2
    assert chain[1].upstream == UpstreamFacts("sig", None, "m")
    assert texts(exchange_records.load_chain(key.owner_id, id_of(branch))) == ["one", "two", "other", "way"]


def test_a_chain_of_any_length_is_one_query(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey
) -> None:
    previous = ""
    for number in range(40):
        end = exchange(f"q{number}", f"a{number}", previous=previous)
        exchange_records.close_exchange(end)
        previous = id_of(end)

    with CaptureQueriesContext(connection) as queries:
        chain = exchange_records.load_chain(key.owner_id, previous)
    assert len(queries) == 1
    assert texts(chain) == [text for number in range(40) for text in (f"q{number}", f"a{number}")]


def test_another_owners_response_is_not_found_just_like_an_unknown_one(
    exchange: Callable[..., exchange_records.ExchangeEnd], bob: User
) -> None:
    end = exchange()
    exchange_records.close_exchange(end)

    for previous_id in (id_of(end), "resp_unknown", "resp_\x00"):
        with pytest.raises(InvalidRequest) as caught:
            exchange_records.load_chain(bob.pk, previous_id)
        assert caught.value.message == f"Previous response with id '{previous_id}' not found."
        assert (caught.value.code, caught.value.param) == (
            "previous_response_not_found",
            "previous_response_id",
        )


def test_stored_items_are_found_by_their_id_and_calls_by_their_call_id(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey, bob: User
) -> None:
    end = exchange("one", "two", signature="sig", model="m")
    assert end.response is not None
    parts = ({"executableCode": {"code": "1"}, "thoughtSignature": "s"},)
    call = ConversationItem(
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
        upstream=UpstreamFacts("sig2", "up1", "m", parts),
    )
    end = replace(end, response=replace(end.response, outputs=[*end.response.outputs, call]))
    exchange_records.close_exchange(end)
    assert end.response is not None
    message_id = end.response.outputs[0].wire["id"]

    with CaptureQueriesContext(connection) as queries:
        found = stored_items.load_items(key.owner_id, [message_id, "msg_unknown"], ["call_1"])
    assert len(queries) == 1
    assert found.by_id[message_id].upstream == UpstreamFacts("sig", None, "m")
    assert found.by_call_id["call_1"].upstream == call.upstream
    assert found.by_call_id["call_1"].response_id == id_of(end)
    assert found.by_id.keys() == {message_id, "fc_1"}
    assert found.by_call_id.keys() == {"call_1"}
    assert stored_items.load_items(bob.pk, [message_id], ["call_1"]) == StoredItems()
    assert exchange_records.load_chain(key.owner_id, id_of(end))[-1].upstream == call.upstream


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\x00\x00", "\ufffd\ufffd"),
        ("a\\u0000b", "a\\u0000b"),
        ("\\\x00", "\\\ufffd"),
        ('💥 \u2028 "quoted" %s %(x)s', '💥 \u2028 "quoted" %s %(x)s'),
    ],
)
def test_any_text_can_be_kept(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey, said: str, kept: str
) -> None:
    end = exchange(said, said)
    exchange_records.close_exchange(end)

    assert texts(exchange_records.load_chain(key.owner_id, id_of(end))) == [kept, kept]


def test_what_else_belongs_to_an_end_happens_with_it_once(
    exchange: Callable[..., exchange_records.ExchangeEnd],
) -> None:
    seen: list[int] = []

    def count(cursor: CursorWrapper) -> None:
        cursor.execute("SELECT count(*) FROM responses_api_item")
        seen.append(cursor.fetchone()[0])

    end = replace(exchange(), also=(count, count))
    exchange_records.close_exchange(end)
    exchange_records.close_exchange(end)
    assert seen == [2, 2]


def test_an_end_fails_as_a_whole(exchange: Callable[..., exchange_records.ExchangeEnd]) -> None:
    def fail(cursor: CursorWrapper) -> None:
        raise OSError("no")

    end = exchange()
    with pytest.raises(OSError, match="no"):
        exchange_records.close_exchange(replace(end, also=(fail,)))
    assert (Response.objects.count(), Usage.objects.count()) == (0, 0)
    exchange_records.close_exchange(end)
    assert (Response.objects.count(), Usage.objects.count()) == (1, 1)


def held_row(end: exchange_records.ExchangeEnd, key: ApiKey, runner: str) -> exchange_records.ExchangeEnd:
    """``end`` as that of a response in the background that ``runner`` makes."""
    Response.objects.create(
        id=id_of(end),
        owner_id=key.owner_id,
        created_at=NOW,
        status="in_progress",
        model="m",
        body={},
        background=True,
        request={"input": "hi"},
        runner=runner,
    )
    return replace(end, background=exchange_records.BackgroundRow(id_of(end), "gw_1"))


def test_a_response_in_the_background_ends_in_the_row_that_it_has(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey
) -> None:
    end = held_row(exchange(), key, "gw_1")
    exchange_records.close_exchange(end)

    response = Response.objects.get()
    assert (response.status, response.model, response.body["metadata"]) == (
        "completed",
        "gemini-3.8-flash",
        {"a": "b"},
    )
    assert response.request is None
    assert (Item.objects.count(), Usage.objects.count()) == (2, 1)


def test_only_the_gateway_that_makes_it_ends_it(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey
) -> None:
    exchange_records.close_exchange(held_row(exchange(), key, "gw_2"))

    assert Response.objects.get().status == "in_progress"
    assert Trace.objects.get().outcome == "in_progress"
    assert (Item.objects.count(), Usage.objects.count()) == (0, 0)


def test_of_a_response_that_was_deleted_meanwhile_only_the_use_is_booked(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey
) -> None:
    end = held_row(exchange(), key, "gw_1")
    Response.objects.all().delete()
    exchange_records.close_exchange(end)

    assert (Response.objects.count(), Item.objects.count(), Usage.objects.count()) == (0, 0, 1)


def test_nothing_goes_on_from_what_has_not_ended(
    exchange: Callable[..., exchange_records.ExchangeEnd], key: ApiKey
) -> None:
    end = held_row(exchange(), key, "gw_1")
    with pytest.raises(InvalidRequest, match="has not ended yet: it is in_progress"):
        exchange_records.load_chain(key.owner_id, id_of(end))
    exchange_records.close_exchange(end)
    assert texts(exchange_records.load_chain(key.owner_id, id_of(end))) == ["hi", "ho"]
