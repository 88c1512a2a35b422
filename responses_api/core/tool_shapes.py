"""The shapes of the tools that a request may declare.

Tools stay wire dicts, tolerant of further members, which real clients send.

Source: ``Tool`` of OpenAI's OpenAPI document, November 2026.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Never, NotRequired, TypedDict

from pydantic import Discriminator, FailFast, Field, Tag, with_config

from responses_api.core.content_parts import WIRE, Text
from responses_api.core.validation import Kinds

WEB_SEARCH_TYPES = (
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
)
"""The names of one tool."""

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
class TextFormat(TypedDict):
    """Any text."""

    type: Literal["text"]


@with_config(WIRE)
class GrammarFormat(TypedDict):
    """A text of a grammar."""

    type: Literal["grammar"]
    syntax: Literal["lark", "regex"]
    definition: Text


_FORMATS = Kinds("text", "grammar")

type _CustomFormat = Annotated[
    Annotated[TextFormat, Tag("(text)")]
    | Annotated[GrammarFormat, Tag("(grammar)")]
    | Annotated[Never, _FORMATS, Kinds.other],
    _FORMATS.discriminator,
]


@with_config(WIRE)
class CustomTool(TypedDict):
    """A tool of the client's that takes free text, or a text of a grammar."""

    type: Literal["custom"]
    name: _ToolName
    description: NotRequired[str | None]
    format: NotRequired[_CustomFormat | None]


_MEMBERS = Kinds("function", "custom")


@with_config(WIRE)
class NamespaceTool(TypedDict):
    """Tools of the client's under a common name."""

    type: Literal["namespace"]
    name: _ToolName
    tools: Annotated[
        list[
            Annotated[
                Annotated[FunctionTool, Tag("(function)")]
                | Annotated[CustomTool, Tag("(custom)")]
                | Annotated[Never, _MEMBERS, Kinds.other],
                _MEMBERS.discriminator,
            ]
        ],
        FailFast(),
        Field(min_length=1),
    ]
    description: NotRequired[str | None]


@with_config(WIRE)
class ToolSearchTool(TypedDict):
    """The search for further tools: by the client, or, unless said so, by the server."""

    type: Literal["tool_search"]
    execution: NotRequired[Literal["server", "client"] | None]
    description: NotRequired[str | None]
    parameters: NotRequired[dict[str, Any] | None]


@with_config(WIRE)
class LocalEnvironment(TypedDict):
    """The client's own machine."""

    type: Literal["local"]


@with_config(WIRE)
class ShellTool(TypedDict):
    """The client's shell. There are no containers here."""

    type: Literal["shell"]
    environment: NotRequired[LocalEnvironment | None]


@with_config(WIRE)
class PlainClientTool(TypedDict):
    """A tool of the client's about which there is nothing to say."""

    type: Literal["local_shell", "apply_patch"]


@with_config(WIRE)
class SearchFilters(TypedDict):
    """Where a web search may look."""

    allowed_domains: NotRequired[list[str] | None]


@with_config(WIRE)
class WebSearchTool(TypedDict):
    """The search of the web."""

    type: Literal[
        "web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"
    ]
    external_web_access: NotRequired[bool | None]
    filters: NotRequired[SearchFilters | None]
    user_location: NotRequired[dict[str, Any] | None]
    search_context_size: NotRequired[Literal["low", "medium", "high"] | None]


def _container_tag(container: object) -> str | None:
    match container:
        case str():
            return "(id)"
        case dict():
            return "(auto)"
        case _:
            return None


@with_config(WIRE)
class AutoContainer(TypedDict):
    """A container made for the request."""

    type: Literal["auto"]
    file_ids: NotRequired[list[str] | None]


@with_config(WIRE)
class CodeInterpreterTool(TypedDict):
    """Programs that the model writes and the upstream runs."""

    type: Literal["code_interpreter"]
    container: Annotated[
        Annotated[str, Tag("(id)")] | Annotated[AutoContainer, Tag("(auto)")],
        Discriminator(
            _container_tag,
            custom_error_type="invalid_type",
            custom_error_message="expected {expected}",
            custom_error_context={"expected": "one of a string or object"},
        ),
    ]


@with_config(WIRE)
class ImageGenerationTool(TypedDict):
    """Pictures that the model draws."""

    type: Literal["image_generation"]


@with_config(WIRE)
class OtherTool(TypedDict):
    """A tool of any other type."""

    type: str


_TAGS: Mapping[str, str] = {
    **{kind: f"({kind})" for kind in ("function", "custom", "namespace", "tool_search", "shell")},
    **{kind: f"({kind})" for kind in ("code_interpreter", "image_generation")},
    **dict.fromkeys(("local_shell", "apply_patch"), "(plain)"),
    **dict.fromkeys(WEB_SEARCH_TYPES, "(web_search)"),
}


def _tool_tag(tool: object) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return _TAGS.get(kind, "(other)") if isinstance(kind, str) else "(other)"


type Tool = Annotated[
    Annotated[FunctionTool, Tag("(function)")]
    | Annotated[CustomTool, Tag("(custom)")]
    | Annotated[NamespaceTool, Tag("(namespace)")]
    | Annotated[ToolSearchTool, Tag("(tool_search)")]
    | Annotated[ShellTool, Tag("(shell)")]
    | Annotated[PlainClientTool, Tag("(plain)")]
    | Annotated[WebSearchTool, Tag("(web_search)")]
    | Annotated[CodeInterpreterTool, Tag("(code_interpreter)")]
    | Annotated[ImageGenerationTool, Tag("(image_generation)")]
    | Annotated[OtherTool, Tag("(other)")],
    Discriminator(_tool_tag),
]
"""One entry of ``tools`` as it is checked."""
