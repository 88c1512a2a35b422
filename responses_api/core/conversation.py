"""A conversation as the translation sees it: wire items plus what only the upstream needs.

An item's wire form is what clients send and read. Beside it we keep facts that the
upstream gave us and wants back on the next turn (thought signatures, its own call ids);
they are stored with the item and never shown in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

type WireItem = Mapping[str, Any]
"""One input or output item in the Responses API's canonical wire form: ``type`` always
present, message ``content`` always a list of parts."""


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """What the upstream attached to the part behind one item."""

    signature: str | None = None
    """Thought signature of the part; goes back on the same part, never on another."""
    call_id: str | None = None
    """The upstream's own id of a function call, where it gave one."""
    model: str | None = None
    """Upstream model that signed; a signature is worthless to another model line."""
    parts: tuple[Mapping[str, Any], ...] = ()
    """The very parts behind a hosted tool's item, signatures included, opaque to the core.
    Where there are any, they go back in place of what the wire form says."""


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """One item of a conversation, in the order in which it was said."""

    wire: WireItem
    response_id: str | None = None
    """The response that produced or received it; None for the request at hand. Items the
    model produced in one response are one upstream step: calls there are parallel."""
    upstream: UpstreamFacts | None = None
