"""Background mode: made without its client, read when and from where it likes, ended exactly once."""

from typing import Any

import openai
import pytest

from tests.e2e.background import LONG, SLOW, ended, frames, log_of, wait_for_text
from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack, wait_until
from tests.e2e.streams import parse, text_of, types


@BOTH
def test_a_response_is_made_while_nobody_waits(stack: Stack) -> None:
    client = stack.client()
    queued = client.responses.create(model=MODEL, input=f"{SLOW} [[text=a b c]]", background=True)
    assert (queued.status, queued.background, queued.output) == ("queued", True, [])

    made = ended(stack, queued.id)
    assert made.status == "completed"
    assert made.output_text == "a b c"
    assert made.usage is not None
    assert (made.id, made.created_at) == (queued.id, queued.created_at)
    events = parse(log_of(stack, queued.id).text)
    assert types(events)[:3] == ["response.created", "response.queued", "response.in_progress"]
    assert [event["response"]["status"] for event in events[:3]] == ["queued", "queued", "in_progress"]
    assert events[-1]["response"] == made.to_dict(mode="json")
    booked = stack.booking(queued.id)
    assert (booked["outcome"], booked["source"]) == ("completed", "intercepted")


@BOTH
def test_a_stream_can_be_left_and_resumed_behind_any_event(stack: Stack) -> None:
    client = stack.client()
    stream = client.responses.create(model=MODEL, input=SLOW, background=True, stream=True)
    seen = []
    for event in stream:
        seen.append(event)
        if len(seen) == 12:
            break
    stream.close()
    created: Any = seen[0]
    response_id = created.response.id

    rest = list(client.responses.retrieve(response_id, stream=True, starting_after=seen[-1].sequence_number))
    assert [event.sequence_number for event in [*seen, *rest]] == list(range(len(seen) + len(rest)))
    assert rest[-1].type == "response.completed"

    whole = log_of(stack, response_id).text
    parse(whole)
    for after in (0, 1, 11, len(rest), len(seen) + len(rest) - 2):
        assert frames(log_of(stack, response_id, starting_after=after).text) == frames(whole)[after + 1 :]
    for beyond in (len(seen) + len(rest) - 1, 10**6):
        assert log_of(stack, response_id, starting_after=beyond).text == "data: [DONE]\n\n"


def test_the_sdks_own_stream_helper_resumes(stack: Stack) -> None:
    client = stack.client()
    with client.responses.stream(model=MODEL, input=SLOW, background=True) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                break
    seen = event.sequence_number
    response_id = stack.query("SELECT id FROM responses_api_response ORDER BY created_at DESC LIMIT 1")[0][
        "id"
    ]
    with client.responses.stream(response_id=response_id, starting_after=seen) as resumed:
        numbers = [event.sequence_number for event in resumed]
        final = resumed.get_final_response()
    assert numbers == list(range(seen + 1, seen + 1 + len(numbers)))
    assert final.output_text == client.responses.retrieve(response_id).output_text


@BOTH
def test_what_is_read_live_is_what_is_read_later(stack: Stack) -> None:
    body = {"model": MODEL, "input": SLOW, "background": True, "stream": True}
    with stack.http() as http:
        live = http.post("/v1/responses", json=body).text
    response = parse(live)[0]["response"]
    assert log_of(stack, response["id"]).text == live
    assert text_of(parse(live)) == stack.client().responses.retrieve(response["id"]).output_text


@BOTH
def test_cancelling_closes_the_upstream_at_once(stack: Stack) -> None:
    client = stack.client()
    with stack.simulator.stream_is_closed(within=1):
        running = client.responses.create(model=MODEL, input=LONG, background=True)
        wait_for_text(stack, running.id)
        cancelled = client.responses.cancel(running.id)
    assert cancelled.status == "cancelled"
    assert client.responses.cancel(running.id).status == "cancelled"

    events = parse(log_of(stack, running.id).text)
    assert events[-1]["type"] == "response.incomplete"
    assert events[-1]["response"]["status"] == "cancelled"
    assert events[-1]["response"] == client.responses.retrieve(running.id).to_dict(mode="json")
    booked = stack.booking(running.id)
    assert (booked["outcome"], booked["source"]) == ("cancelled", "intercepted")


def test_cancelling_a_silent_upstream(stack: Stack) -> None:
    client = stack.client()
    with stack.simulator.stream_is_closed(within=2):
        running = client.responses.create(model=MODEL, input="[[first_delay_ms=30000]]", background=True)
        wait_until(lambda: client.responses.retrieve(running.id).status == "in_progress", within=5)
        assert client.responses.cancel(running.id).status == "cancelled"
    assert stack.booking(running.id)["outcome"] == "cancelled"


@BOTH
def test_one_that_waits_is_cancelled_without_having_begun(stack: Stack) -> None:
    client = stack.client()
    running = [client.responses.create(model=MODEL, input=LONG, background=True) for _ in range(4)]
    waiting = client.responses.create(model=MODEL, input="never asked 5c2e", background=True)
    for response in running:
        wait_for_text(stack, response.id)
    assert client.responses.retrieve(waiting.id).status == "queued"

    assert client.responses.cancel(waiting.id).status == "cancelled"
    for response in running:
        client.responses.cancel(response.id)
    assert types(parse(log_of(stack, waiting.id).text)) == [
        "response.created",
        "response.queued",
        "response.incomplete",
    ]
    assert not stack.simulator.saw("never asked 5c2e")
    booked = stack.booking(waiting.id)
    assert (booked["outcome"], booked["source"]) == ("cancelled", "none")


def test_those_that_wait_are_made_in_turn(stack: Stack) -> None:
    client = stack.client()
    made = [
        client.responses.create(model=MODEL, input=f"{SLOW} [[text=number {number}]]", background=True).id
        for number in range(7)
    ]
    assert [ended(stack, response_id).output_text for response_id in made] == [
        f"number {number}" for number in range(7)
    ]
    begun = stack.query(
        "SELECT response_id FROM responses_api_trace WHERE response_id = ANY(%(ids)s) ORDER BY ended_at",
        ids=made,
    )
    assert [row["response_id"] for row in begun][-1] in made[4:]


def test_a_failure_is_stored_and_told(stack: Stack) -> None:
    client = stack.client()
    queued = client.responses.create(model=MODEL, input="[[status=503]]", background=True)
    failed = ended(stack, queued.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.to_dict()["code"] == "server_is_overloaded"
    assert types(parse(log_of(stack, queued.id).text))[-2:] == ["error", "response.failed"]
    assert stack.booking(queued.id)["outcome"] == "upstream_error"


def test_a_conversation_goes_on_from_it(stack: Stack) -> None:
    client = stack.client()
    first = client.responses.create(model=MODEL, input=f"{SLOW} [[text=one]]", background=True)
    with pytest.raises(openai.BadRequestError, match="has not ended yet"):
        client.responses.create(model=MODEL, input="too early", previous_response_id=first.id)
    ended(stack, first.id)
    second = client.responses.create(model=MODEL, input="two", previous_response_id=first.id, background=True)
    assert ended(stack, second.id).output_text == "You said: two\nThere were 2 earlier turns."
    listed = client.responses.input_items.list(second.id).data
    assert len(listed) == 1


def test_its_turn_joins_the_conversation_when_it_ends(stack: Stack) -> None:
    client = stack.client()
    conversation = client.conversations.create()
    first = client.responses.create(
        model=MODEL, input="one [[text=two]]", conversation=conversation.id, background=True
    )
    assert ended(stack, first.id).output_text == "two"
    second = client.responses.create(model=MODEL, input="three", conversation=conversation.id)
    assert second.output_text == "You said: three\nThere were 2 earlier turns."
    assert len(client.conversations.items.list(conversation.id).data) == 4


def test_deleting_one_that_is_being_made_ends_it(stack: Stack) -> None:
    client = stack.client()
    with stack.simulator.stream_is_closed():
        running = client.responses.create(model=MODEL, input=LONG, background=True)
        wait_for_text(stack, running.id)
        client.responses.delete(running.id)
    assert stack.booking(running.id)["outcome"] == "cancelled"
    assert log_of(stack, running.id).status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"store": False}, "background"),
        ({"previous_response_id": "resp_unknown"}, "previous_response_id"),
        ({"temperature": 9}, "temperature"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(stack: Stack, body: dict[str, Any], param: str) -> None:
    before = stack.query("SELECT count(*) AS number FROM responses_api_response")
    with stack.http() as http:
        answer = http.post("/v1/responses", json={"model": MODEL, "input": "hi", "background": True, **body})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert stack.query("SELECT count(*) AS number FROM responses_api_response") == before


@BOTH
def test_only_its_owner_reads_it_and_only_one_in_the_background_has_a_log(stack: Stack) -> None:
    client = stack.client()
    queued = client.responses.create(model=MODEL, input="hi", background=True)
    stranger = {"Authorization": f"Bearer {stack.make_api_key('eve')}"}
    with stack.http() as http:
        answers = [
            http.get(f"/v1/responses/{response_id}", params={"stream": "true"}, headers=stranger)
            for response_id in (queued.id, "resp_unknown")
        ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(queued.id, "resp_unknown") == answers[1].text
    assert log_of(stack, queued.id, starting_after="x").status_code == 400
    foreground = client.responses.create(model=MODEL, input="hi")
    refused = log_of(stack, foreground.id)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "stream")
    with pytest.raises(openai.BadRequestError):
        client.responses.cancel(foreground.id)
