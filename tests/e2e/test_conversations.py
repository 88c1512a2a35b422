"""Turns that build on each other by ``previous_response_id``."""

import json
from typing import Any

import openai
import pytest
from openai.types.responses import ResponseCompletedEvent

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack

NOT_FOUND = "Previous response with id '{}' not found."
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def echoed_contents(text: str) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = json.loads(text)["contents"]
    return contents


@BOTH
def test_three_turns(stack: Stack) -> None:
    ask = stack.client().responses.create
    first = ask(model=MODEL, input="one", instructions="Only for the first turn.")
    second = ask(model=MODEL, input="two", previous_response_id=first.id)
    third = ask(model=MODEL, input="[[echo_request]]", previous_response_id=second.id)

    sent = json.loads(third.output_text)
    said = [(c["role"], "".join(p.get("text", "") for p in c["parts"])) for c in sent["contents"]]
    assert said == [
        ("user", "one"),
        ("model", "You said: one\nI follow a system instruction."),
        ("user", "two"),
        ("model", "You said: two\nThere were 2 earlier turns."),
        ("user", "[[echo_request]]"),
    ]
    assert "systemInstruction" not in sent
    assert all("thoughtSignature" in c["parts"][-1] for c in sent["contents"] if c["role"] == "model")
    assert third.previous_response_id == second.id


@BOTH
async def test_the_next_turn_may_come_as_soon_as_the_terminal_event(stack: Stack) -> None:
    async with stack.async_client() as client:
        for _ in range(5):
            stream = await client.responses.create(model=MODEL, input="one", stream=True)
            async for event in stream:
                if isinstance(event, ResponseCompletedEvent):
                    following = await client.responses.create(
                        model=MODEL, input="two", previous_response_id=event.response.id
                    )
            assert following.output_text == "You said: two\nThere were 2 earlier turns."


def test_a_conversation_can_branch(stack: Stack) -> None:
    ask = stack.client().responses.create
    root = ask(model=MODEL, input="root")
    for branch in ("left", "right"):
        answer = ask(model=MODEL, input=[{"role": "user", "content": branch}], previous_response_id=root.id)
        assert answer.output_text == f"You said: {branch}\nThere were 2 earlier turns."


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_a_function_loop_sends_the_call_back_with_its_signature(stack: Stack, stream: bool) -> None:
    """The client sends nothing but the result; the call turn comes from storage."""
    client = stack.client()
    if stream:
        with client.responses.stream(
            model=MODEL, input="Weather in Rome?", tools=[WEATHER], tool_choice="required"
        ) as events:
            asked = events.get_final_response().id
            call: Any = events.get_final_response().output[0]
    else:
        made = client.responses.create(
            model=MODEL, input="Weather in Rome?", tools=[WEATHER], tool_choice="required"
        )
        asked, call = made.id, made.output[0]
    assert (call.type, call.name) == ("function_call", "get_weather")
    assert stack.booking(asked)["outcome"] == "tool_call"

    told = client.responses.create(
        model=MODEL,
        previous_response_id=asked,
        tools=[WEATHER],
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "21 °C"}],
    )
    assert told.output_text == 'get_weather returned {"output":"21 °C"}.\nThere were 2 earlier turns.'

    later = client.responses.create(model=MODEL, previous_response_id=told.id, input="[[echo_request]]")
    contents = echoed_contents(later.output_text)
    assert [content["role"] for content in contents] == ["user", "model", "user", "model", "user"]
    call_part = contents[1]["parts"][0]
    assert call_part["functionCall"]["args"] == json.loads(call.arguments)
    assert call_part["thoughtSignature"]
    result = contents[2]["parts"][0]["functionResponse"]
    assert (result["name"], result["response"]) == ("get_weather", {"output": "21 °C"})
    assert result["id"] == call_part["functionCall"]["id"]


def test_a_stateless_client_repeats_the_history_itself(stack: Stack) -> None:
    """A call that only the client remembers gets the documented skip value as its signature."""
    client = stack.client()
    made = client.responses.create(
        model=MODEL, input="Weather?", tools=[WEATHER], tool_choice="required", store=False
    )
    call: Any = made.output[-1]
    history: Any = [
        {"role": "user", "content": "Weather?"},
        call.to_dict(),
        {"type": "function_call_output", "call_id": call.call_id, "output": "fine"},
    ]

    told = client.responses.create(model=MODEL, input=history, tools=[WEATHER], store=False)

    assert told.output_text.startswith('get_weather returned {"output":"fine"}.')


def refusal_of(client: openai.OpenAI, previous_id: str) -> tuple[int, object]:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=MODEL, input="and then?", previous_response_id=previous_id)
    return caught.value.status_code, caught.value.body


@BOTH
def test_unknown_foreign_unstored_and_failed_ids_are_refused_alike(stack: Stack) -> None:
    client = stack.client()
    stranger = stack.client(api_key=stack.make_api_key("stranger"))
    foreign = stranger.responses.create(model=MODEL, input="mine").id
    unstored = client.responses.create(model=MODEL, input="forget me", store=False).id
    stored = client.responses.create(model=MODEL, input="kept").id

    for previous_id in ("resp_doesnotexist", foreign, unstored):
        status, body = refusal_of(client, previous_id)
        assert status == 400
        assert body == {
            "message": NOT_FOUND.format(previous_id),
            "type": "invalid_request_error",
            "param": "previous_response_id",
            "code": "previous_response_not_found",
        }
    assert refusal_of(stranger, stored)[0] == 400


def test_nothing_of_an_unstored_response_is_kept(stack: Stack) -> None:
    response = stack.client().responses.create(model=MODEL, input="secret-word-xyzzy", store=False)

    assert stack.booking(response.id)["outcome"] == "completed"
    assert stack.query("SELECT 1 FROM responses_api_item WHERE wire::text LIKE '%%secret-word-xyzzy%%'") == []
    assert stack.query("SELECT 1 FROM responses_api_response WHERE id = %(id)s", id=response.id) == []
    assert stack.query("SELECT 1 FROM responses_api_trace t WHERE t::text LIKE '%%secret-word-xyzzy%%'") == []


def test_an_item_can_be_referred_to(stack: Stack) -> None:
    client = stack.client()
    first = client.responses.create(model=MODEL, input="quotable")
    item_id = first.output[0].id
    assert item_id is not None

    answer = client.responses.create(
        model=MODEL,
        input=[
            {"role": "user", "content": "quotable"},
            {"type": "item_reference", "id": item_id},
            {"role": "user", "content": "[[echo_request]]"},
        ],
    )

    model_turn = echoed_contents(answer.output_text)[1]
    assert model_turn["parts"][0]["text"] == "You said: quotable"
