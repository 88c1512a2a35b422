"""Which call an output without ``call_id`` answers."""

from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest
from responses_api.core.output_pairing import with_call_ids

FACTS = UpstreamFacts("c2ln", "up", "gemini-3.8-flash")


def call(
    call_id: str | None, name: str = "f", kind: str = "function_call", **members: Any
) -> ConversationItem:
    wire = {"type": kind, "call_id": call_id, "name": name, "arguments": "{}", **members}
    return ConversationItem(wire, "resp_1", FACTS)


def output(
    call_id: str | None = None, kind: str = "function_call_output", **members: Any
) -> ConversationItem:
    return ConversationItem({"type": kind, "output": "ok", "call_id": call_id, **members})


def user() -> ConversationItem:
    return ConversationItem({"type": "message", "role": "user", "content": []})


def paired(*items: ConversationItem) -> list[Any]:
    return [item.wire.get("call_id") for item in with_call_ids(items)]


def test_parallel_calls_are_answered_in_their_order() -> None:
    assert paired(call("a"), call("b"), output(), output()) == ["a", "b", "a", "b"]


def test_a_sequence_of_calls_is_answered_one_by_one() -> None:
    assert paired(call("a"), output(), user(), call("b"), output()) == ["a", "a", None, "b", "b"]


def test_a_call_that_is_answered_by_its_id_is_not_open() -> None:
    assert paired(call("a"), call("b"), output(), output("a")) == ["a", "b", "b", "a"]
    assert paired(call("a"), output("a"), call("a"), output()) == ["a", "a", "a", "a"]


def test_an_output_that_tells_its_tool_is_that_tools() -> None:
    assert paired(call("a", "f"), call("b", "g"), output(name="g"), output()) == ["a", "b", "b", "a"]
    outer, inner = call("a", "f"), call("b", "f", namespace="n")
    assert paired(outer, inner, output(name="f", namespace="n"), output("a")) == ["a", "b", "b", "a"]


def test_an_output_is_one_of_a_call_of_its_own_kind() -> None:
    items = [
        call("a", kind="custom_tool_call"),
        call("b"),
        call("c", kind="local_shell_call"),
        output(),
        output(kind="local_shell_call_output"),
        output(kind="custom_tool_call_output"),
    ]
    assert paired(*items) == ["a", "b", "c", "b", "c", "a"]


def test_a_search_that_a_server_made_gets_an_id_by_its_place() -> None:
    items = [user(), call(None, kind="tool_search_call"), output(kind="tool_search_output")]
    assert paired(*items) == [None, "call_1", "call_1"]


def test_items_of_the_local_shell_may_be_named_by_their_own_id() -> None:
    items = [
        call(None, kind="local_shell_call", id="call_x"),
        output(kind="local_shell_call_output", id="call_x"),
    ]
    assert paired(*items) == ["call_x", "call_x"]


def test_what_a_tool_says_unasked_stays_without_a_call() -> None:
    items = [user(), output(name="send_message_to_thread"), call("a"), output("a")]
    assert paired(*items) == [None, None, "a", "a"]


@pytest.mark.parametrize("items", [[output()], [output(), call("a")], [call("a"), output("a"), output()]])
def test_an_output_with_neither_call_nor_name_is_refused(items: list[ConversationItem]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        with_call_ids(items)
    assert caught.value.param == "input"
    assert caught.value.message == (
        "No tool call found for a function_call_output without call_id. "
        "It needs the call_id of its call, or the name of the tool that it is of."
    )


def test_items_keep_everything_else_and_known_ids_cost_nothing() -> None:
    items = (
        user(),
        call("a"),
        output("a"),
        output("foreign"),
        call(None, kind="tool_search_call"),
        output(name="x"),
    )
    before = repr(items)
    result = with_call_ids(items)
    assert repr(items) == before
    assert all(new is old for new, old in zip(result[:4], items[:4], strict=True))
    assert (result[4].response_id, result[4].upstream) == ("resp_1", FACTS)
    assert with_call_ids(result) == result
