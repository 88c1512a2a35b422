"""A web search call's steps and ends."""

import pytest

from responses_api.core.open_items import OpenWebSearch
from responses_api.core.output_items import ItemStatus, open_page_action, search_action

PLACE = {"item_id": "ws_1", "output_index": 1}


def test_a_search_goes_through_its_steps() -> None:
    item = OpenWebSearch("ws_1", 1, search_action(["rain"]))
    assert item.opening()[1:] == [
        ("response.web_search_call.in_progress", PLACE),
        ("response.web_search_call.searching", PLACE),
    ]
    assert item.closing("completed")[:-1] == [("response.web_search_call.completed", PLACE)]
    assert len(item.closing("failed")) == 1


@pytest.mark.parametrize(
    ("status", "final"), [("completed", "completed"), ("failed", "failed"), ("incomplete", "failed")]
)
def test_a_search_is_never_incomplete(status: ItemStatus, final: ItemStatus) -> None:
    assert OpenWebSearch("ws_1", 1, open_page_action([])).final(status) == final
