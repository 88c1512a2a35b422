"""Items as rows, and back."""

from typing import Any

import msgspec
import pytest

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.storage.item_rows import as_jsonb, from_jsonb, item_columns, item_from_row

CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "id": "fco_1", "call_id": "call_1", "output": "x"}


def back(columns: dict[str, Any], response_id: str) -> ConversationItem:
    names = ("wire", "signature", "upstream_call_id", "upstream_model", "upstream_parts")
    return item_from_row(response_id, *(columns[name] for name in names))


@pytest.mark.parametrize(
    "facts", [UpstreamFacts(), UpstreamFacts("sig", "up", "m", ({"text": "x", "thoughtSignature": "s"},))]
)
def test_an_item_comes_back_with_what_the_upstream_said_of_it(facts: UpstreamFacts) -> None:
    item = ConversationItem(CALL, "resp_1", facts)
    columns = item_columns(item)
    assert (columns["id"], columns["type"], columns["call_id"]) == ("fc_1", "function_call", "call_1")
    assert back(columns, "resp_1") == item


def test_of_an_item_that_no_response_knows_nothing_is_known() -> None:
    assert back(item_columns(ConversationItem(CALL)), "") == ConversationItem(CALL)


def test_only_calls_are_found_by_call_id() -> None:
    assert item_columns(ConversationItem(OUTPUT))["call_id"] == ""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\x00\x00", "\ufffd\ufffd"),
        ("a\\u0000b", "a\\u0000b"),
        ("\\\x00", "\\\ufffd"),
        ("💥 \u2028", "💥 \u2028"),
    ],
)
def test_no_nul_reaches_the_database(text: str, kept: str) -> None:
    encoded = as_jsonb({"a": text})
    assert msgspec.json.decode(encoded) == {"a": kept}
    assert from_jsonb(encoded) == {"a": kept}
    assert from_jsonb({"a": kept}) == {"a": kept}
    assert from_jsonb(None) is None
