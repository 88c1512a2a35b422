"""The response object at its birth: ids, an empty output, and an echo of every parameter.

Holds every member that OpenAI's ``Response`` or Open Responses' ``ResponseResource``
demands (OpenAPI documents of November 2026), with the value in effect where the client said
nothing. ``core.response_stream`` carries it on from here.
"""

from typing import Any, Literal, NotRequired, TypedDict, assert_never

from responses_api.core.conversation import WireItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.text_format import JsonObjectFormat, JsonSchemaFormat, PlainTextFormat, TextFormat
from responses_api.core.token_usage import Usage
from responses_api.core.tools import ToolChoice, WireTool

type ResponseStatus = Literal["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"]


class ResponseError(TypedDict):
    """Why a response failed."""

    code: str
    message: str


class IncompleteDetails(TypedDict):
    """Why a response was cut short."""

    reason: Literal["max_output_tokens", "content_filter"]


class ResponseObject(TypedDict):
    """A response on the wire. Times are Unix seconds."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: ResponseStatus
    error: ResponseError | None
    incomplete_details: IncompleteDetails | None
    model: str
    output: list[WireItem]
    usage: Usage | None

    previous_response_id: str | None
    instructions: str | None
    tools: list[WireTool]
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    max_tool_calls: int | None
    text: dict[str, Any]
    reasoning: dict[str, Any]
    temperature: float
    top_p: float
    presence_penalty: float
    frequency_penalty: float
    top_logprobs: int
    max_output_tokens: int | None
    truncation: str
    store: bool
    background: bool
    service_tier: str
    metadata: dict[str, str]
    safety_identifier: str | None
    prompt_cache_key: str | None
    conversation: NotRequired[dict[str, str]]
    prompt: NotRequired[dict[str, Any]]
    user: NotRequired[str]
    prompt_cache_retention: NotRequired[str]


def new_response(request: CreateRequest, *, response_id: str, model: str, created_at: int) -> ResponseObject:
    """The response object of ``request`` before the model has said anything.

    Args:
        request: the valid request.
        response_id: ``resp_...``.
        model: the model as the client shall see it.
        created_at: Unix seconds.

    Returns:
        A new object in status ``in_progress``, for the caller to keep; mutable members are
        its own as far as they belong to the response, and the request's where they echo it.
    """
    response: ResponseObject = {
        "id": response_id,
        "object": "response",
        "created_at": created_at,
        "completed_at": None,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "usage": None,
        "previous_response_id": request.previous_response_id,
        "instructions": request.instructions,
        "tools": [_tool(tool) for tool in request.tools],
        "tool_choice": request.tool_choice,
        "parallel_tool_calls": request.parallel_tool_calls,
        "max_tool_calls": request.max_tool_calls,
        "text": _text(request),
        "reasoning": _reasoning(request),
        "temperature": _or(request.temperature, 1.0),
        "top_p": _or(request.top_p, 1.0),
        "presence_penalty": _or(request.presence_penalty, 0.0),
        "frequency_penalty": _or(request.frequency_penalty, 0.0),
        "top_logprobs": request.top_logprobs or 0,
        "max_output_tokens": request.max_output_tokens,
        "truncation": request.truncation,
        "store": request.store,
        "background": request.background,
        "service_tier": "default" if request.service_tier == "auto" else request.service_tier,
        "metadata": request.metadata,
        "safety_identifier": request.safety_identifier,
        "prompt_cache_key": request.prompt_cache_key,
    }
    if request.conversation is not None:
        response["conversation"] = {"id": request.conversation.id}
    if request.prompt is not None:
        response["prompt"] = request.prompt.model_dump()
    if request.user is not None:
        response["user"] = request.user
    if request.prompt_cache_retention is not None:
        response["prompt_cache_retention"] = request.prompt_cache_retention.replace("-", "_")
    return response


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _tool(tool: WireTool) -> WireTool:
    """A tool as it was declared; a function with all members that readers rely on, strict by default."""
    if tool["type"] != "function":
        return tool
    shown = {"description": None, "parameters": None, **tool}
    shown["strict"] = tool.get("strict") is not False
    return shown


def _text(request: CreateRequest) -> dict[str, Any]:
    text = request.text
    given = text.format if text else None
    verbosity = text.verbosity if text else None
    return {"format": _format(given or PlainTextFormat()), "verbosity": verbosity or "medium"}


def _format(text_format: TextFormat) -> dict[str, Any]:
    match text_format:
        case PlainTextFormat() | JsonObjectFormat():
            return {"type": text_format.type}
        case JsonSchemaFormat():
            return {
                "type": "json_schema",
                "name": text_format.name,
                "description": text_format.description,
                "schema": text_format.json_schema,
                "strict": bool(text_format.strict),
            }
        case _:
            assert_never(text_format)


def _reasoning(request: CreateRequest) -> dict[str, Any]:
    options = request.reasoning
    if options is None:
        return {"effort": None, "summary": None}
    echo: dict[str, Any] = {"effort": options.effort, "summary": options.summary}
    further = {"context": options.context, "mode": options.mode}
    return echo | {name: value for name, value in further.items() if value is not None}
