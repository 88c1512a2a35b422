"""Every kind of item that can be stored has ids of its own."""

from responses_api.core.input_items import _ITEMS
from responses_api.core.item_ids import ITEM_PREFIXES


def test_every_kind_of_item_has_a_prefix_of_its_own() -> None:
    assert set(_ITEMS.names) - {"item_reference", "compaction_trigger"} == ITEM_PREFIXES.keys()
    assert len(set(ITEM_PREFIXES.values())) == len(ITEM_PREFIXES)
