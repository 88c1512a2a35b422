"""Plain questions and answers: JSON and stream, and that both tell the same."""

import asyncio
from typing import Any, cast

from openai.types.responses import Response, ResponseCompletedEvent

from responses_api.core import snapshot
from responses_api.core.stream_events import StreamEvent
from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import text_of, types
from tests.oracles import openai_sdk


@BOTH
def test_an_answer_has_text_usage_and_one_booking(stack: Stack) -> None:
    response = stack.client().responses.create(model=MODEL, input="Say hello.")

    assert response.output_text == "You said: Say hello."
    assert response.status == "completed"
    assert response.id.startswith("resp_")
    usage = response.usage
    assert usage is not None
    assert usage.input_tokens > 0
    assert usage.output_tokens > usage.output_tokens_details.reasoning_tokens > 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    booked = stack.booking(response.id)
    assert (booked["outcome"], booked["source"], booked["turns"]) == ("completed", "intercepted", 1)
    assert booked["total_tokens"] == usage.total_tokens


@BOTH
def test_a_stream_folds_to_what_the_json_answer_is(stack: Stack) -> None:
    whole = stack.client().responses.create(model=MODEL, input="[[chunks=5]]")
    with stack.client().responses.stream(model=MODEL, input="[[chunks=5]]") as stream:
        ids = {event.response.id for event in stream if hasattr(event, "response")}
        final = stream.get_final_response()

    assert ids == {final.id}
    assert final.output_text == whole.output_text
    assert final.usage == whole.usage
    assert [item.type for item in final.output] == [item.type for item in whole.output]


@BOTH
def test_the_grammar_of_a_stream(stack: Stack) -> None:
    events = stack.stream("[[chunks=3]]")

    assert types(events) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * (len(events) - 8),
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    final = events[-1]["response"]
    assert final["output"][0]["content"][0]["text"] == text_of(events)
    folded: Any = None
    for event in events[:-1]:
        folded = snapshot.apply(folded, cast(StreamEvent, event))
    assert folded["output"] == final["output"]


def test_the_official_client_accepts_every_event(stack: Stack) -> None:
    wire = cast(list[StreamEvent], stack.stream("[[chunks=4]]", reasoning={"summary": "auto"}))

    for event in wire:
        openai_sdk.parse_strictly(event)
    final = openai_sdk.fold(wire)
    assert final is not None
    assert final.output_text


@BOTH
async def test_the_async_client(stack: Stack) -> None:
    async with stack.async_client() as client:
        whole = await client.responses.create(model=MODEL, input="Say hello.")
        stream = await client.responses.create(model=MODEL, input="Say hello.", stream=True)
        events = [event async for event in stream]

    last = events[-1]
    assert isinstance(last, ResponseCompletedEvent)
    assert last.response.output_text == whole.output_text == "You said: Say hello."
    assert last.response.id != whole.id


@BOTH
async def test_answers_of_parallel_requests_are_not_mixed_up(stack: Stack) -> None:
    async with stack.async_client() as client:

        async def ask(number: int) -> Response:
            text = f"[[text={'abcdefghij'[number % 10] * 300}{number}]] [[chunks=20]] [[delay_ms=5]]"
            async with client.responses.stream(model=MODEL, input=text) as stream:
                return await stream.get_final_response()

        answers = await asyncio.gather(*(ask(number) for number in range(24)))

    for number, answer in enumerate(answers):
        assert answer.output_text == "abcdefghij"[number % 10] * 300 + str(number)
    assert len({answer.id for answer in answers}) == 24


def test_text_beyond_ascii_survives_in_both_directions(stack: Stack) -> None:
    text = 'Zürich 東京 🎉 \u2028 \x85 \\u0041 "quoted"'

    assert stack.client().responses.create(model=MODEL, input=text).output_text == f"You said: {text}"
    assert text_of(stack.stream(text)) == f"You said: {text}"


def test_a_text_that_looks_like_a_marker_is_a_text(stack: Stack) -> None:
    text = ".<cid:0b5a3bdb-4b3f-4cf5-a8b4-3f5a6f3ad4e7>"

    assert stack.client().responses.create(model=MODEL, input=text).output_text == f"You said: {text}"


def test_a_large_input_goes_by_reference_and_leaves_no_row(stack: Stack) -> None:
    text = "long " * 200_000

    response = stack.client().responses.create(model=MODEL, input=f"[[text=got it]] {text}")

    assert response.output_text == "got it"
    assert stack.booking(response.id)["outcome"] == "completed"
