"""Tool calls and their results as parts of Gemini contents, signatures and ids included.

Pure. Gemini 3 and later match results by id and check that the first call of every step
carries a thought signature; Gemini 2.x and Gemma know neither.
"""

from typing import Any

import msgspec

from responses_api.core.conversation import ConversationItem
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.input_parts import Part, to_parts
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.turns import AnsweredCall

SIGNATURE_STAND_IN = "skip_thought_signature_validator"
"""Documented by the upstream for calls that its model did not make, or that another model line made."""


def valid_signature(item: ConversationItem, model: ModelProfile) -> str | None:
    """The item's thought signature, if a model of the same line gave it."""
    facts = item.upstream
    return facts.signature if facts is not None and model.signs_like(facts.model) else None


def call_part(
    call: ConversationItem, model: ModelProfile, notes: Adaptations, *, first_of_step: bool
) -> Part:
    """The ``functionCall`` part for a call.

    Args:
        call: A ``function_call`` or ``custom_tool_call`` item.
        model: The model that will read it.
        notes: Where a missing signature is recorded.
        first_of_step: Only the first call of parallel ones is checked for a signature; the
            stand-in must not be put on later ones.
    """
    function_call: Part = {"name": call.wire["name"], "args": _arguments(call)}
    if model.is_modern:
        function_call["id"] = _id(call)
    part: Part = {"functionCall": function_call}
    if signature := valid_signature(call, model):
        part["thoughtSignature"] = signature
    elif model.is_modern and first_of_step:
        part["thoughtSignature"] = SIGNATURE_STAND_IN
        notes.add(f"function call {call.wire['call_id']} has no signature of this model: a stand-in is sent")
    return part


def result_parts(answered: AnsweredCall, model: ModelProfile, notes: Adaptations) -> list[Part]:
    """The ``functionResponse`` part for a call's output, media included.

    A text goes back as ``{"output": text}`` even if it is JSON: structure would be searched
    for references by the upstream. Before Gemini 3 media cannot stand inside the result, so
    they follow it as parts of the same turn.
    """
    output = answered.output.wire["output"]
    parts = [{"text": output}] if isinstance(output, str) else to_parts(output, model, notes)
    text = "\n".join(part["text"] for part in parts if "text" in part)
    media = [part for part in parts if "text" not in part]
    response: Part = {"name": answered.call.wire["name"], "response": {"output": text}}
    if not model.is_modern:
        return [{"functionResponse": response}, *_captioned(media, response["name"])]
    response["id"] = _id(answered.call)
    if media:
        response["parts"] = media
    return [{"functionResponse": response}]


def _captioned(media: list[Part], name: str) -> list[Part]:
    return [{"text": f"Attached to the result of {name}:"}, *media] if media else []


def _id(call: ConversationItem) -> str:
    """The upstream's own id where it gave one, else ours; the same for call and result."""
    upstream_id = call.upstream.call_id if call.upstream is not None else None
    return upstream_id or str(call.wire["call_id"])


def _arguments(call: ConversationItem) -> dict[str, Any]:
    """The arguments as an object; what a foreign history has there instead is wrapped in one."""
    if call.wire["type"] == "custom_tool_call":
        return {"input": call.wire["input"]}
    text: str = call.wire["arguments"]
    if not text.strip():
        return {}
    try:
        arguments = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {"value": text}
    return arguments if isinstance(arguments, dict) else {"value": arguments}
