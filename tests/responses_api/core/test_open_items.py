"""Open items: what they are at each moment, and that they hand out nothing of their own."""

from typing import Any

import pytest

from responses_api.core.generation_events import ToolCall
from responses_api.core.open_items import OpenCall, OpenItem, OpenMessage, OpenReasoning

CALL = OpenCall("fc_1", 2, "call_1", ToolCall("f", '{"a":1}', "up_1"))


def test_a_message_grows() -> None:
    item = OpenMessage("msg_1", 0)
    assert item.delta("Hel")[0] == "response.output_text.delta"
    _, fields = item.delta("lo")
    assert fields == {
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "lo",
        "logprobs": [],
    }
    assert item.wire("incomplete") == {
        "type": "message",
        "id": "msg_1",
        "status": "incomplete",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}],
    }


def test_a_thought_grows() -> None:
    item = OpenReasoning("rs_1", 3)
    item.delta("Hm")
    _, fields = item.delta("m")
    assert fields == {"item_id": "rs_1", "output_index": 3, "summary_index": 0, "delta": "m"}
    assert item.wire("completed") == {
        "type": "reasoning",
        "id": "rs_1",
        "status": "completed",
        "summary": [{"type": "summary_text", "text": "Hmm"}],
    }


def test_a_call_is_whole() -> None:
    assert CALL.wire("completed") == {
        "type": "function_call",
        "id": "fc_1",
        "status": "completed",
        "call_id": "call_1",
        "name": "f",
        "arguments": '{"a":1}',
    }


@pytest.mark.parametrize(
    ("item", "empty"),
    [(OpenMessage("msg_1", 0), "content"), (OpenReasoning("rs_1", 0), "summary"), (CALL, "arguments")],
)
def test_an_item_is_announced_empty_and_in_progress(item: OpenItem, empty: str) -> None:
    name, fields = item.opening()[0]
    assert name == "response.output_item.added"
    assert fields["item"]["status"] == "in_progress"
    assert not fields["item"][empty]


@pytest.mark.parametrize("item", [OpenMessage("msg_1", 0, ["a"]), OpenReasoning("rs_1", 0, ["a"]), CALL])
def test_an_item_ends_with_its_whole_self(item: OpenItem) -> None:
    name, fields = item.closing("completed")[-1]
    assert name == "response.output_item.done"
    assert fields == {"output_index": item.output_index, "item": item.wire("completed")}


@pytest.mark.parametrize("item", [OpenMessage("msg_1", 0, ["a"]), OpenReasoning("rs_1", 0, ["a"]), CALL])
def test_what_is_handed_out_is_the_holders(item: OpenItem) -> None:
    before = item.wire("completed")
    handed: list[Any] = [item.wire("completed"), *item.opening(), *item.closing("completed")]
    for value in handed:
        fields = value if isinstance(value, dict) else value[1]
        for member in fields.values():
            if isinstance(member, dict | list):
                member.clear()
    assert item.wire("completed") == before
