import pytest

from responses_api.access.limits.headers import duration, rate_headers
from responses_api.access.limits.standings import Reading


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0000001, "0s"),
        (0.0195, "20ms"),
        (0.9991, "1s"),
        (1, "1s"),
        (8.64, "8.64s"),
        (59.9999, "1m0s"),
        (360, "6m0s"),
        (432.5, "7m12.5s"),
        (3600, "1h0m0s"),
        (5 * 3600 + 61.25, "5h1m1.25s"),
    ],
)
def test_durations_as_openai_writes_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_tightest_scope_is_told_and_only_what_is_limited() -> None:
    roomy = Reading("key:1", "requests_per_minute", 100, 40, 40, 24)
    tight = Reading("user:1", "requests_per_minute", 50, 45, 45, 54)
    budget = Reading("key:1", "tokens_per_day", 50, 45, 45, 54)
    assert rate_headers([roomy, tight, budget]) == {
        "x-ratelimit-limit-requests": "50",
        "x-ratelimit-remaining-requests": "5",
        "x-ratelimit-reset-requests": "54s",
    }
    assert rate_headers([budget]) == {}
