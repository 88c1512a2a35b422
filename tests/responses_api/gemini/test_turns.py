import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.turns import AnsweredCall, UserTurn, split_into_turns
from tests.responses_api.gemini.conversations import call, message, output, reasoning, user


def shape(*conversation: ConversationItem) -> list[list[str]]:
    """One list per turn: texts, and ``call_id=output`` for answered calls."""
    turns: list[list[str]] = []
    for turn in split_into_turns(conversation):
        entries = turn.messages if isinstance(turn, UserTurn) else turn.entries
        turns.append([label(entry) for entry in entries])
    return turns


def label(entry: ConversationItem | AnsweredCall) -> str:
    if isinstance(entry, AnsweredCall):
        assert entry.call.wire["call_id"] == entry.output.wire["call_id"]
        return f"{entry.call.wire['call_id']}={entry.output.wire['output']}"
    if entry.wire["type"] == "reasoning":
        return "thought"
    return "".join(part["text"] for part in entry.wire["content"])


def test_parallel_calls_with_outputs_in_another_order() -> None:
    assert shape(user("q"), call("a"), call("b"), output("b", "B"), output("a", "A")) == [
        ["q"],
        ["a=A", "b=B"],
    ]


def test_outputs_between_the_calls_of_one_response_do_not_divide_them() -> None:
    items = [user("q"), call("a", by="r1"), output("a"), call("b", by="r1"), output("b")]
    assert shape(*items) == [["q"], ["a=ok", "b=ok"]]


def test_outputs_between_the_calls_of_a_clients_own_history_divide_them() -> None:
    assert shape(user("q"), call("a"), output("a"), call("b"), output("b")) == [["q"], ["a=ok"], ["b=ok"]]


def test_a_clients_own_history_reads_the_same_once_it_is_stored() -> None:
    items = [call("a", by="r1"), output("a", by="r1"), call("b", by="r1"), output("b", by="r1")]
    assert shape(user("q", by="r1"), *items, message("assistant", "done", by="r1")) == [
        ["q"], ["a=ok"], ["b=ok"], ["done"],
    ]  # fmt: skip


def test_calls_of_different_responses_are_sequential() -> None:
    items = [call("a", by="r1"), output("a", by="r2"), call("b", by="r2"), output("b")]
    assert shape(user("q", by="r1"), *items) == [["q"], ["a=ok"], ["b=ok"]]


def test_calls_of_different_responses_are_sequential_in_a_clients_replay_too() -> None:
    items = [call("a", by="r1"), output("a"), call("b", by="r2"), output("b")]
    assert shape(user("q"), *items) == [["q"], ["a=ok"], ["b=ok"]]


def test_text_and_thoughts_of_one_step_stay_with_its_calls() -> None:
    items = [reasoning("t"), message("assistant", "x"), call("a"), message("assistant", "y"), call("b")]
    assert shape(user("q"), *items, output("a"), output("b")) == [
        ["q"],
        ["thought", "x", "a=ok", "y", "b=ok"],
    ]


def test_a_user_message_ends_a_step_and_late_outputs_still_find_their_call() -> None:
    items = [call("a"), user("wait"), output("a"), message("assistant", "done")]
    assert shape(user("q"), *items) == [["q"], ["a=ok"], ["wait"], ["done"]]


def test_a_repeated_call_id_means_the_oldest_open_call() -> None:
    items = [
        call("a"),
        output("a", "1"),
        call("a"),
        output("a", "2"),
        call("a"),
        call("a"),
        output("a", "3"),
        output("a", "4"),
    ]
    assert shape(user("q"), *items) == [["q"], ["a=1"], ["a=2"], ["a=3", "a=4"]]


@pytest.mark.parametrize(
    "items",
    [
        [output("x")],
        [output("x"), call("x")],
        [call("x"), output("x"), output("x")],
        [call("y"), output("x"), output("y")],
    ],
)
def test_an_output_without_a_call(items: list[ConversationItem]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        split_into_turns([user("q"), *items])
    assert caught.value.message == "No tool call found for function call output with call_id x."
    assert (caught.value.http_status, caught.value.param) == (400, "input")


@pytest.mark.parametrize(
    "items", [[call("x")], [call("y"), call("x"), output("y")], [call("x"), user("next")]]
)
def test_a_call_without_an_output(items: list[ConversationItem]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        split_into_turns([user("q"), *items])
    assert caught.value.message == "No tool output found for function call x."
    assert (caught.value.http_status, caught.value.param) == (400, "input")


@given(st.permutations([output(call_id, call_id.upper()) for call_id in "abcd"]))
def test_parallel_calls_come_in_call_order_whatever_the_client_sent(outputs: list[ConversationItem]) -> None:
    calls = [call(call_id) for call_id in "abcd"]
    assert shape(user("q"), *calls, *outputs) == [["q"], ["a=A", "b=B", "c=C", "d=D"]]
