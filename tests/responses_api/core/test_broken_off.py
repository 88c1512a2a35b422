"""A stream whose maker died is ended by somebody else, by the streams' own rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.broken_off import break_off
from responses_api.core.generation_events import (
    GenerationEvent,
    HostedToolCalled,
    TextDelta,
    ThoughtDelta,
    UpstreamFailed,
)
from responses_api.core.output_options import OutputOptions
from responses_api.core.snapshot import apply
from responses_api.core.stream_events import StreamEvent
from tests.responses_api.core.response_streams import ALL_OPTIONS, new_stream, run, unfinished_answers
from tests.responses_api.core.test_response_stream_properties import check_grammar

DIED = UpstreamFailed(500, "server_error", "server_error", "The gateway died.")


def types(events: list[StreamEvent]) -> list[str]:
    return [event["type"] for event in events]


@given(unfinished_answers, st.sampled_from(ALL_OPTIONS), st.booleans())
def test_any_stream_can_be_ended_from_its_events_alone(
    answer: list[GenerationEvent], options: OutputOptions, queued: bool
) -> None:
    stream, told = run(answer, options, queued=queued)
    rest = break_off(told, DIED)
    check_grammar(told + rest)
    assert types(rest) == types(stream.fail("server_error", ""))
    cancelled, told = run(answer, options, queued=queued)
    rest = break_off(told, None)
    check_grammar(told + rest)
    assert types(rest) == types(cancelled.cancel())


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (TextDelta("Hello"), "incomplete"),
        (ThoughtDelta("Hmm"), "incomplete"),
        (HostedToolCalled("1", "web_search", {}, queries=("rain",)), "failed"),
    ],
)
def test_what_was_open_is_closed_with_what_was_said(said: GenerationEvent, status: str) -> None:
    _, told = run([said])
    rest = break_off(told, DIED)
    response = None
    for event in told + rest:
        response = apply(response, event)
    assert response is not None
    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")
    assert response["output"][0]["status"] == status
    assert rest[-1]["type"] == "response.failed"
    assert rest[-1]["response"] == response


def test_a_response_that_never_began_fails_too() -> None:
    told: list[StreamEvent] = new_stream().queue()
    check_grammar(told + break_off(told, DIED))


def test_a_permanent_failure_does_not_look_like_a_transient_one() -> None:
    refused = UpstreamFailed(401, "invalid_request_error", "invalid_api_key", "Revoked.", "key")
    error, failed = break_off(new_stream().queue(), refused)
    assert error["type"] == "error"
    assert (error["code"], error["param"], error["error"]["type"]) == (
        "invalid_api_key",
        "key",
        "invalid_request_error",
    )
    assert failed["type"] == "response.failed"
    assert failed["response"]["error"] == {"code": "invalid_prompt", "message": "Revoked."}


def test_without_events_there_is_nothing_to_end() -> None:
    with pytest.raises(ValueError, match="without events"):
        break_off([], DIED)
