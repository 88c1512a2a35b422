"""What stays of a conversation beside a summary, and where the summary goes."""

from responses_api.core.compaction import (
    SealedSummary,
    before_last_words,
    compacted,
    kept_messages,
    latest_compaction,
    summary_request,
)
from responses_api.core.conversation import ConversationItem
from tests.responses_api.gemini.conversations import call, message, output, reasoning, user

SUMMARY = SealedSummary("They talked about rain.")
BESIDE = SealedSummary("They talked about rain.", keeps_messages=True)


def item(kind: str, **members: object) -> ConversationItem:
    return ConversationItem({"type": kind, **members})


def compaction(name: str) -> ConversationItem:
    return item("compaction", encrypted_content=name)


def text(said: ConversationItem) -> str:
    return "".join(part["text"] for part in said.wire["content"])


def shown(items: list[ConversationItem], index: int, content: SealedSummary) -> list[object]:
    """Every item that is shown: itself, or SUMMARY where the summary stands."""
    result = compacted(items, index, content)
    return [said if any(said is known for known in items) else SUMMARY for said in result]


def test_the_model_s_side_before_the_item_gives_way_to_the_summary() -> None:
    dev, u1, a1, u2, a2 = (
        message("developer", "Be nice."),
        user("one"),
        message("assistant", "1"),
        user("two"),
        message("assistant", "2"),
    )
    items = [dev, u1, reasoning("hm"), a1, call("c"), output("c"), compaction("x"), a2, u2]
    assert shown(items, 6, SUMMARY) == [dev, SUMMARY, a2, u2]
    assert shown(items, 6, BESIDE) == [dev, u1, SUMMARY, a2, u2]


def test_the_summary_is_told_as_one_by_the_user() -> None:
    (told,) = compacted([user("one"), compaction("x")], 1, SUMMARY)
    assert told.wire["role"] == "user"
    assert text(told).endswith("\n\nThey talked about rain.")


def test_the_summary_is_asked_for_by_a_message_of_the_user() -> None:
    asked = summary_request()
    assert asked.wire["role"] == "user"
    assert "Do not answer the conversation" in text(asked)


def test_a_summary_may_be_put_before_what_was_said_last() -> None:
    u1, a1, u2 = user("one"), message("assistant", "1"), user("two")
    assert shown([u1, a1, u2], 2, SUMMARY) == [SUMMARY, u2]
    assert shown([u1, a1], 2, SUMMARY) == [SUMMARY]


def test_only_the_latest_compaction_counts() -> None:
    items = [user("one"), compaction("x"), user("two"), compaction("y"), user("three")]
    assert latest_compaction(items) == 3
    assert shown(items, 3, SUMMARY) == [SUMMARY, items[4]]
    assert latest_compaction(items[:1]) is None


def test_an_output_whose_call_is_gone_goes_too() -> None:
    gone, other, answer = output("c"), call("d"), output("d")
    items = [user("one"), call("c"), compaction("x"), gone, other, answer]
    assert shown(items, 2, SUMMARY) == [SUMMARY, other, answer]


def test_declared_tools_stay() -> None:
    declared = item("additional_tools", tools=[])
    searched = item("tool_search_call", call_id="s")
    found = item("tool_search_output", call_id="s", tools=[])
    assert shown([declared, searched, found, compaction("x")], 3, SUMMARY) == [
        declared,
        searched,
        found,
        SUMMARY,
    ]


def test_what_was_said_last_begins_after_the_model_s_last_item() -> None:
    a1, u1, u2 = message("assistant", "1"), user("one"), user("two")
    assert before_last_words([u1, a1, u1, u2]) == 2
    assert before_last_words([u1, call("c"), output("c")]) == 3
    assert before_last_words([u1, u2]) == 0
    assert before_last_words([]) == 0


def test_the_messages_of_everybody_but_the_model_are_kept() -> None:
    dev, u1, u2 = message("developer", "Be nice."), user("one"), user("two")
    items = [dev, u1, message("assistant", "1"), call("c"), output("c"), u2]
    assert kept_messages(items) == [dev, u1, u2]


def test_of_many_words_the_latest_are_kept_and_always_the_last() -> None:
    dev, first, second, last = message("system", "s"), user("a" * 50_000), user("b" * 50_000), user("c")
    assert kept_messages([dev, first, second, last]) == [dev, second, last]
    huge = user("d" * 200_000)
    assert kept_messages([last, huge]) == [huge]
