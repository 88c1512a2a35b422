"""``x-ratelimit-…``: how much of the limits per minute is left, as OpenAI's headers say it.

Source: https://developers.openai.com/api/docs/guides/rate-limits, "Rate limits in headers".
"""

import math
from collections.abc import Iterable

from responses_api.access.limits.standings import Reading

_NAMES = {"requests_per_minute": "requests", "tokens_per_minute": "tokens"}


def rate_headers(found: Iterable[Reading]) -> dict[str, str]:
    """For each rate that is limited, of the scope with the least left; names in lower case.

    ``reset`` is the time until nothing of the rate is used any more.
    """
    headers: dict[str, str] = {}
    for name, called in _NAMES.items():
        rates = [reading for reading in found if reading.name == name]
        if not rates:
            continue
        tightest = min(rates, key=lambda reading: reading.remaining)
        headers[f"x-ratelimit-limit-{called}"] = str(tightest.limit)
        headers[f"x-ratelimit-remaining-{called}"] = str(tightest.remaining)
        headers[f"x-ratelimit-reset-{called}"] = duration(tightest.back_in or 0.0)
    return headers


def duration(seconds: float) -> str:
    """A time as OpenAI writes it: ``20ms``, ``1s``, ``8.64s``, ``6m0s``, ``1h0m30s``; never too short."""
    milliseconds = math.ceil(round(seconds * 1000, 3))
    if milliseconds <= 0:
        return "0s"
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{milliseconds / 1000:g}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text
