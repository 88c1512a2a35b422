"""The client's fold agrees with the machine at every step, and refuses what cannot follow."""

import copy
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    Finished,
    GenerationEvent,
    ImageMade,
    TextDelta,
    ThoughtDelta,
    ToolCall,
)
from responses_api.core.output_options import OutputOptions
from responses_api.core.snapshot import apply
from responses_api.core.stream_events import StreamEvent
from tests.oracles import openai_sdk
from tests.responses_api.core.response_streams import (
    ALL_OPTIONS,
    answers,
    completed_answers,
    new_response,
    new_stream,
    run,
    started,
    text_of,
    unfinished_answers,
)

STOP = Finished("completed", "STOP")


def fold(events: list[StreamEvent]) -> dict[str, Any] | None:
    response = None
    for event in events:
        response = apply(response, event)
    return response


@given(answers, st.sets(st.integers(0, 15)), st.sampled_from(ALL_OPTIONS))
def test_the_fold_is_the_object_so_far_at_every_step(
    answer: list[GenerationEvent], beats: set[int], options: OutputOptions
) -> None:
    stream = new_stream(options)
    folded = fold(stream.start())
    last: StreamEvent | None = None
    for number, sent in enumerate(answer):
        for event in [*(stream.heartbeat() if number in beats else []), *stream.send(sent)]:
            # The events say it all: the terminal one need not repeat it for the fold to be whole.
            if event["type"] == "response.completed":
                assert folded is not None
                assert folded["output"] == event["response"]["output"]
            folded, last = apply(folded, event), event
        assert folded == stream.response
    assert last is not None
    assert last.get("response") == folded


@given(unfinished_answers)
def test_the_fold_agrees_with_the_official_client(answer: list[GenerationEvent]) -> None:
    _, events = run(answer)
    folded = fold(events)
    assert folded is not None
    known = ("message", "function_call")
    ours = [(item["id"], text_of(item)) for item in folded["output"] if item["type"] in known]
    assert openai_sdk.texts(events) == ours


@given(completed_answers)
def test_nothing_is_changed_in_place(answer: list[GenerationEvent]) -> None:
    _, events = run(answer)
    pristine = copy.deepcopy(events)
    response = None
    for event in events:
        before = copy.deepcopy(response)
        after = apply(response, event)
        assert response == before
        response = after
    assert events == pristine


def test_text_grows() -> None:
    stream = started()
    response: dict[str, Any] = stream.response
    texts = []
    for piece in ("Good ", "morning"):
        for event in stream.send(TextDelta(piece)):
            response = apply(response, event)
        texts.append(response["output"][0]["content"][0]["text"])
    assert texts == ["Good ", "Good morning"]


def test_a_refusal_grows() -> None:
    stream = started()
    response: dict[str, Any] = stream.response
    refusals = []
    for event in stream.send(Finished("content_filter", "SAFETY", "Not this.")):
        response = apply(response, event)
        if event["type"].startswith("response.refusal"):
            refusals.append(response["output"][0]["content"][0]["refusal"])
    assert refusals == ["Not this.", "Not this."]
    assert response == stream.response


def test_a_hosted_call_goes_through_its_statuses() -> None:
    stream = started()
    response: dict[str, Any] = stream.response
    statuses = []
    for event in stream.send(ImageMade("image/png", "aW1n")):
        response = apply(response, event)
        statuses.append(response["output"][0]["status"])
    assert statuses == ["in_progress", "in_progress", "generating", "completed", "completed"]


def test_an_error_event_changes_nothing() -> None:
    stream = started()
    before = stream.response
    error, _ = stream.fail("server_error", "broken")
    assert apply(before, error) == before


def event_of(type: str, **changes: Any) -> StreamEvent:
    """One event of a stream that thinks, talks and calls, changed."""
    _, events = run([ThoughtDelta("a"), TextDelta("b"), ToolCall("f", "{}"), STOP])
    found = next(event for event in events if event["type"] == type)
    return cast(StreamEvent, {**found, **changes})


@pytest.mark.parametrize(
    "event",
    [
        event_of("response.created"),
        event_of("response.in_progress", response=new_response(id="resp_other")),
        event_of("response.completed", response=new_response(id="resp_other")),
        event_of("response.output_item.added", output_index=1),
        event_of("response.output_item.done"),
        event_of("response.content_part.added"),
        event_of("response.output_text.delta"),
        event_of("response.reasoning_summary_text.delta"),
        event_of("response.function_call_arguments.delta"),
    ],
    ids=lambda event: str(event["type"]),
)
def test_what_cannot_follow_the_start_is_refused(event: StreamEvent) -> None:
    with pytest.raises(ValueError, match="item|order|response"):
        apply(started().response, event)


@pytest.mark.parametrize(
    "type",
    [
        "response.in_progress",
        "response.completed",
        "response.output_item.added",
        "response.output_text.delta",
    ],
)
def test_nothing_comes_before_created(type: str) -> None:
    with pytest.raises(ValueError, match="order|before"):
        apply(None, event_of(type))


def test_a_part_that_was_not_added_is_refused() -> None:
    stream = started()
    response = stream.response
    added, part, delta = stream.send(TextDelta("a"))
    response = apply(response, added)
    with pytest.raises(ValueError, match="no part 0"):
        apply(response, delta)
    with pytest.raises(ValueError, match="part 1 of msg_0 out of order"):
        apply(response, cast(StreamEvent, {**part, "content_index": 1}))


def test_another_items_id_is_refused() -> None:
    stream = started()
    response = stream.response
    added, part, _ = stream.send(TextDelta("a"))
    with pytest.raises(ValueError, match="no item msg_other at 0"):
        apply(apply(response, added), cast(StreamEvent, {**part, "item_id": "msg_other"}))
