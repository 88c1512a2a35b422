"""What Google refuses although each field is well formed: rules over several fields and the model.

Pure. ``rule_error`` runs after ``validation`` and may therefore trust the shape of the body.
"""

import re
from collections.abc import Callable

from .continuation import current_hop
from .errors import ApiError, Violation, bad_request, invalid_argument
from .models import Budget, Levels, Model
from .signatures import signature_error
from .turns import turns_error
from .values import JsonObject

_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_MODALITIES = {True: {"TEXT", "IMAGE"}, False: {"TEXT"}}
"""What a model can answer with, by whether it makes images."""
_HOSTED_TOOLS = ("googleSearch", "googleMaps", "codeExecution", "urlContext", "fileSearch", "computerUse")
_DECLARATION_LIMIT = 512


def rule_error(model: Model, body: JsonObject, prompt_tokens: int) -> ApiError | None:
    """The first rule that ``body`` breaks, as Google words it, or None."""
    for rule in _RULES:
        if error := rule(model, body):
            return error
    if prompt_tokens > model.input_limit:
        return invalid_argument(
            f"The input token count ({prompt_tokens}) exceeds the maximum number of tokens allowed "
            f"({model.input_limit})."
        )
    return turns_error(model, body["contents"]) or signature_error(model, body["contents"])


def function_declarations(body: JsonObject) -> list[JsonObject]:
    """All declared functions, in order."""
    return [declared for tool in body.get("tools", ()) for declared in tool.get("functionDeclarations", ())]


def hosted_tools(body: JsonObject) -> list[str]:
    """Names of the tools that the server itself would run."""
    return [name for tool in body.get("tools", ()) for name in _HOSTED_TOOLS if name in tool]


def calling_mode(body: JsonObject) -> str:
    """AUTO, ANY, NONE or VALIDATED."""
    mode: str = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode", "AUTO")
    return "AUTO" if mode == "MODE_UNSPECIFIED" else mode


def _config(body: JsonObject) -> JsonObject:
    config: JsonObject = body.get("generationConfig", {})
    return config


def _field_error(field: str, text: str) -> ApiError:
    return bad_request([Violation(field, f"* GenerateContentRequest.{field}: {text}")])


def _declarations_rule(model: Model, body: JsonObject) -> ApiError | None:
    names: set[str] = set()
    for tool_index, tool in enumerate(body.get("tools", ())):
        for index, declared in enumerate(tool.get("functionDeclarations", ())):
            field = f"tools[{tool_index}].function_declarations[{index}]"
            name = declared["name"]
            if not _FUNCTION_NAME.fullmatch(name):
                return _field_error(
                    f"{field}.name",
                    "Invalid function name. Must start with a letter or an underscore. Must be "
                    "alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), "
                    "with a maximum length of 128.",
                )
            if "parameters" in declared and "parametersJsonSchema" in declared:
                return _field_error(
                    f"{field}.parameters_json_schema",
                    "only one of parameters and parameters_json_schema can be set.",
                )
            if name in names:
                return invalid_argument(f"Duplicate function declaration found: {name}")
            names.add(name)
    if len(names) > _DECLARATION_LIMIT:
        return _field_error("tools", f"at most {_DECLARATION_LIMIT} function declarations are allowed.")
    return None


def _calling_rule(model: Model, body: JsonObject) -> ApiError | None:
    allowed = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("allowedFunctionNames")
    mode = calling_mode(body)
    declared = {declaration["name"] for declaration in function_declarations(body)}
    if mode == "ANY" and not declared:
        return _field_error(
            "tool_config.function_calling_config.mode",
            "Function calling mode ANY requires function declarations.",
        )
    if allowed is None:
        return None
    if mode not in {"ANY", "VALIDATED"}:
        return _field_error(
            "tool_config.function_calling_config.allowed_function_names",
            "Allowed function names should only be set when function calling mode is ANY or VALIDATED.",
        )
    for name in allowed:
        if name not in declared:
            return _field_error(
                "tool_config.function_calling_config.allowed_function_names",
                f"Function name {name} is not one of the declared functions.",
            )
    return None


def _mixed_tools_rule(model: Model, body: JsonObject) -> ApiError | None:
    if not (function_declarations(body) and hosted_tools(body)):
        return None
    if model.is_gemini_2:
        return invalid_argument("Tool use with function calling is unsupported")
    if not body.get("toolConfig", {}).get("includeServerSideToolInvocations"):
        return invalid_argument(
            "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools "
            "with Function calling."
        )
    if calling_mode(body) == "ANY":
        return invalid_argument("Function calling mode ANY is unsupported together with Built-in tools.")
    return None


def _output_format_rule(model: Model, body: JsonObject) -> ApiError | None:
    config = _config(body)
    mime_type = config.get("responseMimeType", "text/plain")
    constrained = "responseSchema" in config or "responseJsonSchema" in config
    if "responseSchema" in config and "responseJsonSchema" in config:
        return _field_error(
            "generation_config", "only one of response_schema and response_json_schema can be set."
        )
    if mime_type not in {"text/plain", "application/json", "text/x.enum"}:
        return _field_error(
            "generation_config.response_mime_type",
            "allowed mimetypes are `text/plain`, `application/json`, and `text/x.enum`.",
        )
    if constrained and mime_type == "text/plain":
        return _field_error(
            "generation_config.response_mime_type",
            "response schema is only supported with mime types `application/json` and `text/x.enum`.",
        )
    if (
        mime_type != "text/plain"
        and function_declarations(body)
        and (model.is_gemini_2 or calling_mode(body) == "ANY")
    ):
        return invalid_argument(f"Function calling with a response mime type: '{mime_type}' is unsupported")
    return None


def _thinking_rule(model: Model, body: JsonObject) -> ApiError | None:
    thinking = _config(body).get("thinkingConfig", {})
    budget = thinking.get("thinkingBudget")
    level = thinking.get("thinkingLevel", "THINKING_LEVEL_UNSPECIFIED").upper()
    has_level = level != "THINKING_LEVEL_UNSPECIFIED"
    if has_level and budget is not None:
        return invalid_argument("You can only set only one of thinking budget and thinking level.")
    match model.thinking:
        case None:
            if has_level or budget is not None:
                return invalid_argument("Thinking is not enabled for this model.")
            return None
        case Budget() as allowed:
            if has_level:
                return invalid_argument("Thinking level is not supported for this model.")
            return None if budget is None else _budget_error(allowed, budget)
        case Levels() as levels:
            if budget is not None and model.is_gemini_4:
                return invalid_argument(
                    "Thinking budget is not supported for this model. Use thinking level instead."
                )
            if has_level and level not in levels.accepted:
                return invalid_argument(
                    f"Thinking level {level} is not supported for this model. "
                    "Please retry with other thinking level."
                )
            return None


def _budget_error(allowed: Budget, budget: int) -> ApiError | None:
    if budget == -1 or allowed.low <= budget <= allowed.high or (budget == 0 and allowed.may_be_off):
        return None
    if budget == 0:
        return invalid_argument("Budget 0 is invalid. This model only works in thinking mode.")
    return invalid_argument(
        f"The thinking budget {budget} is invalid. "
        f"Please choose a value between {allowed.low} and {allowed.high}."
    )


def _sampling_rule(model: Model, body: JsonObject) -> ApiError | None:
    config = _config(body)
    for name, high in (("temperature", 2), ("topP", 1)):
        if not 0 <= config.get(name, 0) <= high:
            field = "temperature" if name == "temperature" else "top_p"
            return _field_error(
                f"generation_config.{field}", f"{field} must be in the range [0.0, {high}.0]."
            )
    if config.get("candidateCount", 1) != 1:
        return invalid_argument("Multiple candidates is not enabled for this model")
    if model.is_gemini_2 and ("presencePenalty" in config or "frequencyPenalty" in config):
        return invalid_argument(f"Penalty is not enabled for models/{model.id}")
    return None


def _logprobs_rule(model: Model, body: JsonObject) -> ApiError | None:
    config = _config(body)
    wanted = config.get("responseLogprobs", False)
    number = config.get("logprobs")
    if number is not None and not wanted:
        return _field_error("generation_config.logprobs", "logprobs requires response_logprobs to be true.")
    if number is not None and not 0 <= number <= 20:
        return _field_error("generation_config.logprobs", "logprobs must be in the range [0, 20].")
    if wanted and not model.gives_logprobs:
        return invalid_argument(f"Logprobs is not enabled for models/{model.id}")
    return None


def _image_model_rule(model: Model, body: JsonObject) -> ApiError | None:
    config = _config(body)
    wanted: list[str] = config.get("responseModalities", [])
    possible = _MODALITIES[model.makes_images]
    if not possible.issuperset(wanted):
        return invalid_argument(
            f"The requested combination of response modalities ({', '.join(wanted)}) is not supported by the "
            f"model. models/{model.id} accepts the following combination of response modalities:\n"
            f"* {', '.join(sorted(possible, reverse=True))}\n"
        )
    if not model.makes_images:
        return None
    if function_declarations(body):
        return invalid_argument(f"Function calling is not enabled for models/{model.id}")
    if config.get("responseMimeType", "text/plain") != "text/plain":
        return invalid_argument(f"JSON mode is not enabled for models/{model.id}")
    return None


def _resource_rule(model: Model, body: JsonObject) -> ApiError | None:
    if "cachedContent" in body:
        if model.is_gemini_4:
            return invalid_argument("Explicit caching is not supported for this model.")
        return ApiError(403, "CachedContent not found (or permission denied)")
    if "continuationToken" in body and not model.is_gemini_4:
        return invalid_argument("Continuation tokens are not supported for this model.")
    hop = current_hop(model, body)
    return hop if isinstance(hop, ApiError) else None


_RULES: tuple[Callable[[Model, JsonObject], ApiError | None], ...] = (
    _declarations_rule,
    _calling_rule,
    _mixed_tools_rule,
    _output_format_rule,
    _thinking_rule,
    _sampling_rule,
    _logprobs_rule,
    _image_model_rule,
    _resource_rule,
)
