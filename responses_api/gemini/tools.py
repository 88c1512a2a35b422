"""The client's tools as ``tools`` and ``toolConfig``.

Pure. All declarations of functions stand in one tool entry. The Responses API's ``strict``
has no field upstream; from Gemini 3 on its meaning is the mode VALIDATED: text, or calls that
fit a declaration. Nothing upstream forces the use of a hosted tool; the forced call of a
function rules hosted tools out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from responses_api.core.client_tools import ClientTool, client_tools
from responses_api.core.errors import InvalidRequest
from responses_api.core.tools import WireTool, designates
from responses_api.core.validation import listed, quoted
from responses_api.gemini import hosted_tools
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.hosted_tools import HostedKind
from responses_api.gemini.json_schema import is_empty_object, to_upstream_schema
from responses_api.gemini.models import ModelProfile

type Mode = Literal["AUTO", "VALIDATED", "ANY", "NONE"]
type Choice = str | Mapping[str, Any]

MAX_DECLARATIONS = 512


@dataclass(frozen=True, slots=True)
class ToolSetup:
    """The tools offered, and what the model may do with them."""

    declarations: tuple[dict[str, Any], ...] = ()
    mode: Mode = "AUTO"
    allowed: tuple[str, ...] = ()
    """Names of the functions that may be called; empty = all of them."""
    hosted: tuple[dict[str, Any], ...] = ()
    """Tool entries of what the upstream runs."""
    response_modalities: tuple[str, ...] = ()
    """Forms of the answer; empty = the model's own."""
    aspect_ratio: str | None = None
    """Of the pictures in the answer."""
    client_tools: Mapping[str, ClientTool] = field(default_factory=dict)
    """The client's tools by upstream name, those included that may not be called this time."""

    @property
    def has_functions(self) -> bool:
        """Whether functions are declared."""
        return bool(self.declarations)

    @property
    def combines(self) -> bool:
        """Whether functions and hosted tools stand together; the answer then shows the use of both."""
        return bool(self.declarations and self.hosted)

    def body(self) -> dict[str, Any]:
        """The members ``tools`` and ``toolConfig`` of the request; none without tools."""
        entries: list[dict[str, Any]] = list(self.hosted)
        if not self.declarations:
            return {"tools": entries} if entries else {}
        calling: dict[str, Any] = {"mode": self.mode}
        if self.allowed:
            calling["allowedFunctionNames"] = list(self.allowed)
        config: dict[str, Any] = {"functionCallingConfig": calling}
        if self.combines:
            config["includeServerSideToolInvocations"] = True
        return {
            "tools": [{"functionDeclarations": list(self.declarations)}, *entries],
            "toolConfig": config,
        }


@dataclass(frozen=True, slots=True)
class _Selection:
    """What the choice leaves of the tools."""

    functions: Mapping[str, ClientTool]
    hosted: Mapping[HostedKind, WireTool]
    mode: Literal["auto", "required", "none"] = "auto"
    limited: bool = False
    """Whether ``functions`` may be fewer than are declared."""


def build_tools(
    tools: Sequence[WireTool], choice: Choice, model: ModelProfile, notes: Adaptations
) -> ToolSetup:
    """Translate ``tools`` and ``tool_choice``.

    Args:
        tools: All declared tools in wire form, checked.
        choice: ``tool_choice`` in wire form: a mode, a named tool, or ``allowed_tools``.
        model: The model that will get them.
        notes: Where losses are recorded.

    Raises:
        InvalidRequest: tools or a choice that this model cannot be offered.
    """
    folded = client_tools(tools)
    if any(tool["type"] == "tool_search" and tool.get("execution") != "client" for tool in tools):
        notes.add("tool_search is left out: all tools are offered from the start")
    selection = _selected(choice, folded, hosted_tools.hosted_tools(tools))
    selection = _available(selection, model, notes)
    selection = _combinable(selection, model, notes)
    return replace(
        _offered(selection, folded, model, notes), client_tools=folded, **_hosted_members(selection, notes)
    )


def _selected(
    choice: Choice, functions: Mapping[str, ClientTool], hosted: Mapping[HostedKind, WireTool]
) -> _Selection:
    match choice:
        case "auto":
            return _Selection(functions, hosted)
        case "required":
            return _Selection(functions, hosted, "required")
        case "none":
            return _Selection(functions, {}, "none")
        case str():
            raise InvalidRequest("This tool choice is not supported.", param="tool_choice")
        case {"type": "allowed_tools", "mode": "auto"}:
            return _narrowed(choice["tools"], functions, hosted)
        case {"type": "allowed_tools"}:
            return replace(_narrowed(choice["tools"], functions, hosted), mode="required")
        case _:
            return replace(_narrowed([choice], functions, hosted), mode="required")


def _narrowed(
    entries: Sequence[Mapping[str, Any]],
    functions: Mapping[str, ClientTool],
    hosted: Mapping[HostedKind, WireTool],
) -> _Selection:
    """The tools that ``entries`` mean, in the entries' order."""
    chosen_functions: dict[str, ClientTool] = {}
    chosen_hosted: dict[HostedKind, WireTool] = {}
    for entry in entries:
        named = {
            name: tool
            for name, tool in functions.items()
            if designates(entry, tool.kind, tool.name, tool.namespace)
        }
        of_kind = {kind: tool for kind, tool in hosted.items() if designates(entry, kind)}
        if not named and not of_kind:
            raise InvalidRequest(
                f"Tool choice {quoted(entry['type'])} not found in 'tools' parameter.", param="tool_choice"
            )
        chosen_functions |= named
        chosen_hosted |= of_kind
    return _Selection(chosen_functions, chosen_hosted, limited=True)


def _available(selection: _Selection, model: ModelProfile, notes: Adaptations) -> _Selection:
    """The selection without the hosted tools that this model cannot be offered.

    Coding agents declare some in every request, so that they are refused only where they are forced.
    """
    reasons = {kind: hosted_tools.why_not(kind, tool, model) for kind, tool in selection.hosted.items()}
    hosted = {kind: tool for kind, tool in selection.hosted.items() if reasons[kind] is None}
    for kind, reason in reasons.items():
        if reason is None:
            continue
        if selection.mode == "required" and not hosted and not selection.functions:
            raise InvalidRequest(f"Tool choice {quoted(kind)} cannot be met: {reason}.", param="tool_choice")
        notes.add(f"{kind} is left out: {reason}")
    return replace(selection, hosted=hosted)


def _combinable(selection: _Selection, model: ModelProfile, notes: Adaptations) -> _Selection:
    """The selection without hosted tools that cannot stand beside functions in this request."""
    run = [kind for kind in selection.hosted if hosted_tools.entry(kind)]
    if not run:
        return selection
    if not selection.functions:
        if selection.mode == "required":
            notes.add(f"the use of {', '.join(run)} cannot be forced: the model decides")
        return selection
    if selection.mode == "required":
        notes.add(f"{', '.join(run)} left out: a function has to be called")
    elif model.hosted_with_functions:
        return selection
    elif run == ["web_search"]:
        notes.add(f"web_search is left out: {model.name} cannot combine it with function tools")
    else:
        raise InvalidRequest(
            f"{model.name} cannot combine {listed(run)} with function tools. "
            "Leave one of them out, or use a Gemini 3 or newer model.",
            param="tools",
        )
    hosted = {kind: tool for kind, tool in selection.hosted.items() if kind not in run}
    return replace(selection, hosted=hosted)


def _hosted_members(selection: _Selection, notes: Adaptations) -> dict[str, Any]:
    for kind, tool in selection.hosted.items():
        notes.add(*hosted_tools.losses(kind, tool))
    entries = (hosted_tools.entry(kind) for kind in selection.hosted)
    members: dict[str, Any] = {"hosted": tuple(entry for entry in entries if entry)}
    if drawing := selection.hosted.get("image_generation"):
        members["response_modalities"] = ("TEXT", "IMAGE")
        members["aspect_ratio"] = hosted_tools.aspect_ratio(drawing)
    return members


def _offered(
    selection: _Selection, declared: Mapping[str, ClientTool], model: ModelProfile, notes: Adaptations
) -> ToolSetup:
    """The functions. Only ANY and VALIDATED take names; elsewhere the others are not declared."""
    if not selection.functions:
        return ToolSetup()
    names = tuple(selection.functions) if selection.limited else ()
    if selection.mode == "none":
        return ToolSetup(_declarations(declared, notes), "NONE")
    if selection.mode == "required":
        return ToolSetup(_declarations(declared, notes), "ANY", names)
    if not model.is_modern:
        return ToolSetup(_declarations(selection.functions, notes), "AUTO")
    if names:
        return ToolSetup(_declarations(declared, notes), "VALIDATED", names)
    strict = any(tool.strict for tool in declared.values())
    return ToolSetup(_declarations(declared, notes), "VALIDATED" if strict else "AUTO")


def _declarations(tools: Mapping[str, ClientTool], notes: Adaptations) -> tuple[dict[str, Any], ...]:
    if len(tools) > MAX_DECLARATIONS:
        raise InvalidRequest(
            f"The model takes {MAX_DECLARATIONS} functions at most, but got {len(tools)}, "
            "those in namespaces included.",
            param="tools",
        )
    return tuple(_declaration(tool, notes) for tool in tools.values())


def _declaration(tool: ClientTool, notes: Adaptations) -> dict[str, Any]:
    declaration: dict[str, Any] = {"name": tool.upstream_name}
    if tool.description:
        declaration["description"] = tool.description
    if tool.parameters is None:
        return declaration
    schema, losses = to_upstream_schema(tool.parameters, param=f"{tool.param}.parameters")
    if not is_empty_object(schema):
        declaration["parametersJsonSchema"] = schema
    notes.add(*(f"function {tool.upstream_name}, JSON Schema: {loss}" for loss in losses))
    return declaration
