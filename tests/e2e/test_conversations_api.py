"""Conversations that the gateway keeps: the items of several responses in one list."""

import asyncio
import json
from collections import Counter
from typing import Any

import openai
import pytest
from openai.types.responses import Response

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack, wait_until

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def texts(stack: Stack, conversation_id: str) -> list[str]:
    """What was said in a conversation, oldest first; pages are small so that there are several."""
    listed = stack.client().conversations.items.list(conversation_id, order="asc", limit=3)
    items: list[Any] = list(listed)
    return [part.text for item in items if item.type == "message" for part in item.content]


def ask(stack: Stack, conversation: Any, text: str, *, stream: bool = False, **parameters: Any) -> Response:
    responses = stack.client().responses
    body: Any = {"model": MODEL, "input": text, "conversation": conversation, **parameters}
    if not stream:
        made: Response = responses.create(**body)
        return made
    with responses.stream(**body) as events:
        return events.get_final_response()


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_responses_share_a_conversation(stack: Stack, stream: bool) -> None:
    begun: Any = {"role": "user", "content": "Call me Ishmael."}
    conversation = stack.client().conversations.create(items=[begun], metadata={"topic": "whales"})

    first = ask(stack, conversation.id, "one", stream=stream)
    second = ask(stack, {"id": conversation.id}, "[[echo_request]]", stream=stream)

    assert first.conversation is not None
    assert first.conversation.id == conversation.id
    assert first.previous_response_id is None
    contents = json.loads(second.output_text)["contents"]
    said = [
        (content["role"], "".join(part.get("text", "") for part in content["parts"])) for content in contents
    ]
    assert [role for role, _ in said] == ["user", "model", "user"]
    assert said[0][1].startswith("Call me Ishmael.")
    assert said[1:] == [("model", first.output_text), ("user", "[[echo_request]]")]
    assert contents[1]["parts"][-1]["thoughtSignature"]
    assert texts(stack, conversation.id) == [
        "Call me Ishmael.",
        "one",
        first.output_text,
        "[[echo_request]]",
        second.output_text,
    ]
    item_id = first.output[-1].id
    assert item_id is not None
    kept: Any = stack.client().conversations.items.retrieve(item_id, conversation_id=conversation.id)
    assert (kept.id, kept.content[0].text) == (item_id, first.output_text)


@BOTH
def test_a_function_loop_goes_on_in_the_conversation(stack: Stack) -> None:
    conversation = stack.client().conversations.create()
    asked = ask(stack, conversation.id, "Weather in Rome?", tools=[WEATHER], tool_choice="required")
    call: Any = asked.output[-1]

    output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "21 °C"}]
    told = ask(stack, conversation.id, output, tools=[WEATHER])

    assert told.output_text.startswith('get_weather returned {"output":"21 °C"}.')
    kinds = [item.type for item in stack.client().conversations.items.list(conversation.id, order="asc")]
    assert [kind for kind in kinds if kind != "reasoning"] == [
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]


@BOTH
async def test_responses_at_once_do_not_mix(stack: Stack) -> None:
    async with stack.async_client() as client:
        conversation = await client.conversations.create()

        async def turn(number: int) -> Response:
            text = f"turn {number} [[text=answer {number}]] [[delay_ms=20]] [[thoughts=0]]"
            return await client.responses.create(model=MODEL, input=text, conversation=conversation.id)

        made = await asyncio.gather(*(turn(number) for number in range(8)))

    assert {response.status for response in made} == {"completed"}
    rows = stack.query(
        "SELECT position, response_id FROM responses_api_conversationentry WHERE conversation_id = %(id)s"
        " ORDER BY position",
        id=conversation.id,
    )
    assert [row["position"] for row in rows] == list(range(len(rows)))
    owners = [row["response_id"] for row in rows]
    changes = sum(before != after for before, after in zip(owners, owners[1:], strict=False))
    assert changes == 7
    assert set(Counter(owners)) == {response.id for response in made}


@BOTH
def test_only_what_came_to_a_good_end_is_added(stack: Stack) -> None:
    client = stack.client()
    conversation = client.conversations.create()
    with pytest.raises(openai.APIStatusError):
        ask(stack, conversation.id, "[[status=503]]")
    failed = stack.stream("[[finish=MALFORMED_FUNCTION_CALL]]", conversation=conversation.id)
    assert failed[-1]["type"] == "response.failed"
    unstored = ask(stack, conversation.id, "forget me", store=False)
    assert unstored.status == "completed"
    assert texts(stack, conversation.id) == []

    cut = ask(stack, conversation.id, "[[text=half an answer]] [[finish=MAX_TOKENS]]")
    assert cut.status == "incomplete"
    assert texts(stack, conversation.id)[-1] == cut.output_text


@BOTH
def test_a_background_response_joins_it_at_its_end(stack: Stack) -> None:
    client = stack.client()
    conversation = client.conversations.create()
    queued = ask(stack, conversation.id, "later", background=True)
    assert queued.conversation is not None

    wait_until(lambda: client.responses.retrieve(queued.id).status == "completed", within=20)

    ended = client.responses.retrieve(queued.id)
    assert texts(stack, conversation.id) == ["later", ended.output_text]


def test_its_responses_outlive_it(stack: Stack) -> None:
    client = stack.client()
    conversation = client.conversations.create()
    first = ask(stack, conversation.id, "one")

    assert client.conversations.delete(conversation.id).deleted

    later = client.responses.create(model=MODEL, input="two", previous_response_id=first.id)
    assert later.output_text == "You said: two\nThere were 2 earlier turns."
    with pytest.raises(openai.NotFoundError):
        ask(stack, conversation.id, "three")


def test_items_can_be_added_and_taken_out(stack: Stack) -> None:
    items = stack.client().conversations.items
    conversation = stack.client().conversations.create()
    added = items.create(
        conversation.id,
        items=[
            {"role": "user", "content": "What is six times seven?"},
            {"role": "assistant", "content": "41"},
        ],
    )
    assert added.last_id is not None
    assert items.delete(added.last_id, conversation_id=conversation.id).id == conversation.id
    corrected: Any = [{"role": "assistant", "content": "42"}]
    items.create(conversation.id, items=corrected)

    answer = ask(stack, conversation.id, "[[echo_request]]")

    contents = json.loads(answer.output_text)["contents"]
    assert [part["text"] for content in contents for part in content["parts"]] == [
        "What is six times seven?",
        "42",
        "[[echo_request]]",
    ]


@BOTH
def test_anothers_conversation_is_unknown(stack: Stack) -> None:
    mine = stack.client().conversations.create(metadata={"a": "b"})
    stranger = stack.client(api_key=stack.make_api_key("stranger"))
    conversations = stranger.conversations
    for conversation_id in (mine.id, "conv_unknown"):
        calls: list[Any] = [
            lambda name: conversations.retrieve(name),
            lambda name: conversations.update(name, metadata={}),
            lambda name: conversations.delete(name),
            lambda name: list(conversations.items.list(name)),
            lambda name: conversations.items.create(name, items=[{"role": "user", "content": "x"}]),
            lambda name: conversations.items.retrieve("msg_1", conversation_id=name),
            lambda name: conversations.items.delete("msg_1", conversation_id=name),
            lambda name: stranger.responses.create(model=MODEL, input="x", conversation=name),
        ]
        for number, call in enumerate(calls):
            with pytest.raises(openai.NotFoundError) as caught:
                call(conversation_id)
            assert caught.value.body == {
                "message": f"Conversation with id '{conversation_id}' not found.",
                "type": "invalid_request_error",
                "param": "conversation" if number == len(calls) - 1 else None,
                "code": None,
            }
    assert stack.client().conversations.retrieve(mine.id).metadata == {"a": "b"}
