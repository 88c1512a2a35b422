import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    Grounded,
    TextDelta,
    ThoughtDelta,
    UpstreamFailed,
    UsageReported,
)
from responses_api.gemini.errors import STREAM_ENDED_EARLY, UNREADABLE_ANSWER, LocalProtocolError
from responses_api.gemini.stream_parser import ERROR_BODY_LIMIT, GeminiStreamParser
from tests.golden.recordings import RECORDINGS, STREAMS, Recording

BODIES = [recording.body for recording in STREAMS]
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
    assert not any(isinstance(event, Grounded) for event in before[:-2])
    assert not any(isinstance(event, AnswerStarted) for event in before[1:])
    assert all(event.text for event in before if isinstance(event, TextDelta | ThoughtDelta))


@given(st.sampled_from(RECORDINGS), st.data())
def test_cutting_elsewhere_changes_nothing(recording: Recording, data: st.DataObject) -> None:
    body = recording.body
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=10)))
    reads = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert recording.events(filter(None, reads)) == recording.events([body])


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_byte_by_byte(recording: Recording) -> None:
    body = recording.body
    assert recording.events(body[i : i + 1] for i in range(len(body))) == recording.events([body])


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_one_cut_anywhere_changes_nothing(recording: Recording) -> None:
    body = recording.body
    whole = recording.events([body])
    assert [cut for cut in range(1, len(body)) if recording.events([body[:cut], body[cut:]]) != whole] == []


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
    assert not isinstance(events[-1], Finished) or b"finishReason" in cut


def test_a_whole_json_body_is_one_chunk_of_the_same_path() -> None:
    frames = frame({"text": "a", "thought": True}, {"text": "b"}, finishReason="STOP")
    body = frames.removeprefix(b"data: ")
    assert parse(body[:9], body[9:], streaming=False) == parse(frames)


def test_events_come_with_the_read_that_completes_their_frame() -> None:
    parser = GeminiStreamParser()
    first = frame({"text": "a"})
    assert parser.feed(first[:-4]) == []
    assert parser.feed(first[-4:]) == [AnswerStarted(), TextDelta("a")]


def test_an_unspecified_block_reason_is_no_block() -> None:
    feedback = b'data: {"promptFeedback": {"blockReason": "BLOCKED_REASON_UNSPECIFIED"}}\n\n'
    events = parse(feedback, frame({"text": "a"}, finishReason="STOP"))
    assert events[-1] == Finished("completed", "STOP")


def test_an_unreadable_part_is_the_end() -> None:
    events = parse(frame({"text": "a"}), frame({"text": "b"}, {"text": 7}), frame({"text": "c"}))
    assert [type(event) for event in events] == [AnswerStarted, TextDelta, UpstreamFailed]


WHOLE = frame({"text": "b"})


@pytest.mark.parametrize("length", range(1, len(WHOLE) - len(b"}\r\n\r\n") + 1))
def test_a_body_cut_inside_a_frame_ends_like_one_cut_between_frames(length: int) -> None:
    first = frame({"text": "a"})
    assert parse(first, WHOLE[:length]) == parse(first)
    assert parse(WHOLE[:length]) == parse(b"")
    last = parse(first, WHOLE[:length])[-1]
    assert isinstance(last, UpstreamFailed)
    assert (last.upstream_status, last.remedy) == (STREAM_ENDED_EARLY, "repeat")


def test_what_was_finished_before_the_cut_stays_finished() -> None:
    finish = frame({"text": "a"}, finishReason="STOP")
    assert parse(finish, WHOLE[:20]) == parse(finish)


@pytest.mark.parametrize(
    ("reads", "streaming"),
    [
        ([frame({"text": "a"}), b"data: {oops\n\n", WHOLE[:20]], True),
        ([frame({"text": "a"}), b"{oops"], True),
        ([b"<html>"], True),
        ([WHOLE.removeprefix(b"data: ")[:20]], False),
    ],
)
def test_what_is_no_cut_frame_is_nonsense(reads: list[bytes], streaming: bool) -> None:
    last = parse(*reads, streaming=streaming)[-1]
    assert isinstance(last, UpstreamFailed)
    assert (last.upstream_status, last.remedy) == (UNREADABLE_ANSWER, None)


def test_an_error_ends_the_answer_at_once_and_the_rest_is_swallowed() -> None:
    parser = GeminiStreamParser()
    [failed] = parser.feed(b'data: {"error": {"code": 500, "message": "m", "status": "INTERNAL"}}\n\n')
    assert isinstance(failed, UpstreamFailed)
    assert parser.feed(frame({"text": "late"}, finishReason="STOP")) == []
    assert parser.feed(b"") == []


def test_of_an_array_too_nothing_counts_after_an_error() -> None:
    error = b'{"error": {"code": 500, "message": "m", "status": "INTERNAL"}}'
    late = frame({"text": "late"}, finishReason="STOP").removeprefix(b"data: ")
    [failed] = parse(b"[" + error + b"," + late + b"]", streaming=False)
    assert isinstance(failed, UpstreamFailed)


def test_an_error_answer_is_read_to_its_end_and_translated() -> None:
    parser = GeminiStreamParser(http_status=404)
    assert parser.feed(b'{"error": {"code": 404, "mess') == []
    assert parser.feed(b'age": "models/x is not found", "status": "NOT_FOUND"}}') == []
    [failed] = parser.feed(b"")
    assert isinstance(failed, UpstreamFailed)
    assert (failed.http_status, failed.code, failed.message) == (
        400,
        "model_not_found",
        "models/x is not found",
    )


@pytest.mark.parametrize(
    "error",
    [
        b'data: {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}\r\n\r\n',
        b'data: [{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}]\r\n\r\n',
        b'data: {"response": {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}}\r\n\r\n',
        b'data: {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}\r\n\r\n',
        b'{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}',
        b'[{\n  "error": {\n    "code": 429,\n    "message": "m",\n    "status": "RESOURCE_EXHAUSTED"\n  }\n}\n]\n',
        b'{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED",},,}',
    ],
)
def test_an_error_in_every_shape_before_and_inside_an_answer(error: bytes) -> None:
    failed = UpstreamFailed(
        429, "rate_limit_error", "rate_limit_exceeded", "m", upstream_status="RESOURCE_EXHAUSTED"
    )
    assert parse(error, http_status=429) == [failed]
    assert parse(error) == [failed]
    assert parse(frame({"text": "a"}), error) == [AnswerStarted(), TextDelta("a"), failed]


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
