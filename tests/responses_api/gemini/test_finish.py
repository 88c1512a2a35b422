import pytest

from responses_api.gemini.finish import FINISH_RULES, finished, finished_empty

DOCUMENTED = {
    "FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST",
    "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_OTHER",
    "NO_IMAGE", "IMAGE_RECITATION", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE", "ESCALATION", "PUP_LIMITED_DISABLED", "CONTINUATION", "MODEL_ARMOR",
}  # fmt: skip


def test_every_documented_reason_has_a_rule() -> None:
    assert FINISH_RULES.keys() == DOCUMENTED


@pytest.mark.parametrize("reason", sorted(DOCUMENTED))
def test_only_stop_is_completed_and_all_others_say_why(reason: str) -> None:
    event = finished(reason)
    assert (event.outcome == "completed") == (reason == "STOP") == (event.message is None)
    assert event.raw_reason == reason


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("MAX_TOKENS", "max_output_tokens"),
        ("CONTINUATION", "max_output_tokens"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("LANGUAGE", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "failed"),
        ("MISSING_THOUGHT_SIGNATURE", "failed"),
        ("OTHER", "failed"),
        ("FINISH_REASON_UNSPECIFIED", "failed"),
    ],
)
def test_outcomes(reason: str, outcome: str) -> None:
    assert finished(reason).outcome == outcome


def test_an_unknown_reason_fails_and_is_named() -> None:
    event = finished("NEW_REASON")
    assert (event.outcome, event.code, event.raw_reason) == ("failed", "server_error", "NEW_REASON")
    assert "'NEW_REASON'" in (event.message or "")


def test_the_upstreams_explanation_is_passed_on_without_secrets() -> None:
    message = finished("MALFORMED_FUNCTION_CALL", "bad call, key AIzaSyD-0123456789").message or ""
    assert message.endswith("Upstream: bad call, key [redacted]")


def test_an_empty_answer_is_not_completed() -> None:
    assert finished_empty("STOP", ()).outcome == "failed"
    assert "inlineData" in (finished_empty("STOP", ("inlineData",)).message or "")
