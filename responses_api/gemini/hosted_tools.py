"""The tools that the upstream runs: web search, code execution, and drawing.

Pure. Drawing is no tool upstream but a form of the answer, which only some models have.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, assert_never

from responses_api.core.tools import WEB_SEARCH_TYPES, WireTool
from responses_api.gemini.models import ModelProfile

type HostedKind = Literal["web_search", "code_interpreter", "image_generation"]

_ENTRIES: Mapping[str, str] = {"web_search": "googleSearch", "code_interpreter": "codeExecution"}
_ASPECT_RATIOS: Mapping[str, str] = {"1024x1024": "1:1", "1536x1024": "3:2", "1024x1536": "2:3"}
_SAID_NOTHING = (None, "auto", 0)
"""Values of the options of an image that ask for nothing."""


def hosted_tools(tools: Sequence[WireTool]) -> dict[HostedKind, WireTool]:
    """The tools among ``tools`` that the upstream runs, by kind; of two of a kind the last."""
    found: dict[HostedKind, WireTool] = {}
    for tool in tools:
        match tool["type"]:
            case "code_interpreter" | "image_generation" as kind:
                found[kind] = tool
            case kind if kind in WEB_SEARCH_TYPES:
                found["web_search"] = tool
    return found


def why_not(kind: HostedKind, tool: WireTool, model: ModelProfile) -> str | None:
    """Why ``tool`` cannot be offered to ``model``, as the end of a sentence; None if it can."""
    if kind == "image_generation" and not model.image_output:
        return f"{model.name} makes no images; gemini-3.1-flash-image does, for instance"
    if kind == "web_search" and tool.get("external_web_access") is False:
        return "there is no search without access to the web"
    return None


def entry(kind: HostedKind) -> dict[str, Any] | None:
    """The tool entry of the upstream request; None for what is no tool there."""
    return {_ENTRIES[kind]: {}} if kind in _ENTRIES else None


def aspect_ratio(tool: WireTool) -> str | None:
    """The shape of the pictures, where the size that the client wants tells it."""
    return _ASPECT_RATIOS.get(str(tool.get("size")))


def losses(kind: HostedKind, tool: WireTool) -> Iterator[str]:
    """What the client asked of ``tool`` and the upstream has no place for."""
    match kind:
        case "web_search":
            yield from _search_losses(tool)
        case "code_interpreter":
            yield from _container_losses(tool["container"])
        case "image_generation":
            yield from _picture_losses(tool)
        case _:
            assert_never(kind)


def _picture_losses(tool: WireTool) -> Iterator[str]:
    known = {"type", "action"} | ({"size"} if aspect_ratio(tool) else set())
    if lost := sorted(name for name in tool.keys() - known if tool[name] not in _SAID_NOTHING):
        yield f"image_generation: {', '.join(lost)} left out: the model decides"


def _search_losses(tool: WireTool) -> Iterator[str]:
    if (tool.get("filters") or {}).get("allowed_domains"):
        yield "web_search: filters.allowed_domains is left out: all of the web is searched"
    for option in ("user_location", "search_context_size"):
        if tool.get(option):
            yield f"web_search: {option} is left out: the upstream's search has no such option"


def _container_losses(container: str | Mapping[str, Any]) -> Iterator[str]:
    if isinstance(container, str):
        yield "code_interpreter: the container is left out: programs run in the upstream's own"
    elif lost := sorted(name for name in container.keys() - {"type"} if container[name]):
        yield f"code_interpreter: {', '.join(lost)} left out: programs run in a container of the upstream's"
