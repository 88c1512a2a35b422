"""What the machine keeps of the upstream, and the limits it sets where the upstream has none."""

from typing import Any

import pytest

from responses_api.core.conversation import UpstreamFacts
from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    CodeWritten,
    Finished,
    GenerationEvent,
    HostedToolCalled,
    ImageMade,
    PartIgnored,
    PartKind,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UsageReported,
)
from responses_api.core.stream_events import StreamEvent
from tests.responses_api.core.response_streams import (
    output_of,
    run,
    send_all,
    signatures_of,
    text_of,
)

HELLO = TextDelta("Hello")
HMM = ThoughtDelta("Hmm")
CALL = ToolCall("f", '{"a":1}', "up_1")
STOP = Finished("completed", "STOP")

CALLS = [
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
]


def types(events: list[StreamEvent]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_items_carry_what_the_upstream_attached() -> None:
    signed_call = ToolCall("f", "{}", "up_1", "sig_call")
    stream, _ = run([AnswerStarted("m-1", "a1"), HMM, HELLO, PartSigned("sig_text"), signed_call, STOP])
    assert [(item.wire["type"], item.upstream) for item in stream.items] == [
        ("reasoning", UpstreamFacts(None, None, "m-1")),
        ("message", UpstreamFacts("sig_text", None, "m-1")),
        ("function_call", UpstreamFacts("sig_call", "up_1", "m-1")),
    ]
    assert [item.wire for item in stream.items] == output_of(stream)
    assert {item.response_id for item in stream.items} == {"resp_1"}
    assert (stream.model_version, stream.upstream_id) == ("m-1", "a1")


@pytest.mark.parametrize("empty", [None, "text", "thought"])
def test_a_signature_after_a_call_is_an_empty_parts(empty: PartKind | None) -> None:
    stream, _ = run([CALL, PartSigned("tail", empty), STOP])
    assert [item["type"] for item in output_of(stream)] == ["function_call"]
    assert signatures_of(stream) == [None, "tail"]
    assert stream.items[-1].wire == {"type": "message", "role": "assistant", "content": []}


def test_two_signatures_are_two_parts() -> None:
    stream, _ = run([HELLO, PartSigned("one"), PartSigned("two"), HELLO, STOP])
    assert signatures_of(stream) == ["one", "two", None]
    assert [item["content"][0]["text"] for item in output_of(stream)] == ["Hello", "Hello"]


@pytest.mark.parametrize(
    ("before", "empty", "signatures"),
    [
        (HELLO, "text", ["s", None]),
        (HMM, "thought", ["s", None]),
        (HMM, "text", [None, "s", None]),
        (HELLO, "thought", [None, "s", None]),
    ],
)
def test_an_empty_part_ends_the_one_before_if_that_is_of_its_kind(
    before: GenerationEvent, empty: PartKind, signatures: list[str | None]
) -> None:
    stream, _ = run([before, PartSigned("s", empty), before, STOP])
    assert signatures_of(stream) == signatures
    assert [text_of(item) for item in output_of(stream)] == [text_of(output_of(stream)[0])] * 2


def test_an_empty_part_after_a_dropped_call_is_one_of_its_own() -> None:
    stream, _ = run([HELLO, CALL, PartSigned("late", "text"), STOP], max_tool_calls=0)
    assert signatures_of(stream) == [None, "late"]


def test_a_signature_never_reaches_back_into_another_answer() -> None:
    stream, _ = run([HMM, AnswerStarted("m"), PartSigned("second"), STOP])
    assert signatures_of(stream) == [None, "second"]
    assert len(output_of(stream)) == 1


def test_call_ids_are_ours_and_unique() -> None:
    stream, _ = run([CALL, CALL, STOP])
    ids = [item["call_id"] for item in output_of(stream)]
    assert len(set(ids)) == 2
    assert all(call_id.startswith("call_") for call_id in ids)
    assert [item.upstream.call_id for item in stream.items if item.upstream] == ["up_1", "up_1"]


def test_usage_replaces_within_an_answer_and_adds_up_over_answers() -> None:
    stream, _ = run([AnswerStarted("m"), UsageReported(1, 1, 1, 1), UsageReported(10, 2, 3, 1)])
    assert stream.usage == UsageReported(10, 2, 3, 1)
    send_all(stream, [AnswerStarted("m"), UsageReported(20, 3, 4, 2), STOP])
    assert stream.usage == UsageReported(30, 5, 7, 3)
    assert stream.response["usage"]["total_tokens"] == 37


def test_a_continued_answer_is_billed_by_itself() -> None:
    first, second = UsageReported(10, 0, 3, 0), UsageReported(20, 0, 4, 0)
    stream, _ = run(
        [AnswerStarted("m", "a1"), HELLO, first, AnswerContinued("m-2", "a2"), HELLO, second, STOP]
    )
    assert stream.usage == UsageReported(30, 0, 7, 0)
    assert (stream.model_version, stream.upstream_id) == ("m-2", "a2")
    assert [item["content"][0]["text"] for item in output_of(stream)] == ["HelloHello"]


def test_no_usage_is_null() -> None:
    stream, _ = run([HELLO, STOP])
    assert stream.usage is None
    assert stream.response["usage"] is None


def test_ignored_parts_are_remembered() -> None:
    stream, _ = run([PartIgnored("inlineData"), PartIgnored("video")])
    assert stream.ignored_parts == ["inlineData", "video"]


@pytest.mark.parametrize(
    ("sent", "has_output"),
    [
        ([], False),
        ([HMM], False),
        ([PartSigned("s")], False),
        ([HostedToolCalled("1", "web_search", {})], False),
        ([CodeWritten("1", {})], False),
        ([HELLO], True),
        ([CALL], True),
        ([ImageMade("image/png", "aW1n")], True),
    ],
)
def test_has_output(sent: list[GenerationEvent], has_output: bool) -> None:
    assert run(sent)[0].has_output is has_output


def test_characters_are_counted() -> None:
    stream, _ = run([ThoughtDelta("abc"), TextDelta("de"), ToolCall("f", "{}")])
    assert (stream.thought_chars, stream.visible_chars) == (3, 5)


# Limits that the upstream does not know


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({}, 3),
        ({"max_tool_calls": 2}, 2),
        ({"max_tool_calls": 0}, 0),
        ({"parallel_tool_calls": False}, 1),
        ({"parallel_tool_calls": False, "max_tool_calls": 2}, 1),
        ({"parallel_tool_calls": False, "max_tool_calls": 0}, 0),
    ],
)
def test_calls_beyond_the_limit_are_dropped(limits: dict[str, Any], kept: int) -> None:
    calls = [ToolCall("f", "{}", f"up_{number}") for number in range(3)]
    stream, events = run([*calls, STOP], **limits)
    assert types(events) == ["created", "in_progress", *CALLS * kept, "completed"]
    assert stream.dropped == calls[kept:]
    assert stream.has_output
