"""Shortening a conversation: what goes first, what never goes, what goes together."""

from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.conversation import ConversationItem
from responses_api.gemini.token_estimate import estimate_tokens
from responses_api.gemini.truncation import without_oldest
from responses_api.gemini.turns import split_into_turns
from tests.responses_api.gemini.conversations import call, message, output, reasoning, user

ALL = 1_000_000


def test_the_oldest_goes_first_and_no_more_than_has_to() -> None:
    u1, a1, u2, a2, u3 = (
        user("a" * 400),
        message("assistant", "b" * 400, by="r1"),
        user("c" * 400),
        message("assistant", "d" * 400, by="r2"),
        user("e" * 400),
    )
    items = [u1, a1, u2, a2, u3]
    assert without_oldest(items, 1) == [a1, u2, a2, u3]
    assert without_oldest(items, 150) == [u2, a2, u3]
    assert without_oldest(items, ALL) == [u3]


def test_system_messages_and_declared_tools_stay() -> None:
    tools = ConversationItem({"type": "additional_tools", "tools": []})
    system, late, last = message("system", "s"), message("developer", "d"), user("last")
    items = [system, user("one"), tools, message("assistant", "1"), late, user("two"), last]
    assert without_oldest(items, ALL) == [tools, system, late, last]


def test_a_step_goes_whole_with_its_outputs() -> None:
    question, last = user("q"), user("last")
    step = [reasoning("hm", by="r1"), call("c1", by="r1"), call("c2", by="r1")]
    items = [question, *step, output("c1", by="r2"), output("c2", by="r2"), last]
    assert without_oldest([*items], estimate_tokens(question.wire) + 1) == [last]
    assert without_oldest([*items], 1) == items[1:]


def test_what_the_model_works_on_stays() -> None:
    """In the middle of a step the user's request and the latest results are what is to be answered."""
    question = user("q")
    old, old_result = call("c1", by="r1"), output("c1", by="r2")
    new, new_result = call("c2", by="r2"), output("c2")
    items = [user("before"), question, old, old_result, new, new_result]
    assert without_oldest(items, ALL) == [question, new, new_result]


def test_nothing_may_be_left_to_go() -> None:
    items = [message("system", "s"), user("one")]
    assert without_oldest(items, ALL) == items


_steps = st.sampled_from(["user", "developer", "assistant", "call", "parallel"])


@given(st.lists(_steps, min_size=1, max_size=12), st.integers(1, 200))
def test_what_stays_is_a_conversation_again(steps: list[str], surplus: int) -> None:
    items: list[ConversationItem] = []
    for number, step in enumerate(steps):
        match step:
            case "user" | "developer" | "assistant":
                items.append(message(step, f"{number}", by=f"r{number}"))
            case "call":
                items += [call(f"c{number}", by=f"r{number}"), output(f"c{number}")]
            case _:
                calls = [call(f"c{number}{letter}", by=f"r{number}") for letter in "ab"]
                items += [*calls, output(f"c{number}b"), output(f"c{number}a")]
    kept = without_oldest(items, surplus)
    split_into_turns(kept)  # raises where a call lacks its output or an output its call
    assert {id(item) for item in kept} <= {id(item) for item in items}
    users = [item for item in items if item.wire.get("role") == "user"]
    assert not users or users[-1] in kept
    assert [i for i in items if i.wire.get("role") == "developer"] == [
        i for i in kept if i.wire.get("role") == "developer"
    ]
