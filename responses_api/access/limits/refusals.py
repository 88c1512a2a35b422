"""Why a request is refused: the limit that it waits for the longest, in OpenAI's words.

Source: OpenAI's error bodies of status 429: types ``requests`` and ``tokens`` with code
``rate_limit_exceeded``, and ``insufficient_quota``. Clients look for "try again in …" in the text.
"""

import math
from collections.abc import Sequence

from responses_api.access.limits.headers import duration
from responses_api.access.limits.rules import NANODOLLARS
from responses_api.access.limits.standings import Reading, Shortage
from responses_api.core.errors import RateLimited

LONGEST_WAIT = 120.0
"""Seconds; clients wait no longer by themselves."""

_RATES = {"requests_per_minute": "requests per min (RPM)", "tokens_per_minute": "tokens per min (TPM)"}


class LimitReached(RateLimited):
    """A limit of the caller's is reached.

    Attributes:
        worth_retrying: whether a client may sensibly send the same request again by itself.
    """

    def __init__(self, message: str, *, type: str, code: str, wait: float | None) -> None:
        super().__init__(message, type=type, code=code, retry_after=wait)
        self.worth_retrying = wait is not None and wait <= LONGEST_WAIT


def refusal(short: Sequence[Shortage]) -> LimitReached:
    """The error for a request that does not fit into these limits; there is at least one."""
    worst = max(short, key=lambda shortage: math.inf if shortage.wait is None else shortage.wait)
    name = worst.reading.name
    if name in _RATES:
        return LimitReached(
            _rate_text(worst),
            type="tokens" if name.startswith("tokens") else "requests",
            code="rate_limit_exceeded",
            wait=worst.wait,
        )
    if name == "concurrent_responses":
        text = (
            f"Rate limit reached for {_whose(worst.reading)} on concurrent responses: Limit "
            f"{worst.reading.limit}, Used {worst.reading.used:g}, Requested 1. Please try again when one of "
            "them has ended."
        )
        return LimitReached(text, type="requests", code="rate_limit_exceeded", wait=worst.wait)
    return LimitReached(
        _budget_text(worst), type="insufficient_quota", code="insufficient_quota", wait=worst.wait
    )


def _rate_text(short: Shortage) -> str:
    reading = short.reading
    where = f"{_whose(reading)} on {_RATES[reading.name]}: Limit {reading.limit}"
    if short.wait is None:
        return (
            f"Request too large for {where}, Requested {short.requested}. The input or output tokens must be "
            "reduced in order to run successfully."
        )
    return (
        f"Rate limit reached for {where}, Used {math.ceil(reading.used)}, Requested {short.requested}. "
        f"Please try again in {duration(short.wait)}."
    )


def _budget_text(short: Shortage) -> str:
    reading = short.reading
    limit = f"{_quantity(reading, reading.limit)} per {reading.name.rpartition('_')[2]}"
    where = f"The budget of {_whose(reading)} is {limit}"
    if short.wait is None:
        return (
            f"{where}, and this request may come to {_quantity(reading, short.requested)}. Reduce its input "
            "or `max_output_tokens`."
        )
    if reading.spent + short.requested <= reading.limit:
        return (
            f"{where}, and what is left of it is reserved for responses that are being made. Please try "
            "again when one of them has ended."
        )
    return (
        f"You exceeded your current quota. {where}, {_quantity(reading, int(reading.spent))} are used, and "
        f"this request may come to {_quantity(reading, short.requested)}. Please try again in "
        f"{duration(short.wait)}."
    )


def _whose(reading: Reading) -> str:
    return "this API key" if reading.scope.startswith("key:") else "the user of this API key"


def _quantity(reading: Reading, amount: int) -> str:
    return f"${amount / NANODOLLARS:.6g}" if reading.name.startswith("cost") else f"{amount:,} tokens"
