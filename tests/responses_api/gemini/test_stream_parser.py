from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    UpstreamFailed,
    UsageReported,
)
from responses_api.gemini.errors import LocalProtocolError
from responses_api.gemini.stream_parser import ERROR_BODY_LIMIT, GeminiStreamParser

RECORDINGS = sorted((Path(__file__).parents[2] / "fixtures" / "gemini").glob("*.sse"))
BODIES = [recording.read_bytes() for recording in RECORDINGS]
STATUSES = st.sampled_from([200, 200, 200, 302, 429, 503])


def parse(*reads: bytes, http_status: int = 200, streaming: bool = True) -> list[GenerationEvent]:
    parser = GeminiStreamParser(http_status=http_status, streaming=streaming)
    return [event for read in (*reads, b"") for event in parser.feed(read)]


def frame(*parts: dict[str, object], **members: object) -> bytes:
    candidate = {"content": {"parts": parts}, **members}
    return b"data: " + msgspec.json.encode({"candidates": [candidate]}) + b"\r\n\r\n"


def check_grammar(events: list[GenerationEvent]) -> None:
    """What every consumer relies on: one terminal event, last; at most one usage, directly before it."""
    *before, last = events
    assert isinstance(last, Finished | UpstreamFailed)
    assert not any(isinstance(event, Finished | UpstreamFailed) for event in before)
    assert not any(isinstance(event, UsageReported) for event in before[:-1])
    assert not any(isinstance(event, AnswerStarted) for event in before[1:])
    assert all(event.text for event in before if isinstance(event, TextDelta | ThoughtDelta))


@given(st.sampled_from(BODIES), st.data())
def test_cutting_elsewhere_changes_nothing(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=10)))
    reads = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert parse(*filter(None, reads)) == parse(body)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_byte_by_byte(recording: Path) -> None:
    body = recording.read_bytes()
    assert parse(*(body[i : i + 1] for i in range(len(body)))) == parse(body)


@given(
    st.sampled_from(BODIES),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=3)), max_size=5),
    STATUSES,
)
def test_no_bytes_make_it_raise(body: bytes, mutations: list[tuple[int, bytes]], http_status: int) -> None:
    mutated = bytearray(body)
    for position, replacement in mutations:
        start = position % (len(mutated) + 1)
        mutated[start : start + len(replacement)] = replacement
    check_grammar(parse(bytes(mutated), http_status=http_status))
    check_grammar(parse(bytes(mutated), http_status=http_status, streaming=False))


@given(st.binary(max_size=200), STATUSES)
def test_noise(body: bytes, http_status: int) -> None:
    check_grammar(parse(body, http_status=http_status))


@given(st.sampled_from(BODIES), st.integers(0, 5000))
def test_a_body_that_breaks_off_never_looks_complete_before_its_finish(body: bytes, length: int) -> None:
    cut = body[: length % (len(body) + 1)]
    events = parse(cut)
    check_grammar(events)
    if isinstance(events[-1], Finished):
        assert b"finishReason" in cut


def test_a_whole_json_body_is_one_chunk_of_the_same_path() -> None:
    frames = frame({"text": "a", "thought": True}, {"text": "b"}, finishReason="STOP")
    body = frames.removeprefix(b"data: ")
    assert parse(body[:9], body[9:], streaming=False) == parse(frames)


def test_events_come_with_the_read_that_completes_their_frame() -> None:
    parser = GeminiStreamParser()
    first = frame({"text": "a"})
    assert parser.feed(first[:-4]) == []
    assert parser.feed(first[-4:]) == [AnswerStarted(), TextDelta("a")]


def test_the_last_usage_wins_and_tool_use_counts_as_input() -> None:
    usages: list[dict[str, int]] = [
        {"promptTokenCount": 5, "candidatesTokenCount": 1},
        {
            "promptTokenCount": 10,
            "cachedContentTokenCount": 4,
            "toolUsePromptTokenCount": 3,
            "candidatesTokenCount": 20,
            "thoughtsTokenCount": 7,
            "totalTokenCount": 40,
        },
    ]
    reads = [b"data: " + msgspec.json.encode({"usageMetadata": usage}) + b"\n\n" for usage in usages]
    events = parse(*reads, frame({"text": "a"}, finishReason="STOP"))
    assert events[-2] == UsageReported(input_tokens=13, cached_tokens=4, output_tokens=27, reasoning_tokens=7)


def test_thoughts_alone_are_a_complete_answer() -> None:
    assert parse(frame({"text": "hm", "thought": True}, finishReason="STOP"))[-1] == Finished(
        "completed", "STOP"
    )


def test_a_signature_alone_is_a_complete_answer() -> None:
    events = parse(frame({"text": "", "thoughtSignature": "cw=="}, finishReason="STOP"))
    assert events == [AnswerStarted(), PartSigned("cw=="), Finished("completed", "STOP")]


@pytest.mark.parametrize(
    "parts", [[], [{"text": ""}], [{"inlineData": {"mimeType": "image/png", "data": ""}}]]
)
def test_stop_without_content_is_not_complete(parts: list[dict[str, object]]) -> None:
    last = parse(frame(*parts, finishReason="STOP"))[-1]
    assert isinstance(last, Finished)
    assert (last.outcome, last.raw_reason) == ("failed", "STOP")


def test_the_reason_of_an_earlier_chunk_stays_when_later_chunks_have_none() -> None:
    events = parse(frame({"text": "a"}, finishReason="MAX_TOKENS"), b'data: {"usageMetadata": {}}\n\n')
    assert isinstance(events[-1], Finished)
    assert events[-1].outcome == "max_output_tokens"


def test_an_unspecified_block_reason_is_no_block() -> None:
    feedback = b'data: {"promptFeedback": {"blockReason": "BLOCKED_REASON_UNSPECIFIED"}}\n\n'
    events = parse(feedback, frame({"text": "a"}, finishReason="STOP"))
    assert events[-1] == Finished("completed", "STOP")


def test_only_the_first_candidate_counts() -> None:
    body = msgspec.json.encode(
        {
            "candidates": [
                {"content": {"parts": [{"text": "one"}]}, "finishReason": "STOP"},
                {"content": {"parts": [{"text": "two"}]}, "finishReason": "SAFETY", "index": 1},
            ]
        }
    )
    assert parse(body, streaming=False) == [AnswerStarted(), TextDelta("one"), Finished("completed", "STOP")]


def test_grounding_and_calls_without_a_name_are_left_to_the_trace() -> None:
    events = parse(
        frame({"text": "a"}, {"functionCall": {}}, groundingMetadata={"x": 1}, finishReason="STOP")
    )
    assert events[2:-1] == [PartIgnored("functionCall"), PartIgnored("groundingMetadata")]


def test_an_error_ends_the_answer_at_once_and_the_rest_is_swallowed() -> None:
    parser = GeminiStreamParser()
    [failed] = parser.feed(b'data: {"error": {"code": 500, "message": "m", "status": "INTERNAL"}}\n\n')
    assert isinstance(failed, UpstreamFailed)
    assert parser.feed(frame({"text": "late"}, finishReason="STOP")) == []
    assert parser.feed(b"") == []


def test_an_error_answer_is_read_to_its_end_and_translated() -> None:
    parser = GeminiStreamParser(http_status=404)
    assert parser.feed(b'{"error": {"code": 404, "mess') == []
    assert parser.feed(b'age": "models/x is not found", "status": "NOT_FOUND"}}') == []
    [failed] = parser.feed(b"")
    assert isinstance(failed, UpstreamFailed)
    assert (failed.http_status, failed.code, failed.message) == (
        404,
        "model_not_found",
        "models/x is not found",
    )


def test_an_error_answer_that_is_sse_all_the_same() -> None:
    [failed] = parse(
        b'data: {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}\n\n', http_status=503
    )
    assert isinstance(failed, UpstreamFailed)
    assert failed.http_status == 503


def test_of_an_endless_error_body_only_the_beginning_is_kept() -> None:
    body = b'{"error": {"code": 400, "message": "m"}}'.ljust(ERROR_BODY_LIMIT)
    assert parse(body, b"x" * ERROR_BODY_LIMIT, http_status=400) == parse(body, http_status=400)


def test_bytes_after_the_end_are_our_bug() -> None:
    parser = GeminiStreamParser()
    parser.feed(b"")
    assert parser.feed(b"") == []
    with pytest.raises(LocalProtocolError):
        parser.feed(b"data")


def test_abort_returns_the_usage_so_far_and_nothing_follows() -> None:
    parser = GeminiStreamParser()
    parser.feed(b'data: {"usageMetadata": {"promptTokenCount": 3}}\n\n')
    assert parser.abort() == [UsageReported(input_tokens=3)]
    assert parser.abort() == []
    assert parser.feed(frame({"text": "late"}, finishReason="STOP")) == []
    assert parser.feed(b"") == []


def test_abort_before_any_usage_and_after_the_end() -> None:
    assert GeminiStreamParser().abort() == []
    parser = GeminiStreamParser()
    parser.feed(b'data: {"usageMetadata": {"promptTokenCount": 3}}\n\n')
    parser.feed(b"")
    assert parser.abort() == []
