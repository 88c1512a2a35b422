"""Reasoning items, with a summary and without."""

import pytest

from responses_api.core.open_items import OpenReasoning, OpenSeal


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


def test_a_thought_is_announced_without_its_text() -> None:
    item = OpenReasoning("rs_1", 0)
    item.delta("Hm")
    added, part = item.opening()
    assert added[1]["item"]["summary"] == []
    assert part[1]["part"] == {"type": "summary_text", "text": ""}


@pytest.mark.parametrize("item", [OpenReasoning("rs_1", 0), OpenSeal("rs_1", 0)])
def test_encrypted_content_is_there_or_absent(item: OpenSeal) -> None:
    assert "encrypted_content" not in item.wire("completed")
    item.encrypted_content = "blob"
    assert item.wire("completed")["encrypted_content"] == "blob"
