from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.language_server.answer import (
    Answered,
    AnswerReader,
    ModelCallFailed,
    OnlyThought,
    WantsTools,
    refusal_of,
)
from interceptor.language_server.steps import PlannerResponse, StepStatus, StopReason, step_view

from . import wire


def planner() -> PlannerResponse:
    return PlannerResponse("m", "MODEL", "e", 0.0)


def read(*pieces: bytes) -> tuple[PlannerResponse, Any]:
    step = planner()
    reader = AnswerReader(step)
    for piece in pieces:
        reader.feed(piece)
    return step, reader.end()


CALL = {"functionCall": {"id": "c1", "name": "f", "args": {"ö": [1, "\u2028"]}}}
ANSWER = b": comment\nevent: message\n" + b"".join(
    map(
        wire.frame,
        [
            wire.thought("Grüße überlegen"),
            wire.text("Grü", modelVersion="g-1", usageMetadata={"promptTokenCount": 3}),
            wire.text("ße \u2028\u0085🙂", usageMetadata={"promptTokenCount": 3, "candidatesTokenCount": 5}),
            wire.parts(CALL, {"text": "", "thoughtSignature": "c2ln"}),
            wire.finish(),
        ],
    )
)


@given(st.sets(st.integers(1, len(ANSWER) - 1)), st.sampled_from([b"\r\n", b"\n", b"\r"]))
def test_cutting_the_bytes_elsewhere_changes_nothing(cuts: set[int], line_end: bytes) -> None:
    edges = [0, *sorted(cuts), len(ANSWER)]
    pieces = [ANSWER[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    whole, whole_end = read(ANSWER)
    cut, cut_end = read(*pieces)
    other_lines, _ = read(ANSWER.replace(b"\r\n", line_end))
    assert step_view(cut) == step_view(whole) == step_view(other_lines)
    assert cut_end == whole_end == WantsTools(("f",))
    assert str(cut.text) == "Grüße \u2028\u0085🙂"


def test_the_last_usage_counts() -> None:
    step, _ = read(ANSWER)
    assert (step.usage.prompt, step.usage.answer, step.usage.thoughts) == (3, 5, 0)


def test_the_last_frame_may_lack_its_blank_line() -> None:
    step, end = read(wire.frame(wire.text("a", finish="STOP")).rstrip())
    assert (str(step.text), end) == ("a", Answered())


@pytest.mark.parametrize(
    ("chunk", "end"),
    [
        (wire.text("a", finish="STOP"), Answered()),
        (wire.finish(), Answered()),
        (wire.thought("t", finish="STOP"), OnlyThought()),
        (wire.thought("t", finish="MAX_TOKENS"), Answered()),
        (wire.parts({"functionCall": {"name": "f"}}, finish="STOP"), WantsTools(("f",))),
    ],
)
def test_how_an_answer_is_judged(chunk: dict[str, Any], end: Any) -> None:
    step, judged = read(wire.frame(chunk))
    assert judged == end
    assert step.status is StepStatus.DONE


@pytest.mark.parametrize(
    ("reason", "stop_reason"),
    [
        ("MAX_TOKENS", StopReason.MAX_TOKENS),
        ("SAFETY", StopReason.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", StopReason.CONTENT_FILTER),
    ],
)
def test_text_stands_when_the_model_was_stopped(reason: str, stop_reason: StopReason) -> None:
    step, end = read(wire.frame(wire.text("a", finish=reason)))
    assert (step.stop_reason, end) == (stop_reason, Answered())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (wire.frame(wire.text("a")), "broke off"),
        (wire.frame(wire.text("a", finish="MALFORMED_FUNCTION_CALL")), "MALFORMED_FUNCTION_CALL"),
        (wire.frame(wire.text("a", finish="A_NEW_REASON")), "A_NEW_REASON"),
        (wire.frame({"promptFeedback": {"blockReason": "SAFETY"}}), "blocked: SAFETY"),
        (wire.frame({"error": {"code": 503, "message": "Overloaded."}}), "Overloaded."),
        (b'[{\n "error": {\n "code": 500,\n "message": "Inner."\n }\n}]\n', "Inner."),
        (b"data: {nonsense\n\n", "unreadable"),
        (b"data: \xff\n\n", "unreadable"),
        (b"", "broke off"),
        (b"<html>", "HTTP status 200"),
    ],
)
def test_what_is_no_answer(body: bytes, message: str) -> None:
    with pytest.raises(ModelCallFailed, match=message):
        read(body)


@given(st.binary(max_size=40), st.integers(0, len(ANSWER)))
def test_damaged_bytes_raise_nothing_else(noise: bytes, at: int) -> None:
    try:
        read(ANSWER[:at] + noise + ANSWER[at:])
    except ModelCallFailed as failure:
        assert failure.message and failure.short


@pytest.mark.parametrize(
    ("body", "message", "short"),
    [
        (
            b'{"error":{"code":404,"message":"No model.","status":"NOT_FOUND"}}',
            "No model.",
            "HTTP 404 NOT_FOUND",
        ),
        (b'[{"error":{"code":404,"message":"No model."}}]', "No model.", "HTTP 404"),
        (b"[]", "status 404", "HTTP 404"),
        (b"\xff", "status 404", "HTTP 404"),
        (b'{"error":"text"}', "status 404", "HTTP 404"),
    ],
)
def test_a_refusal_is_told_in_the_upstreams_words(body: bytes, message: str, short: str) -> None:
    failure = refusal_of(404, body)
    assert message in failure.message
    assert failure.short == short
