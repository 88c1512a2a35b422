"""What a failure is called inside a stream."""

import json
from pathlib import Path
from typing import Any

import pytest

from responses_api.core.failures import PASSED_THROUGH, failed_instead, failure_code, failure_of
from responses_api.core.generation_events import (
    Finished,
    FinishOutcome,
    GenerationEvent,
    TextDelta,
    UpstreamFailed,
)
from responses_api.core.snapshot import apply
from responses_api.core.stream_events import StreamEvent

from .response_streams import new_stream

SCHEMAS = Path(__file__).parents[2] / "fixtures" / "openapi" / "stream_events.openai.json"


def test_every_code_of_the_document_is_known() -> None:
    document = json.loads(SCHEMAS.read_text())
    documented = set(document["components"]["schemas"]["ResponseErrorCode"]["enum"])
    assert documented < PASSED_THROUGH
    assert PASSED_THROUGH - documented == {
        "context_length_exceeded",
        "insufficient_quota",
        "usage_not_included",
        "cyber_policy",
        "server_is_overloaded",
        "slow_down",
    }


@pytest.mark.parametrize("code", sorted(PASSED_THROUGH))
@pytest.mark.parametrize("http_status", [400, 429, 500])
def test_known_codes_pass_whatever_the_status(code: str, http_status: int) -> None:
    assert failure_code(code, http_status) == code


@pytest.mark.parametrize(
    ("http_status", "expected"),
    [
        (400, "invalid_prompt"),
        (401, "invalid_prompt"),
        (404, "invalid_prompt"),
        (499, "invalid_prompt"),
        (408, "server_error"),
        (409, "server_error"),
        (429, "server_error"),
        (500, "server_error"),
        (502, "server_error"),
        (504, "server_error"),
    ],
)
def test_other_codes_become_permanent_or_transient(http_status: int, expected: str) -> None:
    assert failure_code("model_not_found", http_status) == expected


@pytest.mark.parametrize(
    ("finished", "failure"),
    [
        (
            Finished("failed", "BLOCKED", "Not this.", "invalid_prompt"),
            UpstreamFailed(400, "invalid_request_error", "invalid_prompt", "Not this."),
        ),
        (
            Finished("failed", "MALFORMED", "Bad call."),
            UpstreamFailed(502, "server_error", "server_error", "Bad call."),
        ),
        (
            Finished("failed", "OTHER"),
            UpstreamFailed(
                502, "server_error", "server_error", "The model stopped without a usable answer (OTHER)."
            ),
        ),
    ],
)
def test_a_failed_answer_as_a_failure(finished: Finished, failure: UpstreamFailed) -> None:
    assert failure_of(finished) == failure


def ended_with(*events: GenerationEvent) -> tuple[list[StreamEvent], list[StreamEvent]]:
    """A response's events: all but the last batch, and the last."""
    stream = new_stream()
    first = stream.start()
    last = [told for event in events for told in stream.send(event)]
    return first, last


@pytest.mark.parametrize("outcome", ["completed", "max_output_tokens"])
def test_a_response_that_cannot_be_kept_ends_as_failed(outcome: FinishOutcome) -> None:
    first, last = ended_with(TextDelta("hello"), Finished(outcome, "STOP"))
    told = failed_instead(last, "not stored")

    everything: list[Any] = [*first, *told]
    assert [event["sequence_number"] for event in everything] == list(range(len(everything)))
    assert [event["type"] for event in told[:-2]] == [event["type"] for event in last[:-1]]
    error, failed = everything[-2:]
    assert (error["type"], error["code"], error["error"]["message"]) == (
        "error",
        "server_error",
        "not stored",
    )
    assert failed["type"] == "response.failed"
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {"code": "server_error", "message": "not stored"}
    assert failed["response"]["completed_at"] is None
    folded = None
    for event in everything:
        folded = apply(folded, event)
    assert folded == failed["response"]


def test_a_failure_that_cannot_be_kept_stays_the_failure_it_was() -> None:
    _, last = ended_with(TextDelta("hello"), Finished("failed", "OTHER"))
    assert failed_instead(last, "not stored") == last
