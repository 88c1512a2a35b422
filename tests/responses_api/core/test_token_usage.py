"""Token counts added up and shown."""

from responses_api.core.generation_events import UsageReported
from responses_api.core.token_usage import total_usage, usage_object


def test_no_report_is_no_usage() -> None:
    assert total_usage([]) is None


def test_reports_add_up_member_by_member() -> None:
    reports = [UsageReported(1, 2, 3, 4), UsageReported(10, 20, 30, 40)]
    assert total_usage(reports) == UsageReported(11, 22, 33, 44)


def test_the_wire_form_has_every_member_and_adds_up() -> None:
    usage = UsageReported(input_tokens=9, cached_tokens=4, output_tokens=5, reasoning_tokens=2)
    assert usage_object(usage) == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    }
