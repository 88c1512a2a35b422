"""The shapes of items around tools that the client runs: the model's calls, and the client's outputs.

Plain wire dicts, typed so far as the gateway reads them. What a call or an output means is
told in ``core.client_tools``.

Sources: ``Item`` and its members in OpenAI's OpenAPI document, November 2026. Beyond it: the
local shell's items may name their call by ``call_id``, as SDKs write it, or by ``id``.
"""

from typing import Annotated, Any, Literal, Never, NotRequired, TypedDict

from pydantic import AfterValidator, FailFast, Field, Tag, with_config

from responses_api.core.content_parts import WIRE, Text, ToolOutput
from responses_api.core.tools import Tool
from responses_api.core.validation import Kinds, missing_member

type Identifier = Annotated[str, Field(min_length=1)]

# Named: on Python 3.12 a union cannot hold FailFast() itself, which has no hash.
type Tools = Annotated[list[Tool], FailFast()]


@with_config(WIRE)
class FunctionCall(TypedDict):
    """The model's call of a function that the client declared."""

    type: Literal["function_call"]
    call_id: Identifier
    name: Identifier
    arguments: Text
    namespace: NotRequired[str | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class FunctionCallOutput(TypedDict):
    """The client's answer to a function call.

    Without a ``call_id`` it answers the oldest call that is still open, or tells by its
    ``name`` what a tool said unasked (``core.output_pairing``).
    """

    type: Literal["function_call_output"]
    output: ToolOutput
    call_id: NotRequired[Identifier | None]
    name: NotRequired[str | None]
    namespace: NotRequired[str | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class CustomToolCall(TypedDict):
    """The model's call of a tool that takes free text."""

    type: Literal["custom_tool_call"]
    call_id: Identifier
    name: Identifier
    input: Text
    namespace: NotRequired[str | None]
    id: NotRequired[str | None]


@with_config(WIRE)
class CustomToolCallOutput(TypedDict):
    """The client's answer to a custom tool call."""

    type: Literal["custom_tool_call_output"]
    output: ToolOutput
    call_id: NotRequired[Identifier | None]
    name: NotRequired[str | None]
    id: NotRequired[str | None]


@with_config(WIRE)
class ExecAction(TypedDict):
    """A program for the local shell to run."""

    command: Annotated[list[str], FailFast()]
    working_directory: NotRequired[str | None]
    timeout_ms: NotRequired[int | None]
    env: NotRequired[dict[str, str] | None]


@with_config(WIRE)
class LocalShellCall(TypedDict):
    """The model's call of the local shell."""

    type: Literal["local_shell_call"]
    action: ExecAction
    call_id: NotRequired[Identifier | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class LocalShellCallOutput(TypedDict):
    """What the local shell printed."""

    type: Literal["local_shell_call_output"]
    output: ToolOutput
    call_id: NotRequired[Identifier | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class ShellAction(TypedDict):
    """Commands for the shell to run."""

    commands: Annotated[list[str], FailFast()]
    timeout_ms: NotRequired[int | None]
    max_output_length: NotRequired[int | None]


@with_config(WIRE)
class ShellCall(TypedDict):
    """The model's call of the shell."""

    type: Literal["shell_call"]
    call_id: Identifier
    action: ShellAction
    id: NotRequired[str | None]
    status: NotRequired[str | None]
    environment: NotRequired[dict[str, Any] | None]


@with_config(WIRE)
class ExitOutcome(TypedDict):
    """The command ended."""

    type: Literal["exit"]
    exit_code: int


@with_config(WIRE)
class TimeoutOutcome(TypedDict):
    """The command ran too long."""

    type: Literal["timeout"]


_OUTCOMES = Kinds("exit", "timeout")


@with_config(WIRE)
class CommandOutput(TypedDict):
    """What came of one command."""

    stdout: Text
    stderr: Text
    outcome: Annotated[
        Annotated[ExitOutcome, Tag("(exit)")]
        | Annotated[TimeoutOutcome, Tag("(timeout)")]
        | Annotated[Never, _OUTCOMES, Kinds.other],
        _OUTCOMES.discriminator,
    ]


@with_config(WIRE)
class ShellCallOutput(TypedDict):
    """What came of a shell call's commands, in their order."""

    type: Literal["shell_call_output"]
    call_id: Identifier
    output: Annotated[list[CommandOutput], FailFast()]
    max_output_length: NotRequired[int | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class PatchOperation(TypedDict):
    """A change of one file; ``diff`` is there unless the file is deleted."""

    type: Literal["create_file", "update_file", "delete_file"]
    path: str
    diff: NotRequired[Text | None]


def _has_diff(operation: PatchOperation) -> PatchOperation:
    if operation["type"] != "delete_file" and operation.get("diff") is None:
        raise missing_member("diff")
    return operation


@with_config(WIRE)
class ApplyPatchCall(TypedDict):
    """The model's call to change a file."""

    type: Literal["apply_patch_call"]
    call_id: Identifier
    operation: Annotated[PatchOperation, AfterValidator(_has_diff)]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class ApplyPatchCallOutput(TypedDict):
    """Whether the file was changed."""

    type: Literal["apply_patch_call_output"]
    call_id: Identifier
    status: Literal["completed", "failed"]
    output: NotRequired[Text | None]
    id: NotRequired[str | None]


@with_config(WIRE)
class ToolSearchCall(TypedDict):
    """The model's search for further tools. One that another server answered has no ``call_id``."""

    type: Literal["tool_search_call"]
    arguments: Any
    call_id: NotRequired[Identifier | None]
    execution: NotRequired[Literal["client", "server"] | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class ToolSearchOutput(TypedDict):
    """The tools found, which the model may call from now on."""

    type: Literal["tool_search_output"]
    tools: Tools
    call_id: NotRequired[Identifier | None]
    execution: NotRequired[Literal["client", "server"] | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]
