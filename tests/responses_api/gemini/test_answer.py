from typing import Any

import msgspec
import pytest

from responses_api.core.generation_events import (
    AnswerStarted,
    Citation,
    Finished,
    GenerationEvent,
    Grounded,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    TokenLogprob,
    UpstreamFailed,
    UsageReported,
    WebSource,
)
from responses_api.gemini.answer import Answer
from responses_api.gemini.chunks import Chunk, decode_payload

type Json = dict[str, Any]


def chunk(*parts: Json, **members: Any) -> Json:
    return {"candidates": [{"content": {"parts": parts}, **members}]}


def told(*bodies: Json) -> list[GenerationEvent]:
    """All events of an answer of these chunks."""
    answer = Answer()
    events: list[GenerationEvent] = []
    for body in bodies:
        [decoded] = decode_payload(msgspec.json.encode(body))
        assert isinstance(decoded, Chunk)
        events += answer.chunk(decoded)
    return [*events, *answer.closing_events(), answer.ending()]


def ending(*bodies: Json) -> Finished | UpstreamFailed:
    last = told(*bodies)[-1]
    assert isinstance(last, Finished | UpstreamFailed)
    return last


STOP = Finished("completed", "STOP")


def test_an_answer_from_its_start_to_its_end() -> None:
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 1}
    first = {**chunk({"text": "a"}), "modelVersion": "m", "responseId": "r", "usageMetadata": usage}
    last = {**chunk(finishReason="STOP"), "usageMetadata": {**usage, "candidatesTokenCount": 2}}
    assert told(first, last) == [AnswerStarted("m", "r"), TextDelta("a"), UsageReported(3, 0, 2), STOP]


def test_thoughts_alone_are_a_complete_answer() -> None:
    assert ending(chunk({"text": "hm", "thought": True}, finishReason="STOP")) == STOP


def test_a_signature_alone_is_a_complete_answer() -> None:
    events = told(chunk({"text": "", "thoughtSignature": "cw=="}, finishReason="STOP"))
    assert events == [AnswerStarted(), PartSigned("cw==", "text"), STOP]


@pytest.mark.parametrize(
    ("parts", "remedy"), [([], "repeat"), ([{"text": ""}], "repeat"), ([{"fileData": {}}], None)]
)
def test_stop_without_content_is_not_complete(parts: list[Json], remedy: str | None) -> None:
    last = ending(chunk(*parts, finishReason="STOP"))
    assert isinstance(last, Finished)
    assert (last.outcome, last.raw_reason, last.remedy) == ("failed", "STOP", remedy)


def test_grounding_alone_is_no_content() -> None:
    events = told(chunk(finishReason="STOP", groundingMetadata={"webSearchQueries": ["q"]}))
    assert events[1] == Grounded(queries=("q",))
    assert isinstance(events[2], Finished) and events[2].outcome == "failed"


def test_the_reason_of_an_earlier_chunk_stays_when_later_chunks_have_none() -> None:
    last = ending(chunk({"text": "a"}, finishReason="MAX_TOKENS"), {"usageMetadata": {}}, chunk())
    assert isinstance(last, Finished)
    assert last.outcome == "max_output_tokens"


@pytest.mark.parametrize(
    "bodies", [[], [{}], [chunk({"text": "a"})], [chunk({"text": "a"}, finishReason="")]]
)
def test_without_a_reason_it_broke_off_and_may_be_tried_again(bodies: list[Json]) -> None:
    last = ending(*bodies)
    assert isinstance(last, UpstreamFailed)
    assert (last.http_status, last.upstream_status, last.remedy) == (502, "STREAM_ENDED_EARLY", "repeat")


def test_pieces_of_another_candidate_are_not_of_this_answer() -> None:
    other = {"content": {"parts": [{"text": "two"}]}, "finishReason": "SAFETY", "index": 1}
    one = {"content": {"parts": [{"text": "one"}]}, "finishReason": "STOP"}
    assert told({"candidates": [other, one]}, {"candidates": [other]}) == [
        AnswerStarted(),
        TextDelta("one"),
        STOP,
    ]


# --- going on ---


@pytest.mark.parametrize(
    ("bodies", "continuation"),
    [
        ([chunk({"text": "a"}, finishReason="CONTINUATION", continuationToken="t")], "t"),
        ([chunk({"text": "a"}, continuationToken="t"), chunk(finishReason="CONTINUATION")], "t"),
        (
            [chunk({"text": "a"}, continuationToken="t"), chunk({"text": "b"}, finishReason="CONTINUATION")],
            None,
        ),
        (
            [
                chunk({"text": "a"}, continuationToken="t"),
                chunk({"text": "b"}, finishReason="CONTINUATION", continuationToken="u"),
            ],
            "u",
        ),
        ([chunk({"text": "a"}, finishReason="CONTINUATION")], None),
        ([chunk(finishReason="CONTINUATION", continuationToken="t")], "t"),
    ],
)
def test_the_token_that_stands_for_all_that_was_said(bodies: list[Json], continuation: str | None) -> None:
    last = ending(*bodies)
    assert isinstance(last, Finished)
    assert (last.outcome, last.raw_reason, last.continuation) == (
        "max_output_tokens",
        "CONTINUATION",
        continuation,
    )


def test_a_checkpoint_of_an_answer_that_ends_otherwise_means_nothing() -> None:
    assert ending(chunk({"text": "a"}, continuationToken="t", finishReason="STOP")) == STOP
    broken = ending(chunk({"text": "a"}, continuationToken="t"))
    assert isinstance(broken, UpstreamFailed)
    assert broken.upstream_status == "STREAM_ENDED_EARLY"


# --- sources ---

SOURCE: Json = {"web": {"uri": "https://a.example", "title": "a"}}


def support(text: str, start: int, **segment: int) -> Json:
    end = start + len(text.encode())
    return {
        "segment": {"text": text, "startIndex": start, "endIndex": end, **segment},
        "groundingChunkIndices": [0],
    }


def test_sources_come_once_at_the_end_with_their_places_in_the_visible_text() -> None:
    events = told(
        chunk({"text": "Öfters? ", "thought": True}, groundingMetadata={"webSearchQueries": ["early"]}),
        chunk({"text": "Früh "}, {"functionCall": {"name": "f"}}),
        chunk(
            {"text": "übt sich."}, groundingMetadata={"groundingChunks": [SOURCE], "webSearchQueries": ["q"]}
        ),
        {
            **chunk(
                finishReason="STOP",
                groundingMetadata={"groundingSupports": [support("übt", 0, partIndex=3)], "newMember": {}},
                urlContextMetadata={"urlMetadata": [{"retrievedUrl": "https://b.example"}]},
            ),
            "usageMetadata": {"promptTokenCount": 1},
        },
        chunk(urlContextMetadata={}),
    )
    assert events[-3:] == [
        Grounded(
            ("q",),
            (WebSource("https://a.example", "a"), WebSource("https://b.example")),
            (Citation(5, 8, "https://a.example", "a"),),
        ),
        UsageReported(1),
        STOP,
    ]
    assert sum(isinstance(event, Grounded) for event in events) == 1


@pytest.mark.parametrize("unreadable", [7, None, {"groundingChunks": 7}, {"webSearchQueries": [1]}])
def test_sources_that_cannot_be_read_cost_nothing(unreadable: Any) -> None:
    body = chunk(
        {"text": "a"},
        groundingMetadata=unreadable,
        urlContextMetadata=unreadable if unreadable is None else {"urlMetadata": 7},
        logprobsResult=unreadable if unreadable is None else {"chosenCandidates": 7},
        finishReason="STOP",
    )
    assert told(body) == [AnswerStarted(), TextDelta("a"), STOP]


# --- log probabilities ---


def logprobs(*tokens: str) -> Json:
    return {"chosenCandidates": [{"token": token, "tokenId": 1, "logProbability": -0.5} for token in tokens]}


def tokens(*texts: str) -> tuple[TokenLogprob, ...]:
    return tuple(TokenLogprob(text, -0.5) for text in texts)


def test_log_probabilities_go_with_their_text() -> None:
    assert told(
        chunk({"text": "first"}),
        chunk(
            {"text": "Hm. ", "thought": True},
            {"text": "One"},
            {"functionCall": {}},
            {"text": " two"},
            logprobsResult=logprobs("Hm. ", "On", "e two"),
        ),
        chunk({"text": " three"}, finishReason="STOP", logprobsResult=logprobs(" three", "<end>")),
    ) == [
        AnswerStarted(),
        TextDelta("first"),
        ThoughtDelta("Hm. "),
        TextDelta("One", tokens("On", "e two")),
        PartIgnored("functionCall"),
        TextDelta(" two"),
        TextDelta(" three", tokens(" three")),
        STOP,
    ]


SIGNED = {"text": "a", "thoughtSignature": "cw=="}


def test_gemini_2_signs_the_beginning_of_a_streamed_text_and_means_all_of_it() -> None:
    first = {**chunk(SIGNED), "modelVersion": "gemini-2.5-pro"}
    events = told(first, chunk({"text": "b"}), chunk(finishReason="STOP"))
    assert events[1:] == [TextDelta("a"), TextDelta("b"), PartSigned("cw=="), STOP]


def test_later_models_sign_the_end_of_a_part() -> None:
    first = {**chunk(SIGNED), "modelVersion": "gemini-3.8-flash"}
    events = told(first, chunk({"text": "b"}), chunk(finishReason="STOP"))
    assert events[1:] == [TextDelta("a"), PartSigned("cw=="), TextDelta("b"), STOP]
