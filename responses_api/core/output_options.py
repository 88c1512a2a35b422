"""What a request lets the items of its response look like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from responses_api.core.client_tools import ClientTool
from responses_api.core.sealed_reasoning import SealedReasoning


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Read by the response stream; made from the request by whoever drives it."""

    tools: Mapping[str, ClientTool] = field(default_factory=dict)
    """The client's tools by the name under which the model calls them. A call of any other
    name is shown as a plain function call of that name."""
    include: frozenset[str] = frozenset()
    """The request's ``include``."""
    stateless: bool = False
    """Whether the client keeps the conversation: then every signature has to reach it, in
    reasoning items made for the purpose if need be, and hosted steps show their outputs."""
    seal: Callable[[SealedReasoning], str] | None = None
    """Makes ``encrypted_content``; None leaves it out."""
    upstream_model: str | None = None
    """The upstream's name of the model that is asked; it signs, unless the answer names another."""
