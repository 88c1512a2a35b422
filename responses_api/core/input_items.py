"""The items of a request's ``input``: their shapes, their canonical form, and how they are kept.

Items stay what they are on the wire, plain dicts: typed so far as the gateway reads them,
and tolerant of further members.

Sources: ``InputItem`` and ``ItemResource`` of OpenAI's OpenAPI document, ``ItemParam`` and
``ItemField`` of Open Responses, both of November 2026.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Never, NotRequired, TypedDict

from pydantic import BeforeValidator, FailFast, Field, Tag, ValidationInfo, with_config

from responses_api.core.content_parts import (
    WIRE,
    InputText,
    MessagePart,
    OutputText,
    ReasoningText,
    SummaryText,
    Text,
    ToolOutput,
    limited_text,
)
from responses_api.core.conversation import WireItem
from responses_api.core.errors import InternalError
from responses_api.core.validation import STRING_OR_OBJECTS, Kinds, wrong_type

type _Identifier = Annotated[str, Field(min_length=1)]


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


@with_config(WIRE)
class FunctionCall(TypedDict):
    """The model's call of a function that the client declared."""

    type: Literal["function_call"]
    call_id: _Identifier
    name: _Identifier
    arguments: Text
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class FunctionCallOutput(TypedDict):
    """The client's answer to a function call."""

    type: Literal["function_call_output"]
    call_id: _Identifier
    output: ToolOutput
    id: NotRequired[str | None]
    status: NotRequired[str | None]


@with_config(WIRE)
class CustomToolCall(TypedDict):
    """The model's call of a tool that takes free text."""

    type: Literal["custom_tool_call"]
    call_id: _Identifier
    name: _Identifier
    input: Text
    id: NotRequired[str | None]


@with_config(WIRE)
class CustomToolCallOutput(TypedDict):
    """The client's answer to a custom tool call."""

    type: Literal["custom_tool_call_output"]
    call_id: _Identifier
    output: ToolOutput
    id: NotRequired[str | None]


# Named: on Python 3.12 a union cannot hold FailFast() itself, which has no hash.
type _ReasoningTexts = Annotated[list[ReasoningText], FailFast()]


@with_config(WIRE)
class Reasoning(TypedDict):
    """A reasoning item as an earlier answer gave it. Codex sends ``content: null``."""

    type: Literal["reasoning"]
    summary: Annotated[list[SummaryText], FailFast()]
    id: NotRequired[str | None]
    content: NotRequired[_ReasoningTexts | None]
    encrypted_content: NotRequired[str | None]


@with_config(WIRE)
class ItemReference(TypedDict):
    """Stands for a stored item."""

    type: Literal["item_reference"]
    id: _Identifier


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
    "function_call",
    "function_call_output",
    "reasoning",
    "item_reference",
    "custom_tool_call",
    "custom_tool_call_output",
)

type InputItem = Annotated[
    Annotated[Message, Tag("(message)")]
    | Annotated[FunctionCall, Tag("(function_call)")]
    | Annotated[FunctionCallOutput, Tag("(function_call_output)")]
    | Annotated[Reasoning, Tag("(reasoning)")]
    | Annotated[ItemReference, Tag("(item_reference)")]
    | Annotated[CustomToolCall, Tag("(custom_tool_call)")]
    | Annotated[CustomToolCallOutput, Tag("(custom_tool_call_output)")]
    | Annotated[Never, _ITEMS, Kinds.other],
    _ITEMS.discriminator,
    BeforeValidator(_with_type),
]
"""One element of ``input``; validation yields its canonical form."""


def stored_input_item(item: WireItem, item_id: str) -> WireItem:
    """The item as it is stored and listed.

    Args:
        item: in canonical form, as ``CreateRequest.input`` holds it. Left unchanged.
        item_id: our id of it; replaces the client's own.

    Returns:
        A new dict with ``id`` and status ``completed``, and with every member that both
        documents demand of an item of its type.

    Raises:
        InternalError: ``item`` is a reference, which stands for an item and is none.
    """
    if item["type"] == "item_reference":
        raise InternalError("An item reference has to be resolved before it is stored.")
    stored = {**_without_nulls(item), "id": item_id, "status": "completed"}
    match item["type"]:
        case "message":
            stored["content"] = _message_content(item["role"], item["content"])
        case "function_call_output" | "custom_tool_call_output" if not isinstance(item["output"], str):
            stored["output"] = [_stored_part(part) for part in item["output"]]
        case "reasoning" if item.get("content"):
            stored["content"] = [{**part, "type": "reasoning_text"} for part in item["content"]]
    return stored


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


def _without_nulls(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: member for key, member in value.items() if member is not None}
