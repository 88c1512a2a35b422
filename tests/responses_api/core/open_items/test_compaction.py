"""A compaction item: announced empty, done whole."""

from responses_api.core.open_items import OpenCompaction


def test_it_is_announced_without_its_content() -> None:
    item = OpenCompaction("cmp_1", 2, "sealed")
    ((added, announced),) = item.opening()
    assert added == "response.output_item.added"
    assert (announced["output_index"], announced["item"]["encrypted_content"]) == (2, "")
    ((done, whole),) = item.closing("completed")
    assert done == "response.output_item.done"
    assert whole["item"] == {
        "type": "compaction",
        "id": "cmp_1",
        "status": "completed",
        "encrypted_content": "sealed",
    }
