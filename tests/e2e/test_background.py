"""Background mode: made without its client, read when and from where it likes, ended exactly once."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai.types.responses import Response

from tests.e2e.conftest import BOTH
from tests.e2e.processes import Process
from tests.e2e.stacks import MODEL, Stack, further_gateway, serve, wait_until
from tests.e2e.stacks import Simulator as RunningSimulator
from tests.e2e.streams import parse, text_of, types

_SLOW = "[[chunks=40]] [[delay_ms=50]]"
_LONG = "[[chunks=400]] [[delay_ms=50]]"
_STALLED = "[[chunks=9]] [[stall=3]]"


def ended(stack: Stack, response_id: str, within: float = 20) -> Response:
    """The response once it has ended."""
    client = stack.client()
    wait_until(
        lambda: client.responses.retrieve(response_id).status not in ("queued", "in_progress"), within=within
    )
    return client.responses.retrieve(response_id)


def log_of(stack: Stack, response_id: str, **query: Any) -> httpx2.Response:
    with stack.http() as http:
        return http.get(f"/v1/responses/{response_id}", params={"stream": "true", **query})


def wait_for_text(stack: Stack, response_id: str) -> None:
    """Until the log holds some of the answer."""
    wait_until(lambda: b"output_text.delta" in logged(stack, response_id), within=10)


def logged(stack: Stack, response_id: str) -> bytes:
    rows = stack.query(
        "SELECT data FROM responses_api_responseevents WHERE response_id = %(id)s ORDER BY first_sequence",
        id=response_id,
    )
    return b"".join(row["data"] for row in rows)


def frames(body: str) -> list[str]:
    """All frames but the last, which says that the stream is over."""
    *found, done, rest = body.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return found


@BOTH
def test_a_response_is_made_while_nobody_waits(stack: Stack) -> None:
    client = stack.client()
    queued = client.responses.create(model=MODEL, input=f"{_SLOW} [[text=a b c]]", background=True)
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
    stream = client.responses.create(model=MODEL, input=_SLOW, background=True, stream=True)
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
    with client.responses.stream(model=MODEL, input=_SLOW, background=True) as stream:
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
    body = {"model": MODEL, "input": _SLOW, "background": True, "stream": True}
    with stack.http() as http:
        live = http.post("/v1/responses", json=body).text
    response = parse(live)[0]["response"]
    assert log_of(stack, response["id"]).text == live
    assert text_of(parse(live)) == stack.client().responses.retrieve(response["id"]).output_text


@BOTH
def test_cancelling_closes_the_upstream_at_once(stack: Stack) -> None:
    client = stack.client()
    with stack.simulator.stream_is_closed(within=1):
        running = client.responses.create(model=MODEL, input=_LONG, background=True)
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
    running = [client.responses.create(model=MODEL, input=_LONG, background=True) for _ in range(4)]
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
        client.responses.create(model=MODEL, input=f"{_SLOW} [[text=number {number}]]", background=True).id
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
    first = client.responses.create(model=MODEL, input=f"{_SLOW} [[text=one]]", background=True)
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
        running = client.responses.create(model=MODEL, input=_LONG, background=True)
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


# Gateways that come and go


@contextmanager
def second_gateway(stack: Stack, folder: Path, **environment: str) -> Iterator[tuple[Stack, Process]]:
    other, process = further_gateway(stack, folder, **environment)
    try:
        yield other, process
    finally:
        process.kill()


def test_any_gateway_reads_and_cancels_what_another_one_makes(split_stack: Stack, folder: Path) -> None:
    with second_gateway(split_stack, folder, BACKGROUND_CONCURRENCY="0") as (other, _):
        queued = other.client().responses.create(model=MODEL, input=_SLOW, background=True)
        live = log_of(other, queued.id).text
        assert parse(live)[-1]["type"] == "response.completed"
        assert log_of(split_stack, queued.id).text == live

        with split_stack.simulator.stream_is_closed(within=1):
            running = other.client().responses.create(model=MODEL, input=_LONG, background=True)
            wait_for_text(other, running.id)
            assert other.client().responses.cancel(running.id).status == "cancelled"
        assert split_stack.booking(running.id)["outcome"] == "cancelled"


def test_a_killed_gateways_responses_fail_within_the_bound(split_stack: Stack, folder: Path) -> None:
    with second_gateway(split_stack, folder) as (other, process):
        client = other.client()
        # Whoever claims them: all that this test needs is one that the second gateway makes.
        begun = [client.responses.create(model=MODEL, input=_STALLED, background=True).id for _ in range(6)]
        for response_id in begun:
            wait_for_text(other, response_id)
        wait_until(lambda: len(runners(split_stack, begun)) == 2, within=5)
        before = {response_id: logged(split_stack, response_id) for response_id in begun}
        process.kill()

        killed = time.monotonic()
        failed = [
            response_id
            for response_id in begun
            if wait_for_failure(split_stack, response_id, until=killed + 15)
        ]
        assert failed
        for response_id in failed:
            log = log_of(split_stack, response_id)
            events = parse(log.text)
            assert log.content.startswith(before[response_id])
            assert types(events)[-3:] == ["response.output_item.done", "error", "response.failed"]
            stored = split_stack.client().responses.retrieve(response_id)
            assert (stored.status, stored.output_text) == ("failed", text_of(events))
            assert events[-1]["response"] == stored.to_dict(mode="json")
            booked = split_stack.booking(response_id)
            assert booked["outcome"] == "failed"
        for response_id in set(begun) - set(failed):
            split_stack.client().responses.cancel(response_id)
            split_stack.booking(response_id)


def test_a_gateway_that_is_asked_to_stop_ends_its_own_at_once(split_stack: Stack, folder: Path) -> None:
    with second_gateway(split_stack, folder) as (other, process):
        client = split_stack.client()
        begun = [client.responses.create(model=MODEL, input=_STALLED, background=True).id for _ in range(6)]
        for response_id in begun:
            wait_for_text(split_stack, response_id)
        assert len(runners(split_stack, begun)) == 2
        assert process.stop(signal.SIGTERM, within=5) == 0

        failed = [i for i in begun if client.responses.retrieve(i).status == "failed"]
        assert failed
        for response_id in failed:
            events = parse(log_of(split_stack, response_id).text)
            assert "shutting down" in events[-1]["response"]["error"]["message"]
            split_stack.booking(response_id)
        for response_id in set(begun) - set(failed):
            client.responses.cancel(response_id)


def runners(stack: Stack, response_ids: list[str]) -> set[str]:
    rows = stack.query(
        "SELECT DISTINCT runner FROM responses_api_response WHERE id = ANY(%(ids)s)", ids=response_ids
    )
    return {row["runner"] for row in rows}


def wait_for_failure(stack: Stack, response_id: str, until: float) -> bool:
    while time.monotonic() < until:
        if stack.client().responses.retrieve(response_id).status == "failed":
            return True
        time.sleep(0.2)
    return False


def test_a_restart_turns_what_was_running_into_failed_and_makes_what_waited(
    folder: Path, simulator: RunningSimulator
) -> None:
    before = serve(folder, simulator)
    client = before.client()
    running = [client.responses.create(model=MODEL, input=_STALLED, background=True).id for _ in range(4)]
    waiting = client.responses.create(model=MODEL, input="[[text=later]]", background=True).id
    for response_id in running:
        wait_for_text(before, response_id)
    told = logged(before, running[0])
    before.processes[0].send_signal(signal.SIGKILL)
    before.stop()

    after = serve(folder, simulator)
    try:
        assert {ended(after, response_id).status for response_id in running} == {"failed"}
        assert ended(after, waiting).output_text == "later"
        assert log_of(after, running[0]).content.startswith(told)
        for response_id in [*running, waiting]:
            after.booking(response_id)
    finally:
        after.stop()


def test_a_stop_ends_what_was_running_and_keeps_what_waited(
    folder: Path, simulator: RunningSimulator
) -> None:
    before = serve(folder, simulator)
    client = before.client()
    with simulator.stream_is_closed(4):
        running = [client.responses.create(model=MODEL, input=_STALLED, background=True).id for _ in range(4)]
        waiting = client.responses.create(model=MODEL, input="[[text=later]]", background=True).id
        for response_id in running:
            wait_for_text(before, response_id)
        assert before.processes[0].stop(signal.SIGTERM) == 0

    after = serve(folder, simulator)
    try:
        rows = after.query(
            "SELECT id, status FROM responses_api_response WHERE id = ANY(%(ids)s)", ids=running
        )
        assert {row["status"] for row in rows} == {"failed"}
        assert ended(after, waiting).output_text == "later"
        for response_id in [*running, waiting]:
            after.booking(response_id)
            parse(log_of(after, response_id).text)
    finally:
        after.stop()
