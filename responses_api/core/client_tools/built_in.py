"""The tools of clients that have no declaration of their own, described for the model.

The Responses API knows their arguments by type; the upstream has to be told.
"""

from collections.abc import Mapping
from typing import Any

type Schema = Mapping[str, Any]

_MILLISECONDS: Schema = {"type": "integer", "description": "Time limit in milliseconds."}

LOCAL_SHELL_DESCRIPTION = "Runs a program on the user's machine and returns what it printed."
LOCAL_SHELL_PARAMETERS: Schema = {
    "type": "object",
    "properties": {
        "command": {
            "type": "array",
            "items": {"type": "string"},
            "description": 'The program and its arguments, e.g. ["bash", "-lc", "ls -l"].',
        },
        "workdir": {"type": "string", "description": "Directory to run it in."},
        "timeout_ms": _MILLISECONDS,
        "env": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Environment variables to set.",
        },
    },
    "required": ["command"],
}

SHELL_DESCRIPTION = (
    "Runs shell commands on the user's machine and returns, for each of them, what it wrote to "
    "stdout and stderr and how it ended."
)
SHELL_PARAMETERS: Schema = {
    "type": "object",
    "properties": {
        "commands": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Command lines, run in order.",
        },
        "timeout_ms": _MILLISECONDS,
        "max_output_length": {
            "type": "integer",
            "description": "Characters of output to return at most.",
        },
    },
    "required": ["commands"],
}

APPLY_PATCH_DESCRIPTION = """Creates, updates or deletes one file.

The diff is in the V4A format: no line numbers, no file headers. It is made of hunks. A hunk may \
begin with a line "@@ " and the header of the class or function that it is in. Then come the lines \
of the hunk, each with one character before it: a space for a line that stays, "-" for a line that \
goes, "+" for a line that is new. Give three lines that stay before and after each change. To \
create a file, write all its lines with "+" before them."""
APPLY_PATCH_PARAMETERS: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
        "path": {"type": "string", "description": "Path of the file, relative to the workspace."},
        "diff": {"type": "string", "description": "The change; needed unless the file is deleted."},
    },
    "required": ["type", "path"],
}

TOOL_SEARCH_DESCRIPTION = "Finds further tools. The tools found can be called from the next turn on."
TOOL_SEARCH_PARAMETERS: Schema = {
    "type": "object",
    "properties": {
        "query": {"type": "string", "description": "What the tool has to be able to do."},
        "limit": {"type": "integer", "description": "Number of tools to return at most."},
    },
    "required": ["query"],
}

_SYNTAXES: Mapping[str, str] = {"lark": "Lark grammar", "regex": "regular expression"}


def custom_description(description: str | None, format: Mapping[str, Any] | None) -> str:
    """What the model reads about a custom tool, its grammar included.

    The upstream cannot hold the model to a grammar, so that it is told in words.
    """
    paragraphs = [description] if description else []
    if format is not None and format["type"] == "grammar":
        paragraphs.append(
            f"The input has to match this {_SYNTAXES[format['syntax']]}:\n{format['definition']}"
        )
    return "\n\n".join(paragraphs)


CUSTOM_PARAMETERS: Schema = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "The tool's input, as plain text."}},
    "required": ["input"],
}
