"""The stream events that we emit, in the Responses API's wire shapes.

One TypedDict per event; ``type`` tells them apart and ``sequence_number`` is dense from
0 in every response. The fields are the union of what OpenAI's and Open Responses'
OpenAPI documents require, hence ``logprobs`` on every text event, ``name`` on
``function_call_arguments.done`` and the error said twice in ``error``.

A closed union: compare ``event["type"]`` and end with ``assert_never``.
"""

from typing import Any, Final, Literal, TypedDict

from responses_api.core.errors import ErrorDetail
from responses_api.core.output_items import OutputItem, OutputText, SummaryText

type ResponseObject = dict[str, Any]
"""A Responses API response object with all its fields."""


class ResponseCreated(TypedDict):
    """First event of every stream."""

    type: Literal["response.created"]
    sequence_number: int
    response: ResponseObject


class ResponseInProgress(TypedDict):
    """Second event, and the heartbeat: the object so far, ``usage`` null."""

    type: Literal["response.in_progress"]
    sequence_number: int
    response: ResponseObject


class ResponseCompleted(TypedDict):
    """Terminal: the model finished."""

    type: Literal["response.completed"]
    sequence_number: int
    response: ResponseObject


class ResponseIncomplete(TypedDict):
    """Terminal: cut short; ``response.incomplete_details`` says by what."""

    type: Literal["response.incomplete"]
    sequence_number: int
    response: ResponseObject


class ResponseFailed(TypedDict):
    """Terminal: ``response.error`` holds ``code`` and ``message``."""

    type: Literal["response.failed"]
    sequence_number: int
    response: ResponseObject


class ErrorEvent(TypedDict):
    """Always followed by ``response.failed``.

    Some clients read the flat members (OpenAI's document), others ``error`` (Open
    Responses'); strict ones need ``code`` to be a string in both.
    """

    type: Literal["error"]
    sequence_number: int
    code: str
    message: str
    param: str | None
    error: ErrorDetail


class OutputItemAdded(TypedDict):
    """An item takes its place; its text or arguments are still empty."""

    type: Literal["response.output_item.added"]
    sequence_number: int
    output_index: int
    item: OutputItem


class OutputItemDone(TypedDict):
    """The whole item, as it will stand in the final response."""

    type: Literal["response.output_item.done"]
    sequence_number: int
    output_index: int
    item: OutputItem


class ContentPartAdded(TypedDict):
    """A part of a message begins."""

    type: Literal["response.content_part.added"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    part: OutputText


class ContentPartDone(TypedDict):
    """The whole part."""

    type: Literal["response.content_part.done"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    part: OutputText


class OutputTextDelta(TypedDict):
    """More text of a message."""

    type: Literal["response.output_text.delta"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    delta: str
    logprobs: list[Any]


class OutputTextDone(TypedDict):
    """The whole text of a message part."""

    type: Literal["response.output_text.done"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    text: str
    logprobs: list[Any]


class ReasoningSummaryPartAdded(TypedDict):
    """A part of a thought summary begins."""

    type: Literal["response.reasoning_summary_part.added"]
    sequence_number: int
    item_id: str
    output_index: int
    summary_index: int
    part: SummaryText


class ReasoningSummaryPartDone(TypedDict):
    """The whole part."""

    type: Literal["response.reasoning_summary_part.done"]
    sequence_number: int
    item_id: str
    output_index: int
    summary_index: int
    part: SummaryText


class ReasoningSummaryTextDelta(TypedDict):
    """More text of a thought summary."""

    type: Literal["response.reasoning_summary_text.delta"]
    sequence_number: int
    item_id: str
    output_index: int
    summary_index: int
    delta: str


class ReasoningSummaryTextDone(TypedDict):
    """The whole text of a summary part."""

    type: Literal["response.reasoning_summary_text.done"]
    sequence_number: int
    item_id: str
    output_index: int
    summary_index: int
    text: str


class FunctionCallArgumentsDelta(TypedDict):
    """Arguments of a call; one delta holds them whole."""

    type: Literal["response.function_call_arguments.delta"]
    sequence_number: int
    item_id: str
    output_index: int
    delta: str


class FunctionCallArgumentsDone(TypedDict):
    """The whole arguments of a call."""

    type: Literal["response.function_call_arguments.done"]
    sequence_number: int
    item_id: str
    output_index: int
    name: str
    arguments: str


type TerminalEvent = ResponseCompleted | ResponseIncomplete | ResponseFailed

type LifecycleEvent = ResponseCreated | ResponseInProgress | TerminalEvent

type PartEvent = (
    ContentPartAdded
    | ContentPartDone
    | OutputTextDelta
    | OutputTextDone
    | ReasoningSummaryPartAdded
    | ReasoningSummaryPartDone
    | ReasoningSummaryTextDelta
    | ReasoningSummaryTextDone
    | FunctionCallArgumentsDelta
    | FunctionCallArgumentsDone
)
"""Events inside an item that has been added and is not done."""

type StreamEvent = LifecycleEvent | ErrorEvent | OutputItemAdded | OutputItemDone | PartEvent

type StreamEventType = Literal[
    "response.created",
    "response.in_progress",
    "response.completed",
    "response.incomplete",
    "response.failed",
    "error",
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
]

TERMINAL_TYPES: Final[frozenset[StreamEventType]] = frozenset(
    {"response.completed", "response.incomplete", "response.failed"}
)
"""After one of these nothing follows."""
