import pytest

from responses_api.access.limits.refusals import refusal
from responses_api.access.limits.rules import NANODOLLARS
from responses_api.access.limits.standings import Reading, Shortage
from responses_api.core.errors import error_body


def short(name: str, limit: int, used: float, requested: int, wait: float | None, **more: object) -> Shortage:
    spent = more.get("spent", used)
    assert isinstance(spent, int | float)
    return Shortage(Reading(str(more.get("scope", "key:1")), name, limit, used, spent, None), requested, wait)


@pytest.mark.parametrize(
    ("shortage", "type", "message"),
    [
        (
            short("requests_per_minute", 3, 2.4, 1, 8.0),
            "requests",
            "Rate limit reached for this API key on requests per min (RPM): Limit 3, Used 3, Requested 1. "
            "Please try again in 8s.",
        ),
        (
            short("tokens_per_minute", 100, 60, 50, 0.02, scope="user:1"),
            "tokens",
            "Rate limit reached for the user of this API key on tokens per min (TPM): Limit 100, Used 60, "
            "Requested 50. Please try again in 20ms.",
        ),
        (
            short("tokens_per_minute", 100, 0, 101, None),
            "tokens",
            "Request too large for this API key on tokens per min (TPM): Limit 100, Requested 101. The input "
            "or output tokens must be reduced in order to run successfully.",
        ),
        (
            short("concurrent_responses", 2, 2, 1, 1.0, spent=0),
            "requests",
            "Rate limit reached for this API key on concurrent responses: Limit 2, Used 2, Requested 1. "
            "Please try again when one of them has ended.",
        ),
        (
            short("tokens_per_day", 1000, 990, 20, 3600.0),
            "insufficient_quota",
            "You exceeded your current quota. The budget of this API key is 1,000 tokens per day, 990 tokens "
            "are used, and this request may come to 20 tokens. Please try again in 1h0m0s.",
        ),
        (
            short("cost_per_month", 5 * NANODOLLARS, 4, NANODOLLARS // 4, 1.0, spent=0),
            "insufficient_quota",
            "The budget of this API key is $5 per month, and what is left of it is reserved for responses "
            "that are being made. Please try again when one of them has ended.",
        ),
        (
            short("cost_per_day", NANODOLLARS // 2, 0, NANODOLLARS, None),
            "insufficient_quota",
            "The budget of this API key is $0.5 per day, and this request may come to $1. Reduce its input or "
            "`max_output_tokens`.",
        ),
    ],
)
def test_in_openais_words(shortage: Shortage, type: str, message: str) -> None:
    error = refusal([shortage])
    code = type if type == "insufficient_quota" else "rate_limit_exceeded"
    assert error_body(error) == {"error": {"message": message, "type": type, "param": None, "code": code}}
    assert (error.http_status, error.retry_after) == (429, shortage.wait)
    assert error.worth_retrying == (shortage.wait is not None and shortage.wait <= 120)


def test_the_longest_wait_is_told() -> None:
    minute = short("requests_per_minute", 3, 3, 1, 20.0)
    day = short("tokens_per_day", 10, 10, 1, 3600.0)
    never = short("tokens_per_minute", 10, 0, 11, None)
    assert refusal([minute, day]).retry_after == 3600
    assert refusal([minute, never, day]).retry_after is None
