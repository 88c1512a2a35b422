"""Calls of the client's tools: from the model's call to a wire item, and back from a replayed one.

Both ways are total: a model may write arguments that do not fit the tool, and a client may
replay what another gateway made.
"""

from collections.abc import Callable, Mapping
from typing import Any, assert_never

from responses_api.core.client_tools.arguments import as_object, decoded
from responses_api.core.client_tools.client_tool import ClientTool
from responses_api.core.client_tools.naming import upstream_name
from responses_api.core.conversation import WireItem

type _Arguments = dict[str, Any]


def call_item(tool: ClientTool | None, name: str, call_id: str, arguments: str) -> dict[str, Any]:
    """The wire item of a call of the model's. Never raises.

    Args:
        tool: The tool that has this upstream name; None = the client declared no such tool.
        name: The name that the model called; read only if ``tool`` is None. The call is then
            shown as a plain ``function_call`` of that name, for the client to refuse.
        call_id: Our id of the call.
        arguments: JSON text of an object, as the model gave it. What does not fit the kind
            of tool is shown as well as the kind can: the text where there is a place for one.

    Returns:
        A new dict without ``id`` and ``status``.
    """
    if tool is None:
        return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
    match tool.kind:
        case "function":
            return {"type": "function_call", "call_id": call_id, **_named(tool), "arguments": arguments}
        case "custom":
            text = _input(arguments)
            return {"type": "custom_tool_call", "call_id": call_id, **_named(tool), "input": text}
        case "local_shell":
            return {"type": "local_shell_call", "call_id": call_id, "action": _exec_action(arguments)}
        case "shell":
            return {
                "type": "shell_call",
                "call_id": call_id,
                "action": _shell_action(arguments),
                "environment": {"type": "local"},
            }
        case "apply_patch":
            return {"type": "apply_patch_call", "call_id": call_id, "operation": _operation(arguments)}
        case "tool_search":
            return {
                "type": "tool_search_call",
                "call_id": call_id,
                "execution": "client",
                "arguments": as_object(arguments),
            }
        case _:
            assert_never(tool.kind)


def _named(tool: ClientTool) -> dict[str, Any]:
    return {"name": tool.name} if tool.namespace is None else {"name": tool.name, "namespace": tool.namespace}


def _input(arguments: str) -> str:
    match decoded(arguments):
        case {"input": str(text)} | str(text):
            return text
        case _:
            return arguments


def _exec_action(arguments: str) -> dict[str, Any]:
    given = as_object(arguments)
    action: dict[str, Any] = {"type": "exec", "command": _command(given, arguments), "env": _env(given)}
    if (timeout := _milliseconds(given)) is not None:
        action["timeout_ms"] = timeout
    if isinstance(directory := given.get("workdir"), str):
        action["working_directory"] = directory
    return action


def _command(given: _Arguments, arguments: str) -> list[str]:
    """The words to execute; a command line in one string is the shell's to read."""
    match given.get("command"):
        case [*words] if words and all(isinstance(word, str) for word in words):
            return list(words)
        case str(line):
            return ["bash", "-lc", line]
        case _:
            return ["bash", "-lc", arguments]


def _env(given: _Arguments) -> dict[str, str]:
    env = given.get("env")
    return {key: str(value) for key, value in env.items()} if isinstance(env, dict) else {}


def _shell_action(arguments: str) -> dict[str, Any]:
    given = as_object(arguments)
    match given.get("commands", given.get("command")):
        case [*lines] if lines and all(isinstance(line, str) for line in lines):
            commands = list(lines)
        case str(line):
            commands = [line]
        case _:
            commands = [arguments]
    return {
        "commands": commands,
        "timeout_ms": _milliseconds(given),
        "max_output_length": _whole(given.get("max_output_length")),
    }


def _milliseconds(given: _Arguments) -> int | None:
    return _whole(given.get("timeout_ms"))


def _whole(value: object) -> int | None:
    """A number as an integer; models write ``1000.0`` as well."""
    match value:
        case bool():
            return None
        case int():
            return value
        case float() if value.is_integer():
            return int(value)
        case _:
            return None


_OPERATIONS = ("create_file", "update_file", "delete_file")


def _operation(arguments: str) -> dict[str, Any]:
    """The change of one file; what is none is an update of an unnamed file, which no client applies."""
    given = as_object(arguments)
    given = given["operation"] if isinstance(given.get("operation"), dict) else given
    kind, path, diff = given.get("type"), given.get("path"), given.get("diff")
    if kind not in _OPERATIONS or not isinstance(path, str):
        return {"type": "update_file", "path": "", "diff": arguments}
    if kind == "delete_file":
        return {"type": kind, "path": path}
    return {"type": kind, "path": path, "diff": diff if isinstance(diff, str) else ""}


def called_function(item: WireItem) -> tuple[str, dict[str, Any]]:
    """The function call behind a replayed call.

    Args:
        item: An item of one of the ``CALL_TYPES``.

    Returns:
        The upstream's name of the function, and the arguments; arguments that are no JSON
        object are the only member of one.
    """
    return _CALLED[item["type"]](item)


def _called_function(item: WireItem) -> tuple[str, _Arguments]:
    return upstream_name(item["name"], item.get("namespace")), as_object(item["arguments"])


def _called_custom(item: WireItem) -> tuple[str, _Arguments]:
    return upstream_name(item["name"], item.get("namespace")), {"input": item["input"]}


def _called_local_shell(item: WireItem) -> tuple[str, _Arguments]:
    action = item["action"]
    return "local_shell", _known(
        {
            "command": action.get("command"),
            "workdir": action.get("working_directory"),
            "timeout_ms": action.get("timeout_ms"),
            "env": action.get("env") or None,
        }
    )


def _called_shell(item: WireItem) -> tuple[str, _Arguments]:
    action = item["action"]
    return "shell", _known({key: action.get(key) for key in ("commands", "timeout_ms", "max_output_length")})


def _called_apply_patch(item: WireItem) -> tuple[str, _Arguments]:
    return "apply_patch", _known({key: item["operation"].get(key) for key in ("type", "path", "diff")})


def _called_tool_search(item: WireItem) -> tuple[str, _Arguments]:
    match item["arguments"]:
        case dict() as arguments:
            return "tool_search", dict(arguments)
        case str(text):
            return "tool_search", as_object(text)
        case other:
            return "tool_search", {"value": other}


def _known(members: Mapping[str, Any]) -> _Arguments:
    return {key: value for key, value in members.items() if value is not None}


_CALLED: Mapping[str, Callable[[WireItem], tuple[str, _Arguments]]] = {
    "function_call": _called_function,
    "custom_tool_call": _called_custom,
    "local_shell_call": _called_local_shell,
    "shell_call": _called_shell,
    "apply_patch_call": _called_apply_patch,
    "tool_search_call": _called_tool_search,
}

CALL_TYPES = frozenset(_CALLED)
"""Types of the items that are a call of a tool of the client's."""


def call_id_of(item: WireItem) -> str | None:
    """The id that ties a call and its output together, in an item of either.

    Items of the local shell may have it as their ``id``. None where it is missing: Codex may
    leave it out of an output, and a tool search that the server made has none.
    """
    if call_id := item.get("call_id"):
        return str(call_id)
    if item["type"] in ("local_shell_call", "local_shell_call_output") and (own := item.get("id")):
        return str(own)
    return None
