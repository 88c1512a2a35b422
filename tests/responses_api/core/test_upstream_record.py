"""What is kept of the upstream beside the output."""

from typing import Any

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.generation_events import AnswerContinued, AnswerStarted, UsageReported
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


def test_an_empty_part_is_an_item_of_its_own() -> None:
    kept = record()
    kept.keep(MESSAGE)
    kept.keep_empty("alone")
    assert [(item.wire, item.upstream) for item in kept.items] == [
        (MESSAGE, UpstreamFacts(None, None, "m")),
        (EMPTY, UpstreamFacts("alone", None, "m")),
    ]


def test_a_model_that_no_answer_names_is_the_one_that_was_asked() -> None:
    kept = UpstreamRecord("resp_1", "m-asked")
    kept.begin_answer(AnswerStarted())
    kept.keep(MESSAGE, "sig")
    assert kept.items == [ConversationItem(MESSAGE, "resp_1", UpstreamFacts("sig", None, "m-asked"))]
    assert (kept.signing_model, kept.model_version) == ("m-asked", None)
    kept.begin_answer(AnswerStarted("m"))
    assert (kept.signing_model, kept.model_version) == ("m", "m")


def test_a_late_answer_joins_its_step_and_nothing_else() -> None:
    kept = record()
    kept.keep({"type": "web_search_call", "id": "ws_0"}, "sig", "up", [{"call": 1}])
    kept.await_answer("1")
    kept.keep(MESSAGE)
    assert kept.keep_late_answer("2", {"answer": 2}) is None
    assert kept.keep_late_answer("1", {"answer": 1}) == "ws_0"
    assert [item.upstream for item in kept.items] == [
        UpstreamFacts("sig", "up", "m", ({"call": 1}, {"answer": 1})),
        UpstreamFacts(None, None, "m"),
    ]
    assert kept.keep_late_answer("1", {"answer": 1}) is None


def test_a_late_answer_stays_within_its_answer() -> None:
    kept = record()
    kept.keep({"type": "web_search_call", "id": "ws_0"}, parts=[{"call": 1}])
    kept.await_answer("1")
    kept.begin_answer(AnswerContinued("m"))
    assert kept.keep_late_answer("1", {"answer": 1}) is None


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
