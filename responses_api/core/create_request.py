"""The body of ``POST /v1/responses`` as one frozen, fully checked value.

``parse_create_request`` is the only door: what it returns has the right types and ranges
and asks for nothing that the gateway does not serve. Nothing is coerced; ``null`` means
the same as leaving a parameter out. Names are the wire's.

An unknown parameter is refused, as OpenAI does, because a misspelt one would be answered as
if it had not been given. Only Codex, which is known by its ``client_metadata`` and gets new
parameters every other week, has its unknown ones ignored, which the answer then tells.

Sources: ``CreateResponse`` of OpenAI's OpenAPI document and ``CreateResponseBody`` of Open
Responses, November 2026. Beyond them: ``timeout`` is an extension of this gateway,
``client_metadata`` one of Codex, and ``stop`` and ``seed`` are those of Chat Completions.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    FailFast,
    Field,
    PrivateAttr,
    ValidateAs,
    ValidationError,
    model_validator,
)

from responses_api.core.client_tools import declared_tools
from responses_api.core.compaction import TRIGGER
from responses_api.core.content_parts import Text, limited_text
from responses_api.core.context_management import CompactionRule
from responses_api.core.conversation import WireItem
from responses_api.core.errors import InvalidRequest
from responses_api.core.input_items import InputItem
from responses_api.core.prompt_reference import PromptReference
from responses_api.core.text_format import OPTIONS, TextOptions
from responses_api.core.tools import (
    MAX_TOOLS,
    Tool,
    ToolChoice,
    WireTool,
    check_tool_choice,
    unsupported_tool,
)
from responses_api.core.validation import STRING_OR_OBJECTS, invalid_request, json_type, wrong_type

MAX_TIMEOUT = 3600
"""Seconds that a client may ask for."""
MAX_STOPS = 5
"""Texts that may end an answer; the upstream takes no more."""

type Include = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]
type ReasoningSummary = Literal["auto", "concise", "detailed"]
type ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
type ServiceTier = Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"]
type Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]
type _Penalty = Annotated[float, Field(ge=-2.0, le=2.0)]

_DECLARING_ITEMS = frozenset({"additional_tools", "tool_search_output"})
_NOT_SERVED = ("moderation",)
"""Known parameters that would change the answer's meaning and have nothing behind them yet."""


class ReasoningOptions(BaseModel):
    """The request's ``reasoning``; None stands for what was not said."""

    model_config = OPTIONS
    effort: ReasoningEffort | None = None
    generate_summary: ReasoningSummary | None = None
    """Old name of ``summary``; read that."""
    summary: ReasoningSummary | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    mode: str | None = None
    """``standard`` and ``pro`` are known, others may come."""

    @model_validator(mode="before")
    @classmethod
    def _read_old_name(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("summary") is None and "generate_summary" in value:
            return {**value, "summary": value["generate_summary"]}
        return value


class StreamOptions(BaseModel):
    """The request's ``stream_options``. Other members, of other APIs, are ignored."""

    model_config = {**OPTIONS, "extra": "ignore"}
    include_obfuscation: bool | None = None


class PromptCacheOptions(BaseModel):
    """The request's ``prompt_cache_options``."""

    model_config = OPTIONS
    ttl: str | None = None
    mode: Literal["implicit", "explicit"] | None = None


class ConversationReference(BaseModel):
    """The request's ``conversation``; its id alone means the same."""

    model_config = {**OPTIONS, "extra": "ignore"}
    id: Annotated[str, Field(min_length=1)]


def _as_reference(value: object) -> object:
    if isinstance(value, str):
        return {"id": value}
    if not isinstance(value, dict):
        raise wrong_type("one of a string or object")
    return value


def _as_stops(value: object) -> object:
    """``stop`` as a list; a string is the only one."""
    return [value] if isinstance(value, str) else value


def _as_items(value: object) -> list[Any]:
    """``input`` as a list; a string is one message of the user."""
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": limited_text(value)}]
    if not isinstance(value, list):
        raise wrong_type(STRING_OR_OBJECTS)
    return value


class CreateRequest(BaseModel):
    """A valid request for one response. None, where it occurs, means: the client did not say."""

    model_config = OPTIONS

    model: Annotated[str, Field(min_length=1)] | None = None
    """None: the installation's default model."""
    input: Annotated[
        tuple[WireItem, ...],
        ValidateAs(Annotated[list[InputItem], FailFast(), BeforeValidator(_as_items)], tuple),
    ] = ()
    """Items in canonical form, see ``core.conversation.WireItem``. May be empty only where the
    request goes on from something, or names a prompt."""
    instructions: Text | None = None
    previous_response_id: Annotated[str, Field(min_length=1)] | None = None
    conversation: Annotated[ConversationReference, BeforeValidator(_as_reference)] | None = None
    prompt: PromptReference | None = None
    """The template that was filled in; says nothing beyond the other parameters."""

    tools: Annotated[
        tuple[WireTool, ...],
        ValidateAs(Annotated[list[Tool], FailFast(), Field(max_length=MAX_TOOLS)], tuple),
    ] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    max_tool_calls: Annotated[int, Field(ge=1)] | None = None

    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] | None = None
    top_p: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    truncation: Literal["auto", "disabled"] = "disabled"
    context_management: Annotated[
        tuple[CompactionRule, ...],
        ValidateAs(Annotated[list[CompactionRule], FailFast(), Field(min_length=1, max_length=16)], tuple),
    ] = ()
    include: Annotated[
        tuple[Include, ...], ValidateAs(Annotated[list[Include], FailFast(), Field(max_length=64)], tuple)
    ] = ()

    stream: bool = False
    stream_options: StreamOptions | None = None
    store: bool = True
    service_tier: ServiceTier = "auto"
    metadata: Metadata = Field(default_factory=dict)
    user: str | None = None
    safety_identifier: Annotated[str, Field(max_length=64)] | None = None
    prompt_cache_key: Annotated[str, Field(max_length=64)] | None = None
    prompt_cache_retention: Literal["in_memory", "in-memory", "24h"] | None = None
    """Older SDKs spell it with a hyphen."""
    prompt_cache_options: PromptCacheOptions | None = None

    timeout: Annotated[float, Field(gt=0.0, le=float(MAX_TIMEOUT))] | None = None
    """Seconds that the whole response may take."""
    client_metadata: dict[str, Any] | None = None
    stop: Annotated[
        tuple[str, ...],
        ValidateAs(
            Annotated[
                list[Annotated[str, Field(min_length=1)]],
                FailFast(),
                Field(max_length=MAX_STOPS),
                BeforeValidator(_as_stops),
            ],
            tuple,
        ),
    ] = ()
    """Texts before which the answer ends."""
    seed: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None

    background: bool = False
    moderation: object = None

    _ignored: tuple[str, ...] = PrivateAttr(())

    @property
    def asks_for_compaction(self) -> bool:
        """Whether a compaction item is wanted, and no answer."""
        return bool(self.input) and self.input[-1]["type"] == TRIGGER

    @property
    def ignored_parameters(self) -> tuple[str, ...]:
        """Names of parameters that came with the request, are unknown here, and change nothing."""
        return self._ignored


def parse_create_request(body: object) -> CreateRequest:
    """The request in ``body``, checked.

    Args:
        body: the decoded JSON of the request. Never changed; parts of it are shared.

    Raises:
        InvalidRequest: ``param`` is the path of the first fault in OpenAI's style, e.g.
            ``input[0].content[1].image_url``; None where the body is no object.
    """
    if not isinstance(body, dict):
        raise InvalidRequest(
            f"Invalid request body: expected an object, but got {json_type(body)} instead.",
            code="invalid_type",
        )
    known = CreateRequest.model_fields
    given = {name: value for name, value in body.items() if value is not None or name not in known}
    from_codex = given.get("client_metadata") is not None
    ignored = tuple(name for name in given if from_codex and name not in known)
    try:
        request = CreateRequest.model_validate(
            {name: value for name, value in given.items() if name not in ignored}
        )
    except ValidationError as error:
        raise invalid_request(error) from None
    request._ignored = ignored
    _check_served(request)
    check_tool_choice(request.tool_choice, declared_tools(request.tools, request.input))
    return request


def _check_served(request: CreateRequest) -> None:
    """Refuse what cannot be served, rather than answer as if it had not been asked for."""
    if request.conversation is not None and request.previous_response_id is not None:
        raise InvalidRequest(
            "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. "
            "Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
            param="conversation",
            code="mutually_exclusive_parameters",
        )
    if request.background and not request.store:
        raise InvalidRequest(
            "Background mode requires 'store' to be true: a response in the background is read from the "
            "store.",
            param="background",
            code="unsupported_parameter",
        )
    for name in _NOT_SERVED:
        value = getattr(request, name)
        if value is not None and value is not False:
            raise InvalidRequest(
                f"'{name}' is not supported yet by this gateway.", param=name, code="unsupported_parameter"
            )
    _check_tools(request.tools, "tools")
    for index, item in enumerate(request.input):
        if item["type"] in _DECLARING_ITEMS:
            _check_tools(item["tools"], f"input[{index}].tools")
        if item["type"] == TRIGGER and index + 1 < len(request.input):
            raise InvalidRequest(
                f"Invalid 'input[{index}]': a {TRIGGER} must be the last item of the input.",
                param=f"input[{index}]",
                code="invalid_value",
            )
    if not (request.input or request.previous_response_id or request.conversation or request.prompt):
        if "input" not in request.model_fields_set:
            raise InvalidRequest(
                "Missing required parameter: 'input'.", param="input", code="missing_required_parameter"
            )
        raise InvalidRequest(
            "Invalid 'input': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            param="input",
            code="empty_array",
        )


def _check_tools(tools: Iterable[WireTool], path: str) -> None:
    for index, tool in enumerate(tools):
        if problem := unsupported_tool(tool):
            raise InvalidRequest(problem, param=f"{path}[{index}].type", code="invalid_value")
