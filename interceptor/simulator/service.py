"""A generate request's body -> refusal or answer. The whole simulated model, without its HTTP side."""

from dataclasses import dataclass, replace

import msgspec

from .directives import BadDirective, Directives
from .errors import ApiError, Violation, bad_request, invalid_argument, model_not_found, of_status
from .json_sample import BadSchema
from .models import Model, find_model
from .prompt import Prompt, last_text, read_prompt
from .record import Record
from .rules import rule_error
from .script import NewId, script
from .signatures import bears_signature
from .tokens import count_contents, count_prompt
from .validation import count_tokens_error, generate_content_error
from .values import JsonObject


@dataclass(frozen=True, slots=True)
class Answer:
    """The chunks of an answer, and how the prompt wants them delivered."""

    chunks: list[JsonObject]
    directives: Directives
    model: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL addresses: API version, bare model id, method."""

    version: str
    model: str
    method: str


def generate(target: Target, raw: bytes, record: Record, new_id: NewId) -> Answer | ApiError:
    """Check ``raw`` as Google does, then write the answer's script."""
    model = find_model(target.model, target.version)
    if model is None:
        return model_not_found(target.model, target.version, target.method)
    body = _decoded(raw)
    if isinstance(body, ApiError):
        return body
    if error := generate_content_error(body):
        return error
    prompt_tokens = count_prompt(body)
    if error := rule_error(model, body, prompt_tokens):
        return error
    try:
        prompt = _while_faults_last(read_prompt(model, body), body, record)
        if error := _scripted_error(model, prompt, body):
            return error
        return Answer(script(model, prompt, raw, prompt_tokens, new_id), prompt.directives, model.id)
    except (BadDirective, BadSchema) as problem:
        return invalid_argument(str(problem))


def count_tokens(target: Target, raw: bytes) -> JsonObject | ApiError:
    """The answer to ``countTokens``, from either form of its body."""
    if find_model(target.model, target.version) is None:
        return model_not_found(target.model, target.version, target.method)
    body = _decoded(raw)
    if isinstance(body, ApiError):
        return body
    if error := count_tokens_error(body):
        return error
    inner = body.get("generateContentRequest")
    if inner is not None and "model" not in inner:
        field = "generate_content_request.model"
        return bad_request([Violation(field, f"* CountTokensRequest.{field}: model is not specified")])
    total = count_contents(body["contents"]) if inner is None else count_prompt(inner)
    return {"totalTokens": total, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": total}]}


def _decoded(raw: bytes) -> JsonObject | ApiError:
    try:
        body: JsonObject = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return invalid_argument(f"Invalid JSON payload received. {problem}")
    return body


def _while_faults_last(prompt: Prompt, body: JsonObject, record: Record) -> Prompt:
    """``prompt``, without its faults when it has come more often than ``times``."""
    times = prompt.directives.times
    if times is None or record.attempt(last_text(body)) <= times:
        return prompt
    return replace(prompt, directives=prompt.directives.without_faults())


def _scripted_error(model: Model, prompt: Prompt, body: JsonObject) -> ApiError | None:
    """The error that ``[[status=...]]`` or ``[[signature=refuse]]`` asks for."""
    if prompt.directives.signature == "refuse" and bears_signature(body["contents"]):
        return invalid_argument("Invalid thought signature.")
    status = prompt.directives.status
    if status is None:
        return None
    return of_status(status.code, model.id, status.retry_seconds, per_day=status.per_day)
