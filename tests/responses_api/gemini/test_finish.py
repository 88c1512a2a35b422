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


def test_an_empty_answer_is_not_completed_and_may_be_tried_again() -> None:
    empty = finished_empty("STOP", ())
    assert (empty.outcome, empty.remedy) == ("failed", "repeat")


def test_an_answer_of_what_cannot_be_carried_names_it_and_would_come_again() -> None:
    foreign = finished_empty("STOP", ("fileData", "fileData", "x AIzaSyD-0123456789"))
    assert (foreign.outcome, foreign.remedy) == ("failed", None)
    assert foreign.message is not None
    assert foreign.message.endswith("cannot carry: fileData, x [redacted].")


@pytest.mark.parametrize("reason", sorted(DOCUMENTED | {"NEW_REASON"}))
def test_remedies(reason: str) -> None:
    accidents = {"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL"}
    remedies = {reason: "repeat" for reason in accidents} | {"MISSING_THOUGHT_SIGNATURE": "drop_signatures"}
    assert finished(reason).remedy == remedies.get(reason)


def test_only_an_answer_that_asks_to_be_gone_on_with_has_the_token() -> None:
    assert finished("CONTINUATION", continuation="t").continuation == "t"
    assert finished("CONTINUATION").continuation is None
    assert finished("CONTINUATION", continuation="").continuation is None
    assert finished("STOP", continuation="t").continuation is None
    assert finished("MAX_TOKENS", continuation="t").continuation is None
