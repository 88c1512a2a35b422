"""What holds for every kind of open item, and that none hands out anything of its own."""

from typing import Any

import pytest

from responses_api.core.generation_events import TokenLogprob, ToolCall
from responses_api.core.open_items import (
    OpenClientCall,
    OpenCodeRun,
    OpenImage,
    OpenItem,
    OpenMessage,
    OpenReasoning,
    OpenRefusal,
    OpenSeal,
    OpenWebSearch,
)
from responses_api.core.output_items import ItemStatus, search_action
from tests.responses_api.core.response_streams import TOOLS

CALL = ToolCall("f", '{"a":1}', "up_1")


def message() -> OpenMessage:
    item = OpenMessage("msg_1", 0)
    item.delta("a", (TokenLogprob("a", -0.5, (("b", -1.5),)),))
    item.annotate({"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1})
    return item


def reasoning() -> OpenReasoning:
    item = OpenReasoning("rs_1", 0)
    item.delta("a")
    return item


def search() -> OpenWebSearch:
    action = search_action(["rain"])
    action["sources"] = [{"type": "url", "url": "u"}]
    return OpenWebSearch("ws_1", 0, action)


ITEMS: dict[str, OpenItem] = {
    "message": message(),
    "reasoning": reasoning(),
    "seal": OpenSeal("rs_1", 0),
    "refusal": OpenRefusal("msg_1", 0, "No."),
    "search": search(),
    "page": OpenWebSearch("ws_1", 0, {"type": "open_page", "url": None}),
    "code": OpenCodeRun("ci_1", 0, "cntr_1", "1 + 1", True, "2"),
    "image": OpenImage("ig_1", 0, "image/png", "aW1n"),
    "undeclared call": OpenClientCall("fc_1", 2, None, "call_1", CALL),
    **{name: OpenClientCall("fc_1", 2, tool, "call_1", CALL) for name, tool in TOOLS.items()},
}
items = pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)


@items
def test_an_item_is_announced_in_progress(item: OpenItem) -> None:
    name, fields = item.opening()[0]
    assert name == "response.output_item.added"
    assert fields["output_index"] == item.output_index
    assert fields["item"]["status"] == "in_progress"
    assert set(fields["item"]) == set(item.wire("completed"))


@items
def test_an_item_ends_with_its_whole_self(item: OpenItem) -> None:
    name, fields = item.closing("completed")[-1]
    assert name == "response.output_item.done"
    assert fields == {"output_index": item.output_index, "item": item.wire("completed")}


@items
@pytest.mark.parametrize("status", ["completed", "incomplete"])
def test_an_item_ends_with_a_status_that_is_final(item: OpenItem, status: ItemStatus) -> None:
    assert item.final(status) in (status, "failed")


@items
def test_what_is_handed_out_is_the_holders(item: OpenItem) -> None:
    before = [item.wire("completed"), item.opening(), item.closing("completed")]
    spoil([item.wire("completed"), item.opening(), item.closing("completed")])
    assert [item.wire("completed"), item.opening(), item.closing("completed")] == before


def spoil(value: Any) -> None:
    """Empty every list and dict of ``value`` from the inside."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    for member in members:
        spoil(member)
    if isinstance(value, dict | list):
        value.clear()
