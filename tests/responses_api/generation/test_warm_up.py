"""A warm-up: checked, booked and kept like a response, with nothing asked of the upstream."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from responses_api.access.callers import Caller
from responses_api.access.limits.admission import Admission
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.generation.booking import ClientCall
from responses_api.generation.warm_up import WarmUp
from responses_api.generation.warm_up import warm_up as warm_up_within
from responses_api.models import Response, Trace, Usage
from responses_api.runtime import database
from responses_api.runtime.identifiers import new_id
from responses_api.storage import exchange_records
from tests.conftest import MakeApiKey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]


@pytest.fixture
def caller(alice: User, make_api_key: MakeApiKey) -> Caller:
    return Caller(make_api_key(alice)[0].pk, alice.pk, "")


def request(**members: Any) -> CreateRequest:
    return parse_create_request({"input": "Base prompt.", "store": False, "stream": True, **members})


def call() -> ClientCall:
    return ClientCall("req_1", "tester", 10, datetime.now(UTC), time.monotonic())


async def warm_up(request: CreateRequest, caller: Caller, call: ClientCall, remembered: Any) -> WarmUp:
    """Of a caller without limits."""
    response_id = new_id("resp")
    return await warm_up_within(request, caller, call, remembered, response_id, Admission((), response_id))


async def test_it_is_a_completed_response_without_output(caller: Caller) -> None:
    warm = await warm_up(request(), caller, call(), {})

    events: Any = warm.events
    assert [event["type"] for event in events] == [
        "response.created",
        "response.in_progress",
        "response.completed",
    ]
    assert {event["response"]["id"] for event in events} == {warm.id}
    assert (events[-1]["response"]["output"], events[-1]["response"]["usage"]) == ([], None)
    assert [item.wire["content"][0]["text"] for item in warm.chain] == ["Base prompt."]


async def test_it_is_booked_once_and_costs_nothing(caller: Caller) -> None:
    warm = await warm_up(request(), caller, call(), {})

    trace = await database.run(Trace.objects.get, response_id=warm.id)
    usage = await database.run(Usage.objects.get, trace_id=trace.pk)
    assert (trace.outcome, usage.source, usage.total_tokens) == ("completed", "none", 0)
    assert not await database.run(Response.objects.filter(pk=warm.id).exists)


async def test_a_stored_one_can_be_continued_by_its_id(caller: Caller) -> None:
    warm = await warm_up(request(store=True), caller, call(), {})

    chain = await database.run(exchange_records.load_chain, caller.owner_id, warm.id)
    assert [item.wire["content"][0]["text"] for item in chain] == ["Base prompt."]


async def test_it_goes_on_from_what_the_connection_remembers(caller: Caller) -> None:
    earlier = ConversationItem({"type": "message", "role": "user", "content": []}, response_id="resp_1")
    warm = await warm_up(request(previous_response_id="resp_1"), caller, call(), {"resp_1": [earlier]})

    assert warm.chain[0] == earlier
    assert len(warm.chain) == 2


async def test_it_may_bring_nothing_but_tools(caller: Caller) -> None:
    bare = request().model_copy(update={"input": ()})
    assert (await warm_up(bare, caller, call(), {})).chain == []


async def test_what_cannot_be_continued_is_refused_and_not_booked(caller: Caller) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await warm_up(request(previous_response_id="resp_unknown"), caller, call(), {})

    assert caught.value.code == "previous_response_not_found"
    assert not await database.run(Trace.objects.exists)
