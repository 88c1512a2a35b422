"""The stream events that we emit, in the Responses API's wire shapes.

One TypedDict per event; ``type`` tells them apart and ``sequence_number`` is dense from
0 in every response. The fields are the union of what OpenAI's and Open Responses'
OpenAPI documents require, hence ``logprobs`` on every text event, ``name`` on
``function_call_arguments.done`` and the error said twice in ``error``.

A closed union: compare ``event["type"]`` and end with ``assert_never``.
"""

from typing import Any, Final, Literal, TypedDict

from responses_api.core.errors import ErrorDetail
from responses_api.core.output_items import (
    Logprob,
    OutputItem,
    OutputText,
    Refusal,
    SummaryText,
    UrlCitation,
)

type ResponseObject = dict[str, Any]
"""A Responses API response object with all its fields."""


class ResponseCreated(TypedDict):
    """First event of every stream."""

    type: Literal["response.created"]
    sequence_number: int
    response: ResponseObject


class ResponseQueued(TypedDict):
    """Second event of a response in the background: it waits for its turn."""

    type: Literal["response.queued"]
    sequence_number: int
    response: ResponseObject


class ResponseInProgress(TypedDict):
    """The work begins, and the heartbeat: the object so far, ``usage`` null."""

    type: Literal["response.in_progress"]
    sequence_number: int
    response: ResponseObject


class ResponseCompleted(TypedDict):
    """Terminal: the model finished."""

    type: Literal["response.completed"]
    sequence_number: int
    response: ResponseObject


class ResponseIncomplete(TypedDict):
    """Terminal: cut short; ``response.incomplete_details`` says by what, or ``response.status`` cancelled."""

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
    part: OutputText | Refusal


class ContentPartDone(TypedDict):
    """The whole part."""

    type: Literal["response.content_part.done"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    part: OutputText | Refusal


class OutputTextDelta(TypedDict):
    """More text of a message."""

    type: Literal["response.output_text.delta"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    delta: str
    logprobs: list[Logprob]


class OutputTextDone(TypedDict):
    """The whole text of a message part."""

    type: Literal["response.output_text.done"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    text: str
    logprobs: list[Logprob]


class AnnotationAdded(TypedDict):
    """A message part got one more annotation, which is about text that was told already."""

    type: Literal["response.output_text.annotation.added"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    annotation_index: int
    annotation: UrlCitation


class RefusalDelta(TypedDict):
    """Text of a refusal; one delta holds it whole."""

    type: Literal["response.refusal.delta"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    delta: str


class RefusalDone(TypedDict):
    """The whole text of a refusal."""

    type: Literal["response.refusal.done"]
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    refusal: str


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


class CustomToolCallInputDelta(TypedDict):
    """Input of a custom tool's call; one delta holds it whole."""

    type: Literal["response.custom_tool_call_input.delta"]
    sequence_number: int
    item_id: str
    output_index: int
    delta: str


class CustomToolCallInputDone(TypedDict):
    """The whole input of a custom tool's call."""

    type: Literal["response.custom_tool_call_input.done"]
    sequence_number: int
    item_id: str
    output_index: int
    input: str


class CodeDelta(TypedDict):
    """Code of a program; one delta holds it whole."""

    type: Literal["response.code_interpreter_call_code.delta"]
    sequence_number: int
    item_id: str
    output_index: int
    delta: str


class CodeDone(TypedDict):
    """The whole program."""

    type: Literal["response.code_interpreter_call_code.done"]
    sequence_number: int
    item_id: str
    output_index: int
    code: str


class HostedToolStep(TypedDict):
    """A hosted tool's call came a step further; the last word of ``type`` is its status now."""

    type: Literal[
        "response.web_search_call.in_progress",
        "response.web_search_call.searching",
        "response.web_search_call.completed",
        "response.code_interpreter_call.in_progress",
        "response.code_interpreter_call.interpreting",
        "response.code_interpreter_call.completed",
        "response.image_generation_call.in_progress",
        "response.image_generation_call.generating",
        "response.image_generation_call.completed",
    ]
    sequence_number: int
    item_id: str
    output_index: int


type TerminalEvent = ResponseCompleted | ResponseIncomplete | ResponseFailed

type LifecycleEvent = ResponseCreated | ResponseQueued | ResponseInProgress | TerminalEvent

type CallEvent = (
    FunctionCallArgumentsDelta
    | FunctionCallArgumentsDone
    | CustomToolCallInputDelta
    | CustomToolCallInputDone
    | CodeDelta
    | CodeDone
    | HostedToolStep
)
"""Events inside a call of a tool, the client's or hosted."""

type PartEvent = (
    ContentPartAdded
    | ContentPartDone
    | OutputTextDelta
    | OutputTextDone
    | AnnotationAdded
    | RefusalDelta
    | RefusalDone
    | ReasoningSummaryPartAdded
    | ReasoningSummaryPartDone
    | ReasoningSummaryTextDelta
    | ReasoningSummaryTextDone
    | CallEvent
)
"""Events inside an item that has been added and is not done."""

type StreamEvent = LifecycleEvent | ErrorEvent | OutputItemAdded | OutputItemDone | PartEvent

type StreamEventType = Literal[
    "response.created",
    "response.queued",
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
    "response.output_text.annotation.added",
    "response.refusal.delta",
    "response.refusal.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.custom_tool_call_input.delta",
    "response.custom_tool_call_input.done",
    "response.web_search_call.in_progress",
    "response.web_search_call.searching",
    "response.web_search_call.completed",
    "response.code_interpreter_call.in_progress",
    "response.code_interpreter_call_code.delta",
    "response.code_interpreter_call_code.done",
    "response.code_interpreter_call.interpreting",
    "response.code_interpreter_call.completed",
    "response.image_generation_call.in_progress",
    "response.image_generation_call.generating",
    "response.image_generation_call.completed",
]

TERMINAL_TYPES: Final[frozenset[StreamEventType]] = frozenset(
    {"response.completed", "response.incomplete", "response.failed"}
)
"""After one of these nothing follows."""
