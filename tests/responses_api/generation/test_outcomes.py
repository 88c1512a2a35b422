"""Every way an exchange can end has its outcome."""

import pytest

from responses_api.core.errors import (
    AuthenticationFailed,
    DeadlineExceeded,
    GateTimeout,
    GatewayError,
    InternalError,
    RateLimited,
    UpstreamFault,
)
from responses_api.core.generation_events import (
    Finished,
    GenerationEvent,
    TextDelta,
    ToolCall,
    UpstreamFailed,
)
from responses_api.generation.outcomes import failure_in, fault_of, natural_outcome, outcome_of
from responses_api.models import Outcome
from tests.responses_api.core.response_streams import started

REFUSED = UpstreamFailed(
    429, "rate_limit_error", "rate_limit_exceeded", "Slow down.", "input", 7.5, "RESOURCE_EXHAUSTED"
)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, None),
        (GateTimeout("x"), Outcome.MITM_TIMEOUT),
        (DeadlineExceeded("x"), Outcome.TIMEOUT),
        (UpstreamFault("x"), Outcome.UPSTREAM_ERROR),
        (fault_of(REFUSED), Outcome.UPSTREAM_ERROR),
        (InternalError("x"), Outcome.FAILED),
        (RateLimited("x"), Outcome.FAILED),
        (AuthenticationFailed("x"), Outcome.FAILED),
    ],
)
def test_an_errors_outcome(error: GatewayError | None, outcome: Outcome | None) -> None:
    assert outcome_of(error) == outcome


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([TextDelta("a"), Finished("completed", "STOP")], Outcome.COMPLETED),
        ([TextDelta("a"), ToolCall("f", "{}"), Finished("completed", "STOP")], Outcome.TOOL_CALL),
        ([TextDelta("a"), Finished("max_output_tokens", "MAX_TOKENS")], Outcome.INCOMPLETE),
        ([Finished("content_filter", "SAFETY")], Outcome.INCOMPLETE),
        ([Finished("failed", "OTHER")], Outcome.UPSTREAM_ERROR),
        ([TextDelta("a"), REFUSED], Outcome.UPSTREAM_ERROR),
    ],
)
def test_a_responses_own_outcome(events: list[GenerationEvent], outcome: Outcome) -> None:
    machine = started()
    for event in events:
        machine.send(event)
    assert natural_outcome(machine) == outcome


def test_a_cancelled_response() -> None:
    machine = started()
    machine.cancel()
    assert natural_outcome(machine) == Outcome.CANCELLED


def test_the_upstreams_refusal_keeps_all_that_it_says() -> None:
    fault = failure_in(REFUSED)
    assert fault is not None
    assert (fault.http_status, fault.type, fault.code, fault.message, fault.param, fault.retry_after) == (
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
        "Slow down.",
        "input",
        7.5,
    )


def test_a_stop_is_an_error_only_if_it_failed() -> None:
    assert failure_in(Finished("completed", "STOP")) is None
    failed = failure_in(Finished("failed", "OTHER", "It went wrong."))
    assert failed is not None
    assert (failed.http_status, failed.message) == (502, "It went wrong.")
