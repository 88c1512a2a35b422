"""Which signatures reach a client inside reasoning items, and where those stand."""

from typing import Any

import pytest

from responses_api.core.generation_events import (
    AnswerStarted,
    CodeRan,
    CodeWritten,
    Finished,
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
from responses_api.core.sealed_reasoning import SignedPart
from tests.responses_api.core.response_streams import (
    ENCRYPTED,
    STATEFUL,
    STATELESS,
    output_of,
    run,
    seal,
    sealed_in,
    signatures_of,
    unseal,
)

STOP = Finished("completed", "STOP")
HELLO = TextDelta("Hello")
HMM = ThoughtDelta("Hmm")
SIGN = PartSigned("s")
EMPTY = PartSigned("e", empty="text")
EMPTY_THOUGHT = PartSigned("e", empty="thought")
IMAGE = ImageMade("image/png", "aW1n", "i")
CALL = ToolCall("f", "{}", "up_1", "sig_call")
SECOND = ToolCall("f", "{}", "up_2")
BARE = ToolCall("f", "{}")
SEARCH = HostedToolCalled("1", "web_search", {"call": 1})
FOUND = HostedToolAnswered("1", {"answer": 1})


def layout(sent: list[GenerationEvent], options: OutputOptions = STATELESS) -> list[str]:
    """The output in short: item types, and for a sealed reasoning item the kinds that it holds."""
    found = []
    for item in output_of(run(sent, options)[0]):
        kinds = (
            [part.kind for part in unseal(item["encrypted_content"]).parts]
            if "encrypted_content" in item
            else []
        )
        empty = "-" if item["type"] == "reasoning" and not item["summary"] else ""
        found.append(empty + item["type"].removesuffix("_call") + (f"[{' '.join(kinds)}]" if kinds else ""))
    return found


# A client that keeps its conversation itself


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param([HMM, HELLO, STOP], ["reasoning", "message"], id="nothing signed, nothing sealed"),
        pytest.param([HMM, SIGN, HELLO, STOP], ["reasoning[thought]", "message"], id="a thought's own"),
        pytest.param([HMM, CALL, STOP], ["reasoning[call]", "function"], id="of the call behind a thought"),
        pytest.param([HMM, SIGN, CALL, STOP], ["reasoning[call thought]", "function"], id="both"),
        pytest.param([CALL, STOP], ["-reasoning[call]", "function"], id="of a call without a thought"),
        pytest.param(
            [HELLO, CALL, STOP], ["message", "-reasoning[call]", "function"], id="of a call after text"
        ),
        pytest.param([HELLO, SIGN, STOP], ["message", "-reasoning[text]"], id="of text"),
        pytest.param(
            [HELLO, SIGN, CALL, STOP],
            ["message", "-reasoning[text call]", "function"],
            id="of text and a call",
        ),
        pytest.param(
            [HELLO, SIGN, HMM, STOP], ["message", "reasoning[text]"], id="a thought takes the text's"
        ),
        pytest.param(
            [HELLO, SIGN, HELLO, SIGN, STOP],
            ["message", "-reasoning[text]", "message", "-reasoning[text]"],
            id="each message's before the next message",
        ),
        pytest.param(
            [CALL, EMPTY, STOP], ["-reasoning[call]", "function", "-reasoning[empty]"], id="of an empty text"
        ),
        pytest.param([HELLO, EMPTY, STOP], ["message", "-reasoning[text]"], id="of an empty end of a text"),
        pytest.param(
            [HELLO, SIGN, EMPTY, HELLO, STOP],
            ["message", "-reasoning[text empty]", "message"],
            id="of an empty text after a signed one",
        ),
        pytest.param(
            [HMM, EMPTY, HMM, STOP],
            ["reasoning", "-reasoning[empty]", "reasoning"],
            id="of an empty text between thoughts",
        ),
        pytest.param(
            [HMM, EMPTY_THOUGHT, HELLO, EMPTY_THOUGHT, STOP],
            ["reasoning[thought]", "message", "-reasoning[empty]"],
            id="of an empty end of a thought, and of an empty thought",
        ),
        pytest.param(
            [EMPTY, EMPTY, HMM, STOP],
            ["-reasoning[empty]", "-reasoning[empty]", "reasoning"],
            id="an item for each empty text",
        ),
        pytest.param(
            [SEARCH, FOUND, EMPTY, HELLO, STOP],
            ["web_search", "-reasoning[hosted empty]", "message"],
            id="an empty text after a hosted step",
        ),
        pytest.param([IMAGE, STOP], ["image_generation", "-reasoning[image]"], id="of a picture"),
        pytest.param(
            [IMAGE, HELLO, IMAGE, HMM, STOP],
            ["image_generation", "-reasoning[image]", "message", "image_generation", "reasoning[image]"],
            id="a picture's is told before what is said, or with a thought",
        ),
        pytest.param(
            [CALL, SECOND, STOP],
            ["-reasoning[call]", "function", "function"],
            id="a parallel call's id is worth no item",
        ),
        pytest.param(
            [HMM, SECOND, STOP], ["reasoning[call]", "function"], id="an unsigned call's id with a thought"
        ),
        pytest.param([BARE, STOP], ["function"], id="a call of which there is nothing to tell"),
        pytest.param([SEARCH, FOUND, STOP], ["web_search", "-reasoning[hosted]"], id="a hosted step"),
        pytest.param(
            [SEARCH, FOUND, HELLO, SIGN, STOP],
            ["web_search", "-reasoning[hosted]", "message", "-reasoning[text]"],
            id="a hosted step is told before what is said",
        ),
        pytest.param(
            [SEARCH, FOUND, BARE, STOP],
            ["web_search", "-reasoning[hosted]", "function"],
            id="and before a call",
        ),
        pytest.param(
            [SEARCH, FOUND, HMM, HELLO, STOP],
            ["web_search", "reasoning[hosted]", "message"],
            id="a thought takes the hosted step's",
        ),
        pytest.param(
            [SEARCH, FOUND, CodeWritten("1", {}), CodeRan("1", {}), HELLO, STOP],
            ["web_search", "code_interpreter", "-reasoning[hosted hosted]", "message"],
            id="two hosted steps",
        ),
        pytest.param(
            [SEARCH, HELLO, FOUND, STOP],
            ["web_search", "-reasoning[hosted]", "message", "-reasoning[hosted]"],
            id="a late answer of a hosted step",
        ),
        pytest.param(
            [HELLO, SIGN, Grounded(("rain",)), STOP],
            ["message", "web_search", "-reasoning[text]"],
            id="searches that only grounding tells of come between",
        ),
        pytest.param(
            [HELLO, SIGN, Finished("max_output_tokens", "MAX_TOKENS")],
            ["message", "-reasoning[text]"],
            id="cut short",
        ),
        pytest.param([HELLO, SIGN, Finished("failed", "OTHER")], ["message"], id="failed"),
        pytest.param(
            [EMPTY, Finished("content_filter", "SAFETY")],
            ["-reasoning[empty]", "message"],
            id="before a refusal",
        ),
        pytest.param(
            [HELLO, SIGN, AnswerStarted("m"), HELLO, STOP],
            ["message", "-reasoning[text]", "message"],
            id="an earlier answer's",
        ),
    ],
)
def test_layout(sent: list[GenerationEvent], expected: list[str]) -> None:
    assert layout(sent) == expected


def test_what_a_blob_says() -> None:
    stream, _ = run(
        [AnswerStarted("m-1"), HELLO, SIGN, SEARCH, FOUND, HMM, PartSigned("t"), CALL, STOP], STATELESS
    )
    _, search, thought, call = output_of(stream)
    blob = unseal(thought["encrypted_content"])
    assert (blob.response_id, blob.model) == ("resp_1", "m-1")
    assert blob.parts == (
        SignedPart("text", "s"),
        SignedPart("hosted", call_id=search["id"], parts=({"call": 1}, {"answer": 1})),
        SignedPart("call", "sig_call", call["call_id"], "up_1"),
        SignedPart("thought", "t"),
    )


def test_a_pictures_blob_names_it() -> None:
    stream, _ = run([IMAGE, STOP], STATELESS)
    assert sealed_in(stream) == [(SignedPart("image", "i", output_of(stream)[0]["id"]),)]


def test_the_item_made_for_an_empty_part_has_its_signature_and_no_other_stands_for_it() -> None:
    stream, _ = run([CALL, EMPTY, HELLO, STOP], STATELESS)
    assert signatures_of(stream) == [None, "sig_call", "e", None]
    assert [item.wire for item in stream.items] == output_of(stream)


def test_the_bare_id_of_a_parallel_call() -> None:
    stream, _ = run([CALL, SECOND, HELLO, SIGN, STOP], STATELESS)
    call_id = output_of(stream)[2]["call_id"]
    assert sealed_in(stream)[1][0] == SignedPart("call", "", call_id, "up_2")


def test_a_hosted_step_with_a_late_answer_is_told_whole_if_it_is_not_told_yet() -> None:
    second = HostedToolCalled("2", "web_search", {"call": 2})
    stream, _ = run([SEARCH, second, FOUND, HostedToolAnswered("2", {"answer": 2}), HELLO, STOP], STATELESS)
    assert [[step for part in blob for step in part.parts] for blob in sealed_in(stream)] == [
        [{"call": 1}, {"answer": 1}, {"call": 2}, {"answer": 2}]
    ]


def test_a_dropped_call_tells_nothing() -> None:
    stream, _ = run([HMM, CALL, STOP], STATELESS, max_tool_calls=0)
    assert sealed_in(stream) == []


# The blob's place in the events


def test_encrypted_content_comes_with_the_end_of_its_item() -> None:
    stream, emitted = run([HMM, SIGN, HELLO, STOP], STATELESS)
    events: list[Any] = list(emitted)
    items = [event["item"] for event in events if "item" in event and event["item"]["type"] == "reasoning"]
    assert ["encrypted_content" in item for item in items] == [False, True]
    assert items[-1] == output_of(stream)[0] == stream.items[0].wire


def test_an_item_for_the_blob_alone_has_no_summary() -> None:
    stream, events = run([HELLO, SIGN, STOP], STATELESS)
    told = [event["type"] for event in events if event.get("output_index") == 1]
    assert told == ["response.output_item.added", "response.output_item.done"]
    item = output_of(stream)[1]
    assert (item["summary"], item["status"]) == ([], "completed")


# Other clients


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([HMM, SIGN, CALL, STOP], ["reasoning[call thought]", "function"]),
        ([HMM, SECOND, STOP], ["reasoning", "function"]),
        ([CALL, SECOND, STOP], ["function", "function"]),
        ([HELLO, SIGN, SEARCH, FOUND, HMM, STOP], ["message", "web_search", "reasoning"]),
        ([HELLO, SIGN, STOP], ["message"]),
        ([HMM, EMPTY, IMAGE, STOP], ["reasoning", "image_generation"]),
    ],
)
def test_a_client_of_stored_conversations_gets_what_a_thought_takes_along(
    sent: list[GenerationEvent], expected: list[str]
) -> None:
    assert layout(sent, ENCRYPTED) == expected


@pytest.mark.parametrize("options", [STATEFUL, OutputOptions(stateless=True)])
def test_without_a_seal_there_is_no_blob(options: OutputOptions) -> None:
    stream, _ = run([HMM, SIGN, HELLO, SIGN, CALL, SEARCH, FOUND, STOP], options)
    assert [item["type"] for item in output_of(stream)] == [
        "reasoning",
        "message",
        "function_call",
        "web_search_call",
    ]
    assert sealed_in(stream) == []
    assert signatures_of(stream) == ["s", "s", "sig_call", None]


def test_a_model_that_the_answer_does_not_name_is_the_one_that_was_asked() -> None:
    options = OutputOptions(seal=seal, upstream_model="m-asked")
    stream, _ = run([HMM, SIGN, STOP], options)
    assert unseal(output_of(stream)[0]["encrypted_content"]).model == "m-asked"
    assert [item.upstream.model for item in stream.items if item.upstream] == ["m-asked"]
    stream, _ = run([AnswerStarted("m-1"), HMM, SIGN, STOP], options)
    assert unseal(output_of(stream)[0]["encrypted_content"]).model == "m-1"


def test_a_model_that_is_not_named_is_empty() -> None:
    stream, _ = run([HMM, SIGN, STOP], OutputOptions(seal=seal))
    assert unseal(output_of(stream)[0]["encrypted_content"]).model == ""
