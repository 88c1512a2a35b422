"""The items of a request's ``input``: their shapes, their canonical form, and how they are kept.

Items stay what they are on the wire, plain dicts: typed so far as the gateway reads them,
and tolerant of further members. Ids and states are the client's own and mean nothing here.
The items of tools that the client runs have a module of their own, ``core.call_items``.

Sources: ``InputItem`` and ``ItemResource`` of OpenAI's OpenAPI document, ``ItemParam`` and
``ItemField`` of Open Responses, both of November 2026.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Never, NotRequired, TypedDict

from pydantic import AfterValidator, BeforeValidator, FailFast, Field, Tag, ValidationInfo, with_config

from responses_api.core.call_items import (
    ApplyPatchCall,
    ApplyPatchCallOutput,
    CustomToolCall,
    CustomToolCallOutput,
    FunctionCall,
    FunctionCallOutput,
    Identifier,
    LocalShellCall,
    LocalShellCallOutput,
    ShellCall,
    ShellCallOutput,
    Tools,
    ToolSearchCall,
    ToolSearchOutput,
)
from responses_api.core.client_tools import call_id_of
from responses_api.core.content_parts import (
    MAX_FILE_DATA_LENGTH,
    WIRE,
    InputText,
    MessagePart,
    OutputText,
    ReasoningText,
    SummaryText,
    Text,
    base64_data,
    limited_text,
)
from responses_api.core.conversation import WireItem
from responses_api.core.errors import InternalError
from responses_api.core.validation import STRING_OR_OBJECTS, Kinds, wrong_type

MAX_SEALED_LENGTH = 20 * 1024 * 1024
"""Characters of a compaction item's ``encrypted_content``."""


def text_part(role: str, text: str) -> InputText | OutputText:
    """The part that stands for a message whose content is the plain string ``text``."""
    if role == "assistant":
        return {"type": "output_text", "text": text}
    return {"type": "input_text", "text": text}


def _content_parts(content: object, info: ValidationInfo) -> list[Any]:
    if isinstance(content, str):
        return [text_part(info.data.get("role", ""), limited_text(content))]
    if not isinstance(content, list):
        raise wrong_type(STRING_OR_OBJECTS)
    return content


@with_config(WIRE)
class Message(TypedDict):
    """A message of any role, in its canonical form: content is a list of parts."""

    type: Literal["message"]
    role: Literal["user", "assistant", "system", "developer"]
    content: Annotated[list[MessagePart], FailFast(), BeforeValidator(_content_parts)]
    id: NotRequired[str | None]
    status: NotRequired[str | None]
    phase: NotRequired[str | None]
    """Whether a message of the model is commentary or its final answer."""


# Named: on Python 3.12 a union cannot hold FailFast() itself, which has no hash.
type _ReasoningTexts = Annotated[list[ReasoningText], FailFast()]
type _Objects = Annotated[list[dict[str, Any]], FailFast()]
type _Picture = Annotated[str, Field(max_length=MAX_FILE_DATA_LENGTH), AfterValidator(base64_data)]


@with_config(WIRE)
class Reasoning(TypedDict):
    """A reasoning item as an earlier answer gave it. Codex sends ``content: null``."""

    type: Literal["reasoning"]
    summary: Annotated[list[SummaryText], FailFast()]
    id: NotRequired[str | None]
    content: NotRequired[_ReasoningTexts | None]
    encrypted_content: NotRequired[str | None]


@with_config(WIRE)
class WebSearchCall(TypedDict):
    """A search that the upstream made, or the reading of a page."""

    type: Literal["web_search_call"]
    action: NotRequired[dict[str, Any] | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class CodeInterpreterCall(TypedDict):
    """A program that the upstream ran, and what it printed where that was asked for."""

    type: Literal["code_interpreter_call"]
    code: NotRequired[Text | None]
    outputs: NotRequired[_Objects | None]
    container_id: NotRequired[str | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class ImageGenerationCall(TypedDict):
    """An image that the model made; ``result`` is base64."""

    type: Literal["image_generation_call"]
    result: NotRequired[_Picture | None]
    output_format: NotRequired[str | None]
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class AdditionalTools(TypedDict):
    """Tools that are declared in the middle of a conversation."""

    type: Literal["additional_tools"]
    tools: Tools
    role: NotRequired[str | None]
    id: NotRequired[str | None]


@with_config(WIRE)
class Compaction(TypedDict):
    """What stands in for the conversation before it, see ``core.compaction``."""

    type: Literal["compaction"]
    encrypted_content: Annotated[str, Field(min_length=1, max_length=MAX_SEALED_LENGTH)]
    id: NotRequired[str | None]


@with_config(WIRE)
class CompactionTrigger(TypedDict):
    """Asks for a compaction item instead of an answer; the last item of an input."""

    type: Literal["compaction_trigger"]


@with_config(WIRE)
class ItemReference(TypedDict):
    """Stands for a stored item."""

    type: Literal["item_reference"]
    id: Identifier


def _with_type(item: object) -> object:
    """``item`` with the ``type`` that it may leave out: that of a message or of a reference."""
    if not isinstance(item, dict) or item.get("type") is not None:
        return item
    if "role" in item:
        return {**item, "type": "message"}
    if item.keys() <= {"type", "id"} and "id" in item:
        return {**item, "type": "item_reference"}
    return {key: value for key, value in item.items() if key != "type"}


_ITEMS = Kinds(
    "message",
    "reasoning",
    "item_reference",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "tool_search_call",
    "tool_search_output",
    "additional_tools",
    "web_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "compaction",
    "compaction_trigger",
)

type InputItem = Annotated[
    Annotated[Message, Tag("(message)")]
    | Annotated[Reasoning, Tag("(reasoning)")]
    | Annotated[ItemReference, Tag("(item_reference)")]
    | Annotated[FunctionCall, Tag("(function_call)")]
    | Annotated[FunctionCallOutput, Tag("(function_call_output)")]
    | Annotated[CustomToolCall, Tag("(custom_tool_call)")]
    | Annotated[CustomToolCallOutput, Tag("(custom_tool_call_output)")]
    | Annotated[LocalShellCall, Tag("(local_shell_call)")]
    | Annotated[LocalShellCallOutput, Tag("(local_shell_call_output)")]
    | Annotated[ShellCall, Tag("(shell_call)")]
    | Annotated[ShellCallOutput, Tag("(shell_call_output)")]
    | Annotated[ApplyPatchCall, Tag("(apply_patch_call)")]
    | Annotated[ApplyPatchCallOutput, Tag("(apply_patch_call_output)")]
    | Annotated[ToolSearchCall, Tag("(tool_search_call)")]
    | Annotated[ToolSearchOutput, Tag("(tool_search_output)")]
    | Annotated[AdditionalTools, Tag("(additional_tools)")]
    | Annotated[WebSearchCall, Tag("(web_search_call)")]
    | Annotated[CodeInterpreterCall, Tag("(code_interpreter_call)")]
    | Annotated[ImageGenerationCall, Tag("(image_generation_call)")]
    | Annotated[Compaction, Tag("(compaction)")]
    | Annotated[CompactionTrigger, Tag("(compaction_trigger)")]
    | Annotated[Never, _ITEMS, Kinds.other],
    _ITEMS.discriminator,
    BeforeValidator(_with_type),
]
"""One element of ``input``; validation yields its canonical form."""


_DEMANDED: Mapping[str, Mapping[str, Any]] = {
    "shell_call": {"environment": None},
    "shell_call_output": {"max_output_length": None},
    "tool_search_call": {"call_id": None, "execution": "client"},
    "tool_search_output": {"call_id": None, "execution": "client"},
    "additional_tools": {"role": "developer"},
    "web_search_call": {"action": {"type": "search"}},
    "code_interpreter_call": {"container_id": "", "code": None, "outputs": None},
    "image_generation_call": {"result": None},
}
"""Members that the documents demand of a stored item and that a client may leave out."""
_MAY_HAVE_FAILED = frozenset(
    {"apply_patch_call_output", "web_search_call", "code_interpreter_call", "image_generation_call"}
)


def stored_input_item(item: WireItem, item_id: str) -> WireItem:
    """The item as it is stored and listed.

    Args:
        item: in canonical form, as ``CreateRequest.input`` holds it. Left unchanged.
        item_id: our id of it; replaces the client's own.

    Returns:
        A new dict with ``id`` and ``status`` (``completed``, or ``failed`` where that is a
        part of what the item says), and with every member that both documents demand of an
        item of its type.

    Raises:
        InternalError: ``item`` is a reference, which stands for an item and is none.
    """
    kind = item["type"]
    if kind == "item_reference":
        raise InternalError("An item reference has to be resolved before it is stored.")
    failed = kind in _MAY_HAVE_FAILED and item.get("status") == "failed"
    return {
        **_DEMANDED.get(kind, {}),
        **_without_nulls(item),
        **_stored_members(item),
        "id": item_id,
        "status": "failed" if failed else "completed",
    }


def _stored_members(item: WireItem) -> dict[str, Any]:
    """The members of ``item`` that are kept in another form than they came in."""
    match item["type"]:
        case "message":
            return {"content": _message_content(item["role"], item["content"])}
        case "reasoning" if item.get("content"):
            return {"content": [{**part, "type": "reasoning_text"} for part in item["content"]]}
        case "function_call_output" | "custom_tool_call_output" if not isinstance(item["output"], str):
            return {"output": [_stored_part(part) for part in item["output"]]}
        case "local_shell_call":
            action = {"type": "exec", "env": {}, **_without_nulls(item["action"])}
            return {"call_id": call_id_of(item), "action": action}
        case "local_shell_call_output":
            return {"call_id": call_id_of(item)}
        case "shell_call":
            return {"action": {"timeout_ms": None, "max_output_length": None, **item["action"]}}
        case "tool_search_output" | "additional_tools":
            return {"tools": [_stored_tool(tool) for tool in item["tools"]]}
        case _:
            return {}


def _message_content(role: str, content: Iterable[WireItem]) -> list[dict[str, Any]]:
    """Parts in the words of their role: ``output_text`` is the model's, ``input_text`` all others'."""
    in_role = _said_by_the_model if role == "assistant" else _said_by_others
    return [_stored_part(in_role(part)) for part in content]


def _said_by_the_model(part: WireItem) -> WireItem:
    if part["type"] == "input_text":
        return {"type": "output_text", "text": part["text"]}
    return part


def _said_by_others(part: WireItem) -> WireItem:
    match part["type"]:
        case "output_text":
            return {"type": "input_text", "text": part["text"]}
        case "refusal":
            return {"type": "input_text", "text": part["refusal"]}
        case _:
            return part


def _stored_part(part: WireItem) -> dict[str, Any]:
    stored = _without_nulls(part)
    match part["type"]:
        case "input_image":
            return {"image_url": None, "detail": "auto", **stored}
        case "output_text":
            return {"annotations": [], "logprobs": [], **stored}
        case _:
            return stored


def _stored_tool(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"parameters": None, "strict": None, **tool} if tool["type"] == "function" else tool


def _without_nulls(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: member for key, member in value.items() if member is not None}
