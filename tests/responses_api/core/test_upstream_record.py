"""What is kept of the upstream beside the output."""

from typing import Any

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.generation_events import AnswerStarted, UsageReported
from responses_api.core.upstream_record import UpstreamRecord

MESSAGE: dict[str, Any] = {"type": "message", "id": "msg_0", "role": "assistant", "content": [{}]}
CALL: dict[str, Any] = {"type": "function_call", "id": "fc_0"}
EMPTY: dict[str, Any] = {"type": "message", "role": "assistant", "content": []}


def record(model: str | None = "m") -> UpstreamRecord:
    made = UpstreamRecord("resp_1")
    made.begin_answer(AnswerStarted(model, "up_1"))
    return made


def test_an_item_is_kept_with_its_facts() -> None:
    kept = record()
    kept.keep(CALL, "sig", "call_up")
    assert kept.items == [ConversationItem(CALL, "resp_1", UpstreamFacts("sig", "call_up", "m"))]


def test_a_late_signature_goes_to_an_unsigned_message() -> None:
    kept = record()
    kept.keep(MESSAGE, None, None)
    kept.sign_last("late")
    assert kept.items == [ConversationItem(MESSAGE, "resp_1", UpstreamFacts("late", None, "m"))]


def test_a_late_signature_never_replaces_one() -> None:
    kept = record()
    kept.keep(MESSAGE, "own", None)
    kept.sign_last("late")
    assert [(item.wire, item.upstream) for item in kept.items] == [
        (MESSAGE, UpstreamFacts("own", None, "m")),
        (EMPTY, UpstreamFacts("late", None, "m")),
    ]


def test_a_late_signature_never_signs_a_call() -> None:
    kept = record()
    kept.keep(CALL, None, "call_up")
    kept.sign_last("late")
    assert kept.items[0].upstream == UpstreamFacts(None, "call_up", "m")
    assert kept.items[1].wire == EMPTY


def test_a_signature_with_no_item_at_all_is_kept() -> None:
    kept = record()
    kept.sign_last("alone")
    assert kept.items == [ConversationItem(EMPTY, "resp_1", UpstreamFacts("alone", None, "m"))]


def test_a_late_signature_stays_within_its_answer() -> None:
    kept = record()
    kept.keep(MESSAGE, None, None)
    kept.begin_answer(AnswerStarted("m2"))
    kept.sign_last("second")
    assert [item.upstream for item in kept.items] == [
        UpstreamFacts(None, None, "m"),
        UpstreamFacts("second", None, "m2"),
    ]


def test_what_a_later_answer_does_not_name_stays_known() -> None:
    kept = record()
    kept.begin_answer(AnswerStarted())
    assert (kept.model_version, kept.upstream_id) == ("m", "up_1")


def test_usage_replaces_within_an_answer_and_adds_over_answers() -> None:
    kept = record()
    kept.report_usage(UsageReported(1))
    kept.report_usage(UsageReported(2))
    kept.begin_answer(AnswerStarted())
    kept.report_usage(UsageReported(40))
    assert kept.usage == UsageReported(42)
