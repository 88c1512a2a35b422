"""The output items that we produce, and their parts, in the Responses API's wire shapes."""

from typing import Any, Literal, TypedDict

type ItemStatus = Literal["in_progress", "completed", "incomplete"]


class OutputText(TypedDict):
    """A content part of an assistant message."""

    type: Literal["output_text"]
    text: str
    annotations: list[Any]
    logprobs: list[Any]


class SummaryText(TypedDict):
    """A part of a reasoning item's summary."""

    type: Literal["summary_text"]
    text: str


class MessageItem(TypedDict):
    """An assistant message."""

    type: Literal["message"]
    id: str
    status: ItemStatus
    role: Literal["assistant"]
    content: list[OutputText]


class ReasoningItem(TypedDict):
    """A run of the model's thoughts, as summaries."""

    type: Literal["reasoning"]
    id: str
    status: ItemStatus
    summary: list[SummaryText]


class FunctionCallItem(TypedDict):
    """A function that the model wants the client to call."""

    type: Literal["function_call"]
    id: str
    status: ItemStatus
    call_id: str
    name: str
    arguments: str


type OutputItem = MessageItem | ReasoningItem | FunctionCallItem


def output_text(text: str) -> OutputText:
    """A text part; the upstream gives neither annotations nor log probabilities that we carry."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def summary_text(text: str) -> SummaryText:
    """A summary part."""
    return {"type": "summary_text", "text": text}
