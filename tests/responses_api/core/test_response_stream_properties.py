"""What holds for every stream, whatever the model does."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    CodeRan,
    CodeWritten,
    GenerationEvent,
    Grounded,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
)
from responses_api.core.output_options import OutputOptions
from responses_api.core.response_stream import ResponseStream
from responses_api.core.stream_events import TERMINAL_TYPES, StreamEvent
from tests.responses_api.core.response_streams import (
    ALL_OPTIONS,
    NOW,
    STATELESS,
    answers,
    completed_answers,
    new_response,
    new_stream,
    output_of,
    response_in,
    run,
    sealed_in,
    signatures_of,
    started,
    text_of,
    unfinished_answers,
    unseal,
)

options = st.sampled_from(ALL_OPTIONS)


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
                assert event["item"]["status"] == "in_progress"
                assert not event["item"].get("encrypted_content")
                added.append(event["item"]["id"])
            case "response.output_item.done":
                assert event["output_index"] == len(done) == len(added) - 1
                assert event["item"]["id"] == added[-1]
                assert event["item"]["status"] in ("completed", "incomplete", "failed")
                done.append(event["output_index"])
                assert texts.setdefault(added[-1], "") == text_of(event["item"])
            case "error" | "response.created" | "response.queued" | "response.in_progress":
                assert (response_in(event) or {}).get("usage") is None
            case "response.completed" | "response.incomplete" | "response.failed":
                assert len(added) == len(done) == len(event["response"]["output"])
                assert [text_of(item) for item in event["response"]["output"]] == [texts[id] for id in added]
            case _:
                place: Any = event
                assert (place["item_id"], place["output_index"]) == (added[-1], len(done))
                if "delta" in place:
                    texts[place["item_id"]] = texts.get(place["item_id"], "") + place["delta"]
                for member in {"text", "refusal", "arguments", "input", "code"} & set(place):
                    assert texts[place["item_id"]] == place[member]


@given(answers, st.sets(st.integers(0, 15)), options)
def test_every_stream_follows_the_grammar(
    answer: list[GenerationEvent], beats: set[int], options: OutputOptions
) -> None:
    stream = new_stream(options)
    events = stream.start()
    for number, event in enumerate(answer):
        if number in beats:
            events += stream.heartbeat()
        events += stream.send(event)
    check_grammar(events)
    assert response_in(events[-1]) == stream.response


@given(unfinished_answers, options)
def test_every_stream_can_be_failed_and_cancelled_at_any_time(
    answer: list[GenerationEvent], options: OutputOptions
) -> None:
    stream, events = run(answer, options)
    check_grammar(events + stream.fail("timeout", "Too late."))
    cancelled, events = run(answer, options)
    check_grammar(events + cancelled.cancel())
    assert len(stream.items) == len(cancelled.items)
    assert [item["status"] for item in output_of(cancelled)] == [i["status"] for i in output_of(stream)]


@given(completed_answers, options)
def test_nothing_said_is_lost(answer: list[GenerationEvent], options: OutputOptions) -> None:
    stream, _ = run(answer, options)
    said = "".join(event.text for event in answer if isinstance(event, TextDelta))
    thought = "".join(event.text for event in answer if isinstance(event, ThoughtDelta))
    output = output_of(stream)
    assert "".join(text_of(item) for item in output if item["type"] == "message") == said
    assert "".join(text_of(item) for item in output if item["type"] == "reasoning") == thought
    sent = [event.signature for event in answer if isinstance(event, PartSigned | ToolCall | ImageMade)]
    assert [s for s in signatures_of(stream) if s] == [s for s in sent if s]
    assert [item.wire for item in stream.items if "id" in item.wire] == output


def parts_of(answer: list[GenerationEvent]) -> list[dict[str, Any]]:
    hosted = HostedToolCalled | HostedToolAnswered | CodeWritten | CodeRan
    return [event.part for event in answer if isinstance(event, hosted)]


def sorted_parts(parts: list[Any]) -> list[Any]:
    return sorted(parts, key=lambda part: part["step"]["number"])


@given(completed_answers, options)
def test_every_hosted_step_is_kept_or_named_as_ignored(
    answer: list[GenerationEvent], options: OutputOptions
) -> None:
    stream, _ = run(answer, options)
    kept = [part for item in stream.items if item.upstream for part in item.upstream.parts]
    ignored = stream.ignored_parts.count("hosted answer")
    sent = parts_of(answer)
    assert len(kept) + ignored == len(sent)
    assert all(part in sent for part in kept)


@given(completed_answers)
def test_a_client_that_keeps_its_conversation_gets_everything_the_record_has(
    answer: list[GenerationEvent],
) -> None:
    stream, _ = run(answer, STATELESS)
    told = [part for blob in sealed_in(stream) for part in blob]
    facts = [item.upstream for item in stream.items if item.upstream]
    assert sorted(p.signature for p in told if p.signature) == sorted(
        f.signature for f in facts if f.signature
    )
    assert {p.upstream_call_id for p in told if p.upstream_call_id} <= {f.call_id for f in facts}
    assert sorted_parts([step for p in told for step in p.parts]) == sorted_parts(
        [step for f in facts for step in f.parts]
    )


@given(completed_answers)
def test_what_is_told_stands_where_it_belongs(answer: list[GenerationEvent]) -> None:
    """A call comes next after its own signature is told, but for searches that were not shown before it;
    a hosted step is told before more is said.
    """
    output = output_of(run(answer, STATELESS)[0])
    hosted = {item["id"] for item in output if item["type"] in ("web_search_call", "code_interpreter_call")}
    call_ids = {item["call_id"]: index for index, item in enumerate(output) if "call_id" in item}
    for place, item in enumerate(output):
        sealed = item["type"] == "reasoning" and "encrypted_content" in item
        for part in unseal(item["encrypted_content"]).parts if sealed else ():
            if part.kind == "call" and part.signature:
                between = output[place + 1 : call_ids[part.call_id]]
                assert call_ids[part.call_id] > place
                assert {item["type"] for item in between} <= {"web_search_call"}
            if part.kind == "hosted":
                assert part.call_id in hosted
                own = next(index for index, item in enumerate(output) if item["id"] == part.call_id)
                assert own < place


@given(unfinished_answers)
def test_a_citation_is_of_the_same_words_in_its_message(answer: list[GenerationEvent]) -> None:
    stream = started()
    said = ""
    for event in answer:
        ignored = stream.ignored_parts.count("citation")
        emitted: list[Any] = list(stream.send(event))
        if isinstance(event, AnswerStarted | AnswerContinued):
            said = ""
        elif isinstance(event, TextDelta):
            said += event.text
        elif isinstance(event, Grounded):
            shown = [told["annotation"] for told in emitted if "annotation" in told]
            assert len(shown) + stream.ignored_parts.count("citation") - ignored == len(event.citations)
            text = text_of(output_of(stream)[-1]) if shown else ""
            cited = [said[citation.start : citation.end] for citation in event.citations]
            for annotation in shown:
                assert 0 <= annotation["start_index"] <= annotation["end_index"] <= len(text)
                assert text[annotation["start_index"] : annotation["end_index"]] in cited


@given(completed_answers, options)
def test_events_are_values(answer: list[GenerationEvent], options: OutputOptions) -> None:
    """A holder who spoils what it was given spoils nothing else."""
    untouched = run(answer, options)
    response = new_response()
    stream = ResponseStream(response, new_id=lambda prefix: f"{prefix}_x", now=lambda: NOW, options=options)
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
        if key not in ("id", "call_id", "encrypted_content")
    }
