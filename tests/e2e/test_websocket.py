"""WebSocket mode: one connection, many requests, and chains that are stored nowhere."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.sockets import answer_of, opened, said
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import Event, types

SLOW = "[[chunks=200]] [[delay_ms=50]]"
SHELL: Any = {
    "type": "function",
    "name": "exec_command",
    "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}, "required": ["cmd"]},
}


def contents(events: list[Event]) -> list[dict[str, Any]]:
    """What the upstream was sent, as ``[[echo_request]]`` tells it."""
    found: list[dict[str, Any]] = json.loads(said(events))["contents"]
    return found


def texts(events: list[Event]) -> list[str]:
    return ["".join(part.get("text", "") for part in content["parts"]) for content in contents(events)]


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


@BOTH
def test_one_response(stack: Stack) -> None:
    with opened(stack) as talking:
        events = talking.ask("hi")

    assert types(events)[:2] == ["response.created", "response.in_progress"]
    assert types(events)[-1] == "response.completed"
    assert said(events) == "You said: hi"
    assert all("stream_id" not in event for event in events)
    booked = stack.booking(answer_of(events)["id"])
    assert (booked["outcome"], booked["source"], booked["stream"]) == ("completed", "intercepted", True)


@BOTH
def test_what_codex_does(stack: Stack) -> None:
    """A warm-up with the base prompt, then only what is new, a tool's output among it; nothing is stored."""
    session: dict[str, Any] = {
        "stream": True,
        "tools": [SHELL],
        "parallel_tool_calls": True,
        "include": ["reasoning.encrypted_content"],
        "client_metadata": {"session_id": "a", "x-codex-ws-stream-request-start-ms": "1"},
    }
    base = {
        "type": "message",
        "role": "developer",
        "content": [{"type": "input_text", "text": "Base prompt."}],
    }
    with opened(stack) as talking:
        warm = talking.ask([base], generate=False, **session)
        assert types(warm) == ["response.created", "response.in_progress", "response.completed"]
        assert answer_of(warm)["output"] == []
        warm_id = answer_of(warm)["id"]

        called = talking.ask(
            [user('[[call=exec_command args={"cmd":"ls"}]]')], previous_response_id=warm_id, **session
        )
        (call,) = [item for item in answer_of(called)["output"] if item["type"] == "function_call"]
        output = {
            "type": "function_call_output",
            "call_id": call["call_id"],
            "output": "README.md [[echo_request]]",
        }
        told = talking.ask([output], previous_response_id=answer_of(called)["id"], **session)

    asked, answered, result = contents(told)[-3:]
    assert asked["role"] == "user"
    assert answered["parts"][-1]["functionCall"]["args"] == {"cmd": "ls"}
    assert "thoughtSignature" in answered["parts"][-1]
    assert "README.md" in json.dumps(result["parts"][0]["functionResponse"])
    assert "Base prompt." in said(told)
    for response_id in (warm_id, answer_of(called)["id"], answer_of(told)["id"]):
        assert stack.query("SELECT 1 FROM responses_api_response WHERE id = %(id)s", id=response_id) == []
        assert len(stack.bookings(response_id)) == 1


def test_a_warm_up_asks_the_upstream_nothing_and_may_bring_no_input(stack: Stack) -> None:
    with opened(stack) as talking:
        warm = talking.ask([], generate=False, instructions="Be a warm-up without input.")
        assert not stack.simulator.saw("Be a warm-up without input.")
        answer = talking.ask("hi", previous_response_id=answer_of(warm)["id"])

    assert said(answer) == "You said: hi"
    booked = stack.booking(answer_of(warm)["id"])
    assert (booked["outcome"], booked["source"], booked["total_tokens"]) == ("completed", "none", 0)


def test_a_stored_warm_up_can_be_continued_from_anywhere(stack: Stack) -> None:
    with opened(stack) as talking:
        warm = talking.ask("the first words", generate=False, store=True)

    answer = stack.client().responses.create(
        model=MODEL, input="[[echo_request]]", previous_response_id=answer_of(warm)["id"]
    )
    assert "the first words" in answer.output_text


@BOTH
def test_a_chain_that_is_stored_nowhere(stack: Stack) -> None:
    with opened(stack) as talking:
        last = talking.ask("one")
        for text in ("two", "three"):
            last = talking.ask(text, previous_response_id=answer_of(last)["id"])
        echo = talking.ask("[[echo_request]]", previous_response_id=answer_of(last)["id"])

    assert texts(echo)[::2] == ["one", "two", "three", "[[echo_request]]"]
    assert all("thoughtSignature" in c["parts"][-1] for c in contents(echo) if c["role"] == "model")


def test_what_one_connection_remembers_no_other_knows(stack: Stack) -> None:
    with opened(stack) as talking, opened(stack) as other:
        unstored = answer_of(talking.ask("a secret"))["id"]
        status, error = other.refusal(previous_response_id=unstored)
        again = other.ask("a new start")

    assert (status, error) == (
        400,
        {
            "type": "invalid_request_error",
            "code": "previous_response_not_found",
            "message": f"Previous response with id '{unstored}' not found.",
            "param": "previous_response_id",
        },
    )
    assert said(again) == "You said: a new start"


def test_another_users_stored_response_is_unknown(stack: Stack) -> None:
    stored = stack.client().responses.create(model=MODEL, input="mine").id
    stranger = replace(stack, api_key=stack.make_api_key("stranger"))
    with opened(stack) as talking, opened(stranger) as other:
        assert said(talking.ask("hi", previous_response_id=stored)).startswith("You said: hi")
        status, error = other.refusal(previous_response_id=stored)

    assert (status, error["code"]) == (400, "previous_response_not_found")


def test_a_continuation_that_fails_evicts_what_it_continued(stack: Stack) -> None:
    orphan = {"type": "function_call_output", "call_id": "call_nobody_made", "output": "x"}
    with opened(stack) as talking:
        first = answer_of(talking.ask("ember"))["id"]
        status, error = talking.refusal([orphan], previous_response_id=first)
        assert (status, "call_nobody_made" in error["message"]) == (400, True)
        status, error = talking.refusal(previous_response_id=first)

    assert (status, error["code"]) == (400, "previous_response_not_found")


def test_a_stored_response_cannot_hang_on_one_that_is_not(stack: Stack) -> None:
    with opened(stack) as talking:
        first = answer_of(talking.ask("hi"))["id"]
        status, error = talking.refusal(previous_response_id=first, store=True)

    assert (status, error["param"]) == (400, "store")


@BOTH
def test_lanes_are_served_at_once_and_each_in_order(stack: Stack) -> None:
    with opened(stack) as talking:
        talking.create("[[text=slow one]] [[first_delay_ms=1500]]", stream_id="slow")
        talking.create("[[text=slow two]]", stream_id="slow")
        talking.create("[[text=quick]]", stream_id="quick")
        talking.create("[[text=default]]")
        ends: list[tuple[str | None, str]] = []
        while len(ends) < 4:
            event = talking.read()
            if event["type"] == "response.completed":
                ends.append((event.get("stream_id"), said([event])))

    assert ends[-2:] == [("slow", "slow one"), ("slow", "slow two")]
    assert sorted(ends[:2], key=str) == [("quick", "quick"), (None, "default")]


def test_a_chain_can_be_forked_onto_another_lane(stack: Stack) -> None:
    with opened(stack) as talking:
        plan = answer_of(talking.ask("plan", stream_id="planner"))["id"]
        critic = talking.ask("criticise", stream_id="critic", previous_response_id=plan)
        planner = talking.ask("go on", stream_id="planner", previous_response_id=plan)

    for events in (critic, planner):
        assert said(events).endswith("There were 2 earlier turns.")
    assert {event["stream_id"] for event in critic} == {"critic"}


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ("{", "invalid_json", None),
        ("[]", "invalid_type", None),
        ("{}", "missing_required_parameter", "type"),
        ('{"type": "response.cancel"}', "invalid_value", "type"),
        ('{"type": "response.create", "stream_id": "a b"}', "invalid_stream_id", "stream_id"),
        ('{"type": "response.create", "stream_id": ""}', "invalid_stream_id", "stream_id"),
        (
            '{"type": "response.create", "input": "hi", "background": true}',
            "unsupported_parameter",
            "background",
        ),
        ('{"type": "response.create", "input": "hi", "generate": 1}', "invalid_type", "generate"),
        ('{"type": "response.create", "model": 5, "input": "hi"}', "invalid_type", "model"),
    ],
)
def test_a_frame_that_is_no_request_is_told_and_the_connection_stays(
    stack: Stack, message: str, code: str, param: str | None
) -> None:
    with opened(stack) as talking:
        talking.connection.send(message)
        frame = talking.read()
        again = talking.ask("hi")

    assert (frame["type"], frame["status"]) == ("error", 400)
    assert (frame["error"]["code"], frame["error"]["param"]) == (code, param)
    assert said(again) == "You said: hi"


def test_more_than_32_lanes_are_refused(stack: Stack) -> None:
    with opened(stack) as talking:
        for number in range(32):
            assert (
                answer_of(talking.ask("x", stream_id=f"lane-{number}", generate=False))["status"]
                == "completed"
            )
        (frame,) = talking.ask("x", stream_id="one-more")
        assert said(talking.ask("still here", stream_id="lane-0")) == "You said: still here"

    assert (frame["status"], frame["stream_id"]) == (400, "one-more")
    assert (frame["error"]["code"], frame["error"]["param"]) == (
        "websocket_stream_limit_reached",
        "stream_id",
    )


@BOTH
def test_the_upstreams_refusal_is_an_error_frame(stack: Stack) -> None:
    with opened(stack) as talking:
        status, error = talking.refusal("[[status=429 retry=7]]")
        events = talking.ask("[[chunks=5]] [[error_mid=3]]")

    assert (status, error["code"]) == (429, "rate_limit_exceeded")
    assert types(events)[-2:] == ["error", "response.failed"]


@BOTH
def test_the_official_client(stack: Stack) -> None:
    with stack.client().responses.connect() as connection:
        connection.response.create(model=MODEL, input="one", store=False, stream_id="main")
        first = next(event for event in connection if event.type == "response.completed")
        connection.response.create(
            model=MODEL, input="two", store=False, stream_id="main", previous_response_id=first.response.id
        )
        second = next(event for event in connection if event.type == "response.completed")
        connection.response.create(
            model=MODEL, input="three", store=False, previous_response_id="resp_unknown"
        )
        error = next(iter(connection))

    assert first.stream_id == "main"
    assert second.response.output_text == "You said: two\nThere were 2 earlier turns."
    assert error.type == "error"
    assert (error.status, error.error.code) == (400, "previous_response_not_found")
