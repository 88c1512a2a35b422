"""Items as rows of PostgreSQL, and back: the wire form, and beside it what the upstream wants back."""

import re
from typing import Any

import msgspec

from responses_api.core.client_tools import CALL_TYPES
from responses_api.core.conversation import ConversationItem, UpstreamFacts

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def as_jsonb(value: object) -> str:
    """``value`` as jsonb takes it, which has no NUL character: a replacement character stands in."""
    encoded = msgspec.json.encode(value).decode()
    return _NUL.sub(r"\1\\ufffd", encoded) if "\\u0000" in encoded else encoded


def from_jsonb(value: Any) -> Any:
    """A jsonb value, which comes as text where Django's loader is switched off."""
    return msgspec.json.decode(value) if isinstance(value, str) else value


def item_columns(item: ConversationItem) -> dict[str, Any]:
    """The columns that items have wherever they are kept."""
    facts = item.upstream or UpstreamFacts()
    is_call = item.wire["type"] in CALL_TYPES
    return {
        "id": item.wire["id"],
        "type": item.wire["type"],
        "wire": item.wire,
        "signature": facts.signature or "",
        "upstream_call_id": facts.call_id or "",
        "upstream_model": facts.model or "",
        "upstream_parts": facts.parts or None,
        "call_id": item.wire.get("call_id") or "" if is_call else "",
    }


def item_from_row(
    response_id: str, wire: Any, signature: str, call_id: str, model: str, parts: Any
) -> ConversationItem:
    """The item of a row's ``response_id``, ``wire``, ``signature`` and ``upstream_…`` columns.

    Without response and facts the upstream knows nothing of it: its ``upstream`` is None.
    """
    facts = UpstreamFacts(signature or None, call_id or None, model or None, tuple(from_jsonb(parts) or ()))
    known = bool(response_id) or facts != UpstreamFacts()
    return ConversationItem(from_jsonb(wire), response_id or None, facts if known else None)
