import pytest

from interceptor.simulator.credentials import caller_error, read_caller

from .bodies import assert_fits


@pytest.mark.parametrize(
    ("api_key", "authorization", "kind", "status", "canonical"),
    [
        ("k", "", "api_key", None, None),
        ("", "Bearer t", "bearer", None, None),
        ("", "bearer t", "bearer", None, None),
        ("", "", "none", 403, "PERMISSION_DENIED"),
        ("", "Basic t", "none", 403, "PERMISSION_DENIED"),
        ("k", "Bearer t", "both", 400, "INVALID_ARGUMENT"),
        ("invalid-key", "", "api_key", 400, "INVALID_ARGUMENT"),
        ("", "Bearer expired-token", "bearer", 401, "UNAUTHENTICATED"),
    ],
)
def test_who_is_let_in(
    api_key: str, authorization: str, kind: str, status: int | None, canonical: str | None
) -> None:
    caller = read_caller(api_key, authorization)
    assert caller.kind == kind
    error = caller_error(caller)
    assert (error and error.http_status) == status
    if error is not None:
        assert_fits("ErrorBody", error.body())
        assert error.body()["error"]["status"] == canonical


@pytest.mark.parametrize(
    ("api_key", "authorization", "reason"),
    [("invalid-key", "", "API_KEY_INVALID"), ("", "Bearer expired-token", "ACCESS_TOKEN_EXPIRED")],
)
def test_the_reason_is_machine_readable(api_key: str, authorization: str, reason: str) -> None:
    error = caller_error(read_caller(api_key, authorization))
    assert error is not None and error.details[0]["reason"] == reason
