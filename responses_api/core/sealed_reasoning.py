"""What a reasoning item's ``encrypted_content`` holds: the signatures around it.

A client that keeps its conversation itself gets the upstream's thought signatures only
inside reasoning items, sealed (authenticated and encrypted, outside of this package), and
sends them back with its next request. One blob serves the parts next to its item: the call
that follows, the message, the picture or the hosted steps that came before, or a part that
is empty, in whose place the item stands.
"""

from typing import Any, Literal

import msgspec

type SignedKind = Literal["thought", "text", "empty", "call", "hosted", "image"]


class SignedPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One signature, and the part that it belongs to."""

    kind: SignedKind
    """``thought``: the reasoning item's own. ``text``: the nearest message of the model before
    it. ``empty``: an empty text part in the reasoning item's place. ``call``: the call named
    by ``call_id``, which follows. ``hosted``: a hosted tool's steps, whole, just before it.
    ``image``: the picture named by ``call_id``, just before it."""
    signature: str = ""
    call_id: str = ""
    """Ours; of kinds ``hosted`` and ``image``, the id of the item."""
    upstream_call_id: str = ""
    parts: tuple[dict[str, Any], ...] = ()
    """Of kind ``hosted``: ``UpstreamFacts.parts``."""


class SealedReasoning(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of one blob."""

    response_id: str
    """The response that made it: its calls belong to one step of the model."""
    model: str
    """Upstream model that signed."""
    parts: tuple[SignedPart, ...]
