"""What holds for every stream, whatever the model does."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    GenerationEvent,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
)
from responses_api.core.response_stream import ResponseStream
from responses_api.core.stream_events import TERMINAL_TYPES, StreamEvent
from tests.responses_api.core.response_streams import (
    NOW,
    answers,
    completed_answers,
    new_response,
    new_stream,
    output_of,
    response_in,
    run,
    signatures_of,
    text_of,
    unfinished_answers,
)


def check_grammar(events: list[StreamEvent]) -> None:
    """Sequence, order of items, and every event's place; the streams' rules independent of the machine."""
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "response.created"
    assert [event["type"] in TERMINAL_TYPES for event in events] == [False] * (len(events) - 1) + [True]
    assert {response["id"] for response in map(response_in, events) if response} == {"resp_1"}
    added: list[str] = []
    done: list[int] = []
    texts: dict[str, str] = {}
    for event in events:
        match event["type"]:
            case "response.output_item.added":
                assert event["output_index"] == len(added) == len(done)
                added.append(event["item"]["id"])
            case "response.output_item.done":
                assert event["output_index"] == len(done) == len(added) - 1
                assert event["item"]["id"] == added[-1]
                done.append(event["output_index"])
                assert texts[event["item"]["id"]] == text_of(event["item"])
            case "error" | "response.created" | "response.in_progress":
                assert (response_in(event) or {}).get("usage") is None
            case "response.completed" | "response.incomplete" | "response.failed":
                assert len(added) == len(done) == len(event["response"]["output"])
                assert [text_of(item) for item in event["response"]["output"]] == [texts[id] for id in added]
            case _:
                place: Any = event
                assert (place["item_id"], place["output_index"]) == (added[-1], len(done))
                if "delta" in place:
                    texts[place["item_id"]] = texts.get(place["item_id"], "") + place["delta"]
                elif event["type"].endswith(("_text.done", "_arguments.done")):
                    assert texts[place["item_id"]] == place.get("text", place.get("arguments"))


@given(answers, st.sets(st.integers(0, 15)))
def test_every_stream_follows_the_grammar(answer: list[GenerationEvent], beats: set[int]) -> None:
    stream = new_stream()
    events = stream.start()
    for number, event in enumerate(answer):
        if number in beats:
            events += stream.heartbeat()
        events += stream.send(event)
    check_grammar(events)
    assert response_in(events[-1]) == stream.response


@given(unfinished_answers)
def test_every_stream_can_be_failed_and_cancelled_at_any_time(answer: list[GenerationEvent]) -> None:
    stream, events = run(answer)
    check_grammar(events + stream.fail("timeout", "Too late."))
    cancelled, events = run(answer)
    rest = cancelled.cancel()
    assert all(not event["type"].startswith("response.in") for event in rest)
    assert len(stream.items) == len(cancelled.items)
    assert [item["status"] for item in output_of(cancelled)] == [i["status"] for i in output_of(stream)]


@given(completed_answers)
def test_nothing_said_is_lost(answer: list[GenerationEvent]) -> None:
    stream, _ = run(answer)
    said = "".join(event.text for event in answer if isinstance(event, TextDelta))
    thought = "".join(event.text for event in answer if isinstance(event, ThoughtDelta))
    output = output_of(stream)
    assert "".join(text_of(item) for item in output if item["type"] == "message") == said
    assert "".join(text_of(item) for item in output if item["type"] == "reasoning") == thought
    sent = [event.signature for event in answer if isinstance(event, PartSigned | ToolCall)]
    assert [s for s in signatures_of(stream) if s] == [s for s in sent if s]
    assert [item.wire for item in stream.items if "id" in item.wire] == output


@given(completed_answers)
def test_events_are_values(answer: list[GenerationEvent]) -> None:
    """A holder who spoils what it was given spoils nothing else."""
    untouched = run(answer)
    response = new_response()
    stream = ResponseStream(response, new_id=lambda prefix: f"{prefix}_x", now=lambda: NOW)
    spoil(response)
    for events in (stream.start(), *map(stream.send, answer)):
        spoil(events)
        spoil(stream.response)
        spoil([item.wire for item in stream.items])
    assert without_ids(stream.response) == without_ids(untouched[0].response)
    assert [without_ids(i.wire) for i in stream.items] == [without_ids(i.wire) for i in untouched[0].items]


def spoil(value: Any) -> None:
    if isinstance(value, dict):
        for member in value.values():
            spoil(member)
        value.clear()
    elif isinstance(value, list):
        for member in value:
            spoil(member)
        value.clear()


def without_ids(value: Any) -> Any:
    return {
        key: [without_ids(item) for item in member] if key == "output" else member
        for key, member in value.items()
        if key not in ("id", "call_id")
    }
