"""What the upstream made or ran itself, on its way back: hosted steps, programs, pictures.

Pure. The upstream wants its own parts back unchanged, so where they were kept they are what
goes back. Where they were not, a program and what it printed are put together from the wire
item, and a web search is left out: the answer that it led to tells what it found.
"""

from collections.abc import Mapping
from typing import Any

from responses_api.core.conversation import ConversationItem, WireItem
from responses_api.gemini.input_parts import Part
from responses_api.gemini.models import Generation
from responses_api.gemini.translation import SIGNATURE_STAND_IN, Translation

PICTURE_LEFT_OUT = "(A picture that the model made stood here.)"

_HOSTED_STEPS = ("toolCall", "toolResponse")
_MAGIC = {"/9j/": "image/jpeg", "UklGR": "image/webp"}
_FORMATS = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "png": "image/png"}


def kept_parts(item: ConversationItem, translation: Translation) -> list[Part]:
    """The very parts behind ``item``, as far as the model will read them."""
    if item.upstream is None:
        return []
    trusted = translation.trusts(item)
    return [
        part if trusted else _without_signature(part, translation)
        for part in map(dict, item.upstream.parts)
        if _is_readable(part, translation)
    ]


def program_parts(item: ConversationItem, translation: Translation) -> list[Part]:
    """The parts of a ``code_interpreter_call``."""
    if kept := kept_parts(item, translation):
        parts = kept
    elif code := item.wire.get("code"):
        parts = _program(code, item.wire)
        if any(output.get("type") == "image" for output in item.wire.get("outputs") or []):
            translation.notes.add("pictures that a program drew are left out: only what it printed goes back")
    else:
        return []
    if translation.model.generation is Generation.GEMMA:
        translation.notes.add(f"programs that were run are told as text: {translation.model.name} runs none")
        return [_told(part) for part in parts]
    return parts


def picture_parts(item: ConversationItem, translation: Translation) -> list[Part]:
    """The part of an ``image_generation_call``; none for one that made nothing."""
    data = item.wire.get("result")
    if not data:
        return []
    if "image" not in translation.model.media:
        translation.notes.add(
            f"pictures that the model made are left out: {translation.model.name} reads none"
        )
        return [{"text": PICTURE_LEFT_OUT}]
    part: Part = {"inlineData": {"mimeType": _picture_type(item.wire, data), "data": data}}
    if signature := translation.signature_of(item):
        part["thoughtSignature"] = signature
    return [part]


def _is_readable(part: Mapping[str, Any], translation: Translation) -> bool:
    if translation.hosted_beside_functions or not any(step in part for step in _HOSTED_STEPS):
        return True
    translation.notes.add("steps of hosted tools are left out: they are read only beside such tools")
    return False


def _without_signature(part: Part, translation: Translation) -> Part:
    bare = {name: value for name, value in part.items() if name != "thoughtSignature"}
    if "toolCall" in part and "thoughtSignature" in part and translation.stand_ins:
        bare["thoughtSignature"] = SIGNATURE_STAND_IN
    return bare


def _program(code: str, wire: WireItem) -> list[Part]:
    logs = [text for output in wire.get("outputs") or [] if isinstance(text := output.get("logs"), str)]
    outcome = "OUTCOME_FAILED" if wire.get("status") == "failed" else "OUTCOME_OK"
    return [
        {"executableCode": {"language": "PYTHON", "code": code}},
        {"codeExecutionResult": {"outcome": outcome, "output": "".join(logs)}},
    ]


def _told(part: Part) -> Part:
    """``part`` as text, for a model that runs no programs."""
    match part:
        case {"executableCode": {"code": str(code)}}:
            return {"text": f"```python\n{code}\n```"}
        case {"codeExecutionResult": result}:
            return {"text": f"```\n{result.get('output', '')}\n```"}
        case _:
            return part


def _picture_type(wire: WireItem, data: str) -> str:
    """By its first bytes, else as the item says."""
    seen = next((media_type for magic, media_type in _MAGIC.items() if data.startswith(magic)), None)
    return seen or _FORMATS.get(str(wire.get("output_format")).lower(), "image/png")
