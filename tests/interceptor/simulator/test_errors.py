from typing import Any

import pytest

from interceptor.simulator.errors import (
    CANONICAL_STATUS,
    ApiError,
    Violation,
    bad_request,
    model_not_found,
    of_status,
)

from .bodies import assert_fits


def detail(error: ApiError, kind: str) -> Any:
    return next(one for one in error.details if one["@type"] == f"type.googleapis.com/google.rpc.{kind}")


@pytest.mark.parametrize("code", CANONICAL_STATUS)
def test_every_status_can_be_had(code: int) -> None:
    error = of_status(code, "m", 2, per_day=False)
    body = error.body()
    assert_fits("ErrorBody", body)
    assert (body["error"]["code"], body["error"]["status"]) == (code, CANONICAL_STATUS[code])


def test_too_many_requests_say_when_and_why() -> None:
    error = of_status(429, "gemini-x", 34.5, per_day=True)
    assert detail(error, "RetryInfo")["retryDelay"] == "34.5s"
    assert "PerDay" in detail(error, "QuotaFailure")["violations"][0]["quotaId"]
    assert error.message.endswith("Please retry in 34.5s.")


def test_no_retry_time_no_retry_info() -> None:
    error = of_status(429, "m", None, per_day=False)
    assert not any(one["@type"].endswith("RetryInfo") for one in error.details)
    assert "PerMinute" in detail(error, "QuotaFailure")["violations"][0]["quotaId"]


def test_violations_of_the_body_itself_have_no_field() -> None:
    error = bad_request([Violation("", "a"), Violation("b.c", "d")])
    assert error.message == "a\nd"
    assert detail(error, "BadRequest")["fieldViolations"] == [
        {"description": "a"},
        {"field": "b.c", "description": "d"},
    ]


def test_an_unknown_model() -> None:
    assert model_not_found("x", "v1", "generateContent").body()["error"]["message"] == (
        "models/x is not found for API version v1, or is not supported for generateContent. "
        "Call ListModels to see the list of available models and their supported methods."
    )
