"""The tools that a request declares, folded into functions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from responses_api.core.client_tools import built_in
from responses_api.core.client_tools.client_tool import ClientTool
from responses_api.core.client_tools.naming import upstream_name
from responses_api.core.conversation import WireItem
from responses_api.core.errors import InvalidRequest
from responses_api.core.tools import WireTool
from responses_api.core.validation import quoted

type _Identity = tuple[str, ...]

_DECLARING_ITEMS = ("additional_tools", "tool_search_output")


def client_tools(tools: Sequence[WireTool], param: str = "tools") -> dict[str, ClientTool]:
    """The client's tools among ``tools``, by upstream name, in order.

    Args:
        tools: Tools in wire form, checked. Those that the upstream runs are passed over; so
            is a tool search that the server makes: with all tools at hand it has no work.
        param: Where ``tools`` stands in the request, for errors.

    Raises:
        InvalidRequest: two tools of one name.
    """
    folded: dict[str, ClientTool] = {}
    for index, wire in enumerate(tools):
        for tool in _folded(wire, f"{param}[{index}]"):
            if tool.upstream_name in folded:
                raise InvalidRequest(
                    f"Duplicate tool name {quoted(tool.name)}: each tool has to have a name of its own.",
                    param=tool.param,
                    code="invalid_value",
                )
            folded[tool.upstream_name] = tool
    return folded


def _folded(wire: WireTool, param: str) -> Iterator[ClientTool]:
    match wire["type"]:
        case "function" | "custom":
            yield _named(wire, param)
        case "namespace":
            yield from _members(wire, param)
        case "local_shell":
            yield _built_in(
                "local_shell", built_in.LOCAL_SHELL_DESCRIPTION, built_in.LOCAL_SHELL_PARAMETERS, param
            )
        case "shell":
            yield _built_in("shell", built_in.SHELL_DESCRIPTION, built_in.SHELL_PARAMETERS, param)
        case "apply_patch":
            yield _built_in(
                "apply_patch", built_in.APPLY_PATCH_DESCRIPTION, built_in.APPLY_PATCH_PARAMETERS, param
            )
        case "tool_search" if wire.get("execution") == "client":
            yield _tool_search(wire, param)


def _named(wire: WireTool, param: str, namespace: str | None = None, about: str = "") -> ClientTool:
    """A function or custom tool; ``about`` is to be told before its own description."""
    name: str = wire["name"]
    description: str | None = wire.get("description")
    parameters: Mapping[str, Any] | None
    if wire["type"] == "custom":
        description = built_in.custom_description(description, wire.get("format"))
        parameters = built_in.CUSTOM_PARAMETERS
    else:
        parameters = wire.get("parameters")
    return ClientTool(
        upstream_name(name, namespace),
        wire["type"],
        name,
        namespace,
        "\n\n".join(text for text in (about, description) if text),
        parameters,
        strict=wire.get("strict") is not False,
        param=param,
    )


def _members(wire: WireTool, param: str) -> Iterator[ClientTool]:
    """The tools of a namespace. Its own description is told with the first of them, once."""
    namespace: str = wire["name"]
    about = f"About all tools of {namespace}: {wire['description']}" if wire.get("description") else ""
    for index, member in enumerate(wire["tools"]):
        yield _named(member, f"{param}.tools[{index}]", namespace, "" if index else about)


def _built_in(kind: Any, description: str, parameters: Mapping[str, Any], param: str) -> ClientTool:
    return ClientTool(kind, kind, kind, description=description, parameters=parameters, param=param)


def _tool_search(wire: WireTool, param: str) -> ClientTool:
    return _built_in(
        "tool_search",
        wire.get("description") or built_in.TOOL_SEARCH_DESCRIPTION,
        wire.get("parameters") or built_in.TOOL_SEARCH_PARAMETERS,
        param,
    )


def declared_tools(tools: Sequence[WireTool], items: Iterable[WireItem]) -> list[WireTool]:
    """The request's tools, then those that its items declare.

    Args:
        tools: The request's own, which win over others of the same name.
        items: The conversation in wire form. Its ``additional_tools`` and
            ``tool_search_output`` items declare; of one tool declared twice the later counts.
    """
    known = {identity for tool in tools for identity, _ in _apart(tool)}
    further: dict[_Identity, WireTool] = {}
    for item in items:
        if item["type"] in _DECLARING_ITEMS:
            for tool in item["tools"]:
                further.update((identity, one) for identity, one in _apart(tool) if identity not in known)
    return [*tools, *_together(further.values())]


def _apart(tool: WireTool) -> Iterator[tuple[_Identity, WireTool]]:
    """What identifies each tool of ``tool``, and the tool: a namespace is taken apart."""
    if tool["type"] == "namespace":
        for member in tool["tools"]:
            yield (tool["name"], member["name"]), {**tool, "tools": [member]}
    elif "name" in tool:
        yield ("", tool["name"]), tool
    else:
        yield (tool["type"],), tool


def _together(tools: Iterable[WireTool]) -> Iterable[WireTool]:
    """The tools with those of one namespace under one roof again."""
    roofs: dict[_Identity, WireTool] = {}
    for tool in tools:
        identity = ("", "namespace", tool["name"]) if tool["type"] == "namespace" else next(_apart(tool))[0]
        if identity in roofs:
            tool = {**tool, "tools": [*roofs[identity]["tools"], *tool["tools"]]}
        roofs[identity] = tool
    return roofs.values()
