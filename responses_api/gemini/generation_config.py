"""Sampling, limits, output format and thinking as ``generationConfig``.

Pure. What the client did not say is not sent, so that the model's own defaults hold.
"""

from typing import Any, assert_never

from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import InvalidRequest
from responses_api.core.text_format import JsonObjectFormat, JsonSchemaFormat, PlainTextFormat, TextFormat
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.json_schema import to_upstream_schema
from responses_api.gemini.models import Generation, ModelProfile
from responses_api.gemini.thinking import thinking_config
from responses_api.gemini.tools import ToolSetup

_SERVICE_TIERS = {"flex": "flex", "priority": "priority", "fast": "priority"}
_LOGPROBS = "message.output_text.logprobs"
_VERBOSITY_HINTS = {
    "low": "Keep your answers short: say what is needed and nothing more.",
    "high": "Answer in depth: explain your reasoning and cover the details.",
}


def build_generation_config(
    request: CreateRequest, tools: ToolSetup, model: ModelProfile, notes: Adaptations
) -> dict[str, Any]:
    """Translate the parameters that steer one generation.

    Returns:
        ``generationConfig``; empty if there is nothing to say.

    Raises:
        InvalidRequest: JSON output together with tools, where the model cannot do both.
    """
    config: dict[str, Any] = _without_nones(
        {
            "temperature": request.temperature,
            "topP": request.top_p,
            "maxOutputTokens": request.max_output_tokens,
        }
    )
    config |= _penalties(request, model, notes)
    config |= _logprobs(request)
    config |= _output_format(request.text.format if request.text else None, tools, model, notes)
    config |= _modalities(tools)
    if request.reasoning is not None:
        thinking, approximations = thinking_config(
            model.thinking, request.reasoning.effort, request.reasoning.summary
        )
        notes.add(*approximations)
        config |= {"thinkingConfig": thinking} if thinking else {}
    return config


def wants_json(request: CreateRequest) -> bool:
    """Whether the answer's text has to be JSON."""
    return request.text is not None and isinstance(request.text.format, JsonObjectFormat | JsonSchemaFormat)


def verbosity_hint(request: CreateRequest) -> str | None:
    """A sentence for the system text that asks for the request's ``text.verbosity``.

    The upstream has no switch for it. None where the model's own measure is wanted.
    """
    return _VERBOSITY_HINTS.get(request.text.verbosity or "") if request.text is not None else None


def build_service_tier(request: CreateRequest, notes: Adaptations) -> dict[str, Any]:
    """The member ``serviceTier``; none for the standard tier."""
    if request.service_tier in ("auto", "default"):
        return {}
    if request.service_tier not in _SERVICE_TIERS:
        notes.add(
            f"service_tier={request.service_tier} has no counterpart upstream: the standard tier is used"
        )
        return {}
    return {"serviceTier": _SERVICE_TIERS[request.service_tier]}


def _penalties(request: CreateRequest, model: ModelProfile, notes: Adaptations) -> dict[str, Any]:
    penalties = _without_nones(
        {"presencePenalty": request.presence_penalty, "frequencyPenalty": request.frequency_penalty}
    )
    if penalties and model.generation is Generation.G2:
        notes.add(f"presence_penalty and frequency_penalty are left out: {model.name} refuses them")
        return {}
    return penalties


def _logprobs(request: CreateRequest) -> dict[str, Any]:
    """Asked for only if the client did: most models refuse, and their refusal is passed on."""
    if request.top_logprobs:
        return {"responseLogprobs": True, "logprobs": request.top_logprobs}
    return {"responseLogprobs": True} if _LOGPROBS in request.include else {}


def _modalities(tools: ToolSetup) -> dict[str, Any]:
    """The forms of the answer, where pictures are wanted."""
    if not tools.response_modalities:
        return {}
    config: dict[str, Any] = {"responseModalities": list(tools.response_modalities)}
    if tools.aspect_ratio is not None:
        config["imageConfig"] = {"aspectRatio": tools.aspect_ratio}
    return config


def _output_format(
    format: TextFormat | None, tools: ToolSetup, model: ModelProfile, notes: Adaptations
) -> dict[str, Any]:
    match format:
        case None | PlainTextFormat():
            return {}
        case JsonObjectFormat():
            _check_compatible(tools, model)
            return {"responseMimeType": "application/json"}
        case JsonSchemaFormat():
            _check_compatible(tools, model)
            schema, losses = to_upstream_schema(format.json_schema, param="text.format.schema")
            notes.add(*(f"text.format.schema: {loss}" for loss in losses))
            return {"responseMimeType": "application/json", "responseJsonSchema": schema}
        case _:
            assert_never(format)


def _check_compatible(tools: ToolSetup, model: ModelProfile) -> None:
    if not tools.declarations and not tools.hosted:
        return
    if not model.json_with_functions:
        raise InvalidRequest(
            f"{model.name} cannot combine JSON output with tools. "
            "Leave one of them out, or use a Gemini 3 or newer model.",
            param="text.format",
        )
    if tools.mode == "ANY":
        raise InvalidRequest(
            "JSON output cannot be combined with a tool choice that forces a function call.",
            param="tool_choice",
        )


def _without_nones(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
