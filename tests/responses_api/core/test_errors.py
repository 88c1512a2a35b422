"""The one envelope of all errors, and what a raiser may say of its own."""

import pytest

from responses_api.core import errors
from responses_api.core.errors import GatewayError, InvalidRequest, RateLimited, error_body


def test_an_error_says_what_its_family_says() -> None:
    error = RateLimited("Slow down.", retry_after=2.5)
    assert (error.http_status, error.retry_after) == (429, 2.5)
    assert error_body(error) == {
        "error": {
            "message": "Slow down.",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
        }
    }


def test_a_raiser_may_say_all_of_it() -> None:
    error = InvalidRequest(
        "No.", param="model", code="model_not_found", type="permission_error", http_status=403
    )
    assert error.http_status == 403
    assert error_body(error) == {
        "error": {"message": "No.", "type": "permission_error", "param": "model", "code": "model_not_found"}
    }
    assert (InvalidRequest.http_status, InvalidRequest.type) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("InvalidRequest", 400),
        ("AuthenticationFailed", 401),
        ("NotFound", 404),
        ("PayloadTooLarge", 413),
        ("RateLimited", 429),
        ("UpstreamFault", 502),
        ("GateTimeout", 502),
        ("DeadlineExceeded", 504),
        ("InternalError", 500),
    ],
)
def test_every_family_has_its_status(name: str, status: int) -> None:
    family: type[GatewayError] = getattr(errors, name)
    assert family.http_status == status
