"""The client's functions as ``tools`` and ``toolConfig``.

Pure. All declarations stand in one tool entry. The Responses API's ``strict`` has no field
upstream; from Gemini 3 on its meaning is the mode VALIDATED: text, or calls that fit a
declaration.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.json_schema import is_empty_object, to_upstream_schema
from responses_api.gemini.models import ModelProfile

type Mode = Literal["AUTO", "VALIDATED", "ANY", "NONE"]
type Tool = Mapping[str, Any]
type Choice = str | Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


@dataclass(frozen=True, slots=True)
class ToolSetup:
    """The functions offered, and what the model may do with them."""

    declarations: tuple[dict[str, Any], ...] = ()
    mode: Mode = "AUTO"
    allowed: tuple[str, ...] = ()
    """Names of the functions that may be called; empty = all of them."""

    def body(self) -> dict[str, Any]:
        """The members ``tools`` and ``toolConfig`` of the request; none without declarations."""
        if not self.declarations:
            return {}
        config: dict[str, Any] = {"mode": self.mode}
        if self.allowed:
            config["allowedFunctionNames"] = list(self.allowed)
        return {
            "tools": [{"functionDeclarations": list(self.declarations)}],
            "toolConfig": {"functionCallingConfig": config},
        }


def build_tools(tools: Sequence[Tool], choice: Choice, model: ModelProfile, notes: Adaptations) -> ToolSetup:
    """Translate ``tools`` and ``tool_choice``.

    Args:
        tools: Function tools in wire form.
        choice: ``tool_choice`` in wire form: a mode, a named function, or ``allowed_tools``.
        model: The model that will get them.
        notes: Where losses are recorded.

    Raises:
        InvalidRequest: a tool or choice that has no counterpart upstream.
    """
    declarations = tuple(_declaration(tool, index, notes) for index, tool in enumerate(tools))
    if not declarations:
        return ToolSetup()
    by_default: Mode = "VALIDATED" if model.is_modern and _is_any_strict(tools) else "AUTO"
    match choice:
        case "auto":
            return ToolSetup(declarations, by_default)
        case "none":
            return ToolSetup(declarations, "NONE")
        case "required":
            return ToolSetup(declarations, "ANY")
        case {"type": "function", "name": str(name)}:
            return ToolSetup(declarations, "ANY", (name,))
        case {"type": "allowed_tools", "mode": mode, "tools": allowed}:
            return _limited(declarations, str(mode), _names(allowed), model)
        case _:
            raise InvalidRequest("This tool choice is not supported.", param="tool_choice")


def _limited(
    declarations: tuple[dict[str, Any], ...], mode: str, names: tuple[str, ...], model: ModelProfile
) -> ToolSetup:
    """Some of the declared functions. Only ANY and VALIDATED take names; else the others are not declared."""
    if not names:
        return ToolSetup(declarations, "NONE")
    if mode == "required":
        return ToolSetup(declarations, "ANY", names)
    if model.is_modern:
        return ToolSetup(declarations, "VALIDATED", names)
    return ToolSetup(tuple(entry for entry in declarations if entry["name"] in names))


def _declaration(tool: Tool, index: int, notes: Adaptations) -> dict[str, Any]:
    if tool["type"] != "function":
        raise InvalidRequest(
            f"Tools of type '{tool['type']}' are not supported.", param=f"tools[{index}].type"
        )
    name: str = tool["name"]
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"The model cannot call a function named '{name}': a name begins with a letter or an underscore.",
            param=f"tools[{index}].name",
        )
    declaration: dict[str, Any] = {"name": name}
    if description := tool.get("description"):
        declaration["description"] = description
    parameters = tool.get("parameters")
    if parameters is not None and not is_empty_object(parameters):
        schema, lost = to_upstream_schema(parameters, param=f"tools[{index}].parameters")
        declaration["parametersJsonSchema"] = schema
        notes.add(*(f"function {name}: JSON Schema keyword {keyword} is left out" for keyword in lost))
    return declaration


def _names(tools: Any) -> tuple[str, ...]:
    return tuple(tool["name"] for tool in tools)


def _is_any_strict(tools: Sequence[Tool]) -> bool:
    """The Responses API's default for ``strict`` is true."""
    return any(tool.get("strict") is not False for tool in tools)
