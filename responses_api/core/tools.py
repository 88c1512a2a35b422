"""The tools that a request declares and its choice among them.

Tools stay wire dicts. Their shapes are checked here; which of them the gateway can serve
is a separate question (``unsupported_tool``), and so is whether a choice names a declared
tool (``check_tool_choice``).

Sources: ``Tool`` and ``ToolChoiceParam`` of OpenAI's OpenAPI document, November 2026.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Never, NotRequired, TypedDict

from pydantic import Discriminator, FailFast, Field, Tag, with_config

from responses_api.core.content_parts import WIRE
from responses_api.core.errors import InvalidRequest
from responses_api.core.validation import Kinds, listed, quoted

type WireTool = Mapping[str, Any]
"""One entry of ``tools`` in its wire form; ``type`` is always present."""

MAX_TOOLS = 512
SERVED_TOOL_TYPES = ("function",)

type _ToolName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9_-]+$")]


@with_config(WIRE)
class FunctionTool(TypedDict):
    """A function of the client's; ``parameters`` is a JSON Schema of an object."""

    type: Literal["function"]
    name: _ToolName
    description: NotRequired[str | None]
    parameters: NotRequired[dict[str, Any] | None]
    strict: NotRequired[bool | None]


@with_config(WIRE)
class CustomTool(TypedDict):
    """A tool of the client's that takes free text, or a text of a grammar."""

    type: Literal["custom"]
    name: _ToolName
    description: NotRequired[str | None]
    format: NotRequired[dict[str, Any] | None]


@with_config(WIRE)
class OtherTool(TypedDict):
    """A tool of any other type, hosted ones above all."""

    type: str


def _member_tag(tool: object) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return "(custom)" if kind == "custom" else "(function)"


@with_config(WIRE)
class NamespaceTool(TypedDict):
    """Tools of the client's under a common name."""

    type: Literal["namespace"]
    name: _ToolName
    tools: Annotated[
        list[
            Annotated[
                Annotated[FunctionTool, Tag("(function)")] | Annotated[CustomTool, Tag("(custom)")],
                Discriminator(_member_tag),
            ]
        ],
        FailFast(),
        Field(min_length=1),
    ]
    description: NotRequired[str | None]


def _tool_tag(tool: object) -> str:
    match tool:
        case {"type": "function" | "custom" | "namespace" as kind}:
            return f"({kind})"
        case _:
            return "(other)"


type Tool = Annotated[
    Annotated[FunctionTool, Tag("(function)")]
    | Annotated[CustomTool, Tag("(custom)")]
    | Annotated[NamespaceTool, Tag("(namespace)")]
    | Annotated[OtherTool, Tag("(other)")],
    Discriminator(_tool_tag),
]
"""One entry of ``tools`` as it is checked."""


def unsupported_tool(tool: WireTool) -> str | None:
    """Why the gateway cannot serve ``tool``, as a sentence for the client; None if it can."""
    kind = tool["type"]
    if kind in SERVED_TOOL_TYPES:
        return None
    return (
        f"Invalid value: {quoted(kind)}. Supported values are: {listed(SERVED_TOOL_TYPES)}. "
        "Tools of other types are not supported by this gateway."
    )


type ToolMode = Literal["none", "auto", "required"]


@with_config(WIRE)
class FunctionChoice(TypedDict):
    """Names a declared function."""

    type: Literal["function"]
    name: str


@with_config(WIRE)
class AllowedTools(TypedDict):
    """The model is limited to some of the declared functions."""

    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: Annotated[list[FunctionChoice], FailFast(), Field(min_length=1, max_length=MAX_TOOLS)]


_CHOICES = Kinds("function", "allowed_tools")


def _choice_tag(choice: object) -> str | None:
    match choice:
        case str():
            return "(mode)"
        case dict():
            return _CHOICES.tag(choice)
        case _:
            return None


type ToolChoice = Annotated[
    Annotated[ToolMode, Tag("(mode)")]
    | Annotated[FunctionChoice, Tag("(function)")]
    | Annotated[AllowedTools, Tag("(allowed_tools)")]
    | Annotated[Never, _CHOICES, Kinds.other],
    Discriminator(
        _choice_tag,
        custom_error_type="invalid_type",
        custom_error_message="expected {expected}",
        custom_error_context={"expected": "one of a string or object"},
    ),
]
"""``tool_choice``: a mode, one function that has to be called, or a limited set of functions."""


def check_tool_choice(choice: ToolChoice, tools: Sequence[WireTool]) -> None:
    """Refuse a choice that no declared tool can meet.

    Raises:
        InvalidRequest: param ``tool_choice``, code None.
    """
    declared = {tool.get("name") for tool in tools if tool["type"] == "function"}
    if choice == "required" and not tools:
        raise InvalidRequest(
            "Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice"
        )
    if any(name not in declared for name in _named_functions(choice)):
        raise InvalidRequest("Tool choice 'function' not found in 'tools' parameter.", param="tool_choice")


def _named_functions(choice: ToolChoice) -> list[str]:
    if isinstance(choice, str):
        return []
    if choice["type"] == "function":
        return [choice["name"]]
    return [tool["name"] for tool in choice["tools"]]
