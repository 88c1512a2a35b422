"""One tool of the client's as the model sees it: a function. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

type ClientToolKind = Literal["function", "custom", "local_shell", "shell", "apply_patch", "tool_search"]


@dataclass(frozen=True, slots=True)
class ClientTool:
    """One tool of the client's as a function that the model can call."""

    upstream_name: str
    """The name that the model calls: folded from namespace and name, unique in a request."""
    kind: ClientToolKind
    name: str
    """As the client declared it; the kind's own name where the kind has just one tool."""
    namespace: str | None = None
    description: str = ""
    parameters: Mapping[str, Any] | None = None
    """JSON Schema of the arguments; None for a function without parameters."""
    strict: bool = True
    param: str = "tools"
    """Where in the request it was declared, for error messages."""
