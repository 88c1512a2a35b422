"""What the client's tools answered, as content for the model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from responses_api.core.client_tools.naming import upstream_name
from responses_api.core.conversation import WireItem

type Content = str | list[Any]
"""A text, or content parts (``input_text``, ``input_image``, ``input_file``)."""


def output_content(item: WireItem) -> Content:
    """What the tool answered in ``item``, an item of one of the ``OUTPUT_TYPES``."""
    return _CONTENT[item["type"]](item)


def _given(item: WireItem) -> Content:
    output = item["output"]
    return output if isinstance(output, str) else list(output)


def _shell_text(item: WireItem) -> str:
    return "\n".join(_command_text(entry) for entry in item["output"])


def _command_text(entry: Mapping[str, Any]) -> str:
    outcome = entry["outcome"]
    lines = [f"exit code: {outcome['exit_code']}" if outcome["type"] == "exit" else "timed out"]
    lines += [f"{stream}:\n{entry[stream]}" for stream in ("stdout", "stderr") if entry[stream]]
    return "\n".join(lines)


def _patch_text(item: WireItem) -> str:
    text = f"status: {item['status']}"
    return f"{text}\n{item['output']}" if item.get("output") else text


def _found_text(item: WireItem) -> str:
    names = [name for tool in item["tools"] for name in _names(tool)]
    return f"Tools found, ready to be called: {', '.join(names)}" if names else "No tools found."


def _names(tool: Mapping[str, Any]) -> Sequence[str]:
    match tool:
        case {"type": "namespace", "name": str(namespace), "tools": members}:
            return [upstream_name(member["name"], namespace) for member in members]
        case {"name": str(name)}:
            return [upstream_name(name)]
        case _:
            return [tool["type"]]


_CONTENT: Mapping[str, Callable[[WireItem], Content]] = {
    "function_call_output": _given,
    "custom_tool_call_output": _given,
    "local_shell_call_output": _given,
    "shell_call_output": _shell_text,
    "apply_patch_call_output": _patch_text,
    "tool_search_output": _found_text,
}

OUTPUT_TYPES = frozenset(_CONTENT)
"""Types of the items that are the answer of a tool of the client's."""
