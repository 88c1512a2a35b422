"""The tools that a request declares and its choice among them.

Their shapes are checked in ``tool_shapes``; which of them the gateway can serve is a separate
question (``unsupported_tool``), and so is whether a choice names a declared tool
(``check_tool_choice``).

Sources: ``Tool`` and ``ToolChoiceParam`` of OpenAI's OpenAPI document, November 2026.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Never, NotRequired, TypedDict

from pydantic import Discriminator, FailFast, Field, Tag, with_config

from responses_api.core.content_parts import WIRE
from responses_api.core.errors import InvalidRequest
from responses_api.core.tool_shapes import WEB_SEARCH_TYPES, Tool
from responses_api.core.validation import Kinds, listed, quoted

__all__ = [
    "CLIENT_TOOL_TYPES",
    "HOSTED_TOOL_TYPES",
    "MAX_TOOLS",
    "SERVED_TOOL_TYPES",
    "WEB_SEARCH_TYPES",
    "Tool",
    "ToolChoice",
    "WireTool",
    "check_tool_choice",
    "designates",
    "unsupported_tool",
]

type WireTool = Mapping[str, Any]
"""One entry of ``tools`` in its wire form; ``type`` is always present."""

MAX_TOOLS = 512
HOSTED_TOOL_TYPES = (*WEB_SEARCH_TYPES, "code_interpreter", "image_generation")
"""Tools that the upstream runs."""
CLIENT_TOOL_TYPES = (
    "function",
    "custom",
    "namespace",
    "local_shell",
    "shell",
    "apply_patch",
    "tool_search",
)
"""Tools that the client runs."""
SERVED_TOOL_TYPES = (*CLIENT_TOOL_TYPES, *HOSTED_TOOL_TYPES)

_INSTEAD: Mapping[str, str] = {
    "mcp": "Connect to the MCP server in the client, and declare its tools as functions.",
    "file_search": "Search in the client and declare the search as a function, "
    "or attach the files to the input as 'input_file' parts.",
    "computer": "Declare the actions of the computer as functions.",
    "programmatic_tool_calling": "Declare the tools themselves: the model calls them directly.",
}
"""What to do about a type that is not served, by the beginning of its name."""


def unsupported_tool(tool: WireTool) -> str | None:
    """Why the gateway cannot serve ``tool``, as a sentence for the client; None if it can."""
    kind = tool["type"]
    if kind in SERVED_TOOL_TYPES:
        return None
    instead = next((advice for name, advice in _INSTEAD.items() if kind.startswith(name)), None)
    return (
        f"Invalid value: {quoted(kind)}. Supported values are: {listed(SERVED_TOOL_TYPES)}. "
        f"{instead or 'Tools of other types are not supported by this gateway.'}"
    )


type ToolMode = Literal["none", "auto", "required"]


@with_config(WIRE)
class NamedChoice(TypedDict):
    """Names a declared function or custom tool."""

    type: Literal["function", "custom"]
    name: str
    namespace: NotRequired[str | None]


@with_config(WIRE)
class TypeChoice(TypedDict):
    """Names a tool that its type tells apart from all others."""

    type: Literal[
        "local_shell",
        "shell",
        "apply_patch",
        "tool_search",
        "web_search",
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
        "code_interpreter",
        "image_generation",
    ]


@with_config(WIRE)
class NamespaceChoice(TypedDict):
    """Names all tools of a namespace."""

    type: Literal["namespace"]
    name: str


@with_config(WIRE)
class OtherChoice(TypedDict):
    """Names a tool of any other type, by its type."""

    type: str


def _allowed_tag(entry: object) -> str:
    match entry:
        case {"type": "function" | "custom"}:
            return "(named)"
        case {"type": "namespace"}:
            return "(namespace)"
        case _:
            return "(other)"


@with_config(WIRE)
class AllowedTools(TypedDict):
    """The model is limited to some of the declared tools."""

    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: Annotated[
        list[
            Annotated[
                Annotated[NamedChoice, Tag("(named)")]
                | Annotated[NamespaceChoice, Tag("(namespace)")]
                | Annotated[OtherChoice, Tag("(other)")],
                Discriminator(_allowed_tag),
            ]
        ],
        FailFast(),
        Field(min_length=1, max_length=MAX_TOOLS),
    ]


_TYPE_CHOICES = (*(kind for kind in SERVED_TOOL_TYPES if kind not in ("function", "custom", "namespace")),)
_CHOICES = Kinds("function", "custom", "allowed_tools", *_TYPE_CHOICES)


def _choice_tag(choice: object) -> str | None:
    match choice:
        case str():
            return "(mode)"
        case {"type": "function" | "custom"}:
            return "(named)"
        case {"type": str(kind)} if kind in _TYPE_CHOICES:
            return "(type)"
        case dict():
            return _CHOICES.tag(choice)
        case _:
            return None


type ToolChoice = Annotated[
    Annotated[ToolMode, Tag("(mode)")]
    | Annotated[NamedChoice, Tag("(named)")]
    | Annotated[TypeChoice, Tag("(type)")]
    | Annotated[AllowedTools, Tag("(allowed_tools)")]
    | Annotated[Never, _CHOICES, Kinds.other],
    Discriminator(
        _choice_tag,
        custom_error_type="invalid_type",
        custom_error_message="expected {expected}",
        custom_error_context={"expected": "one of a string or object"},
    ),
]
"""``tool_choice``: a mode, one tool that has to be called, or a limited set of tools."""


def designates(
    entry: Mapping[str, Any], kind: str, name: str | None = None, namespace: str | None = None
) -> bool:
    """Whether a choice, or one entry of ``allowed_tools``, means a tool.

    Args:
        entry: ``{"type": ...}`` with ``name`` and ``namespace`` where it has them. A name
            without a namespace means the tools of that name in whatever namespace.
        kind: The tool's type; of a web search, any of its names.
        name: Of a function or custom tool.
        namespace: That it stands in, if in one.
    """
    match entry:
        case {"type": "namespace", "name": wanted}:
            return bool(namespace == wanted)
        case {"type": "function" | "custom" as wanted, **rest}:
            return (kind, name) == (wanted, rest.get("name")) and rest.get("namespace") in (None, namespace)
        case _:
            wanted = str(entry["type"])
            return kind == wanted or (kind in WEB_SEARCH_TYPES and wanted in WEB_SEARCH_TYPES)


def check_tool_choice(choice: ToolChoice, tools: Sequence[WireTool]) -> None:
    """Refuse a choice that no declared tool can meet.

    Args:
        choice: ``tool_choice`` in wire form.
        tools: All tools that are declared, be it in ``tools`` or in items.

    Raises:
        InvalidRequest: param ``tool_choice``, code None.
    """
    if choice == "required" and not tools:
        raise InvalidRequest(
            "Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice"
        )
    declared = list(_identities(tools))
    for entry in _entries(choice):
        if not any(designates(entry, *identity) for identity in declared):
            raise InvalidRequest(
                f"Tool choice {quoted(entry['type'])} not found in 'tools' parameter.", param="tool_choice"
            )


def _identities(tools: Sequence[WireTool]) -> Iterator[tuple[str, str | None, str | None]]:
    """Type, name and namespace of every tool."""
    for tool in tools:
        if tool["type"] == "namespace":
            yield from ((member["type"], member["name"], tool["name"]) for member in tool["tools"])
        else:
            yield tool["type"], tool.get("name"), None


def _entries(choice: ToolChoice) -> Sequence[Mapping[str, Any]]:
    if isinstance(choice, str):
        return ()
    return choice["tools"] if choice["type"] == "allowed_tools" else (choice,)
