"""Token counts: their sum over several answers, and their wire form."""

from typing import TypedDict

from responses_api.core.generation_events import UsageReported


class InputTokensDetails(TypedDict):
    """Parts of ``input_tokens``."""

    cached_tokens: int
    cache_write_tokens: int


class OutputTokensDetails(TypedDict):
    """Parts of ``output_tokens``."""

    reasoning_tokens: int


class Usage(TypedDict):
    """``usage`` of a response; clients need every member."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


def total_usage(reports: list[UsageReported]) -> UsageReported | None:
    """Sum over the answers of one exchange, each billed by itself; None for no report."""
    if not reports:
        return None
    return UsageReported(
        input_tokens=sum(report.input_tokens for report in reports),
        cached_tokens=sum(report.cached_tokens for report in reports),
        output_tokens=sum(report.output_tokens for report in reports),
        reasoning_tokens=sum(report.reasoning_tokens for report in reports),
    )


def usage_object(usage: UsageReported) -> Usage:
    """The wire form of ``usage``. The upstream knows no cache writes: 0."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
