"""Short forms for conversation items, and the check that an overlay fits the upstream's schema."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.models import ModelCatalogue, ModelProfile
from responses_api.gemini.translation import Translation

PNG = "iVBORw0KGgo="
SIGNER = "gemini-3.8-flash-002"

FLASH = ModelCatalogue().resolve("gemini-3.8-flash")
PRO_25 = ModelCatalogue().resolve("gemini-2.5-pro")
GEMMA = ModelCatalogue().resolve("gemma-4-31b-it")
MODELS: list[ModelProfile] = [FLASH, PRO_25, GEMMA]


def translation(model: ModelProfile = FLASH, **circumstances: Any) -> Translation:
    return Translation(model, Adaptations(), **circumstances)


def message(
    role: str, *texts: str, by: str | None = None, signature: str | None = None, model: str = SIGNER
) -> ConversationItem:
    kind = "output_text" if role == "assistant" else "input_text"
    wire = {"type": "message", "role": role, "content": [{"type": kind, "text": text} for text in texts]}
    return ConversationItem(wire, by, UpstreamFacts(signature=signature, model=model) if signature else None)


def user(*parts: dict[str, Any] | str, by: str | None = None) -> ConversationItem:
    content = [{"type": "input_text", "text": part} if isinstance(part, str) else part for part in parts]
    return ConversationItem({"type": "message", "role": "user", "content": content}, by)


def call(
    call_id: str,
    name: str = "f",
    arguments: str = '{"a":1}',
    *,
    by: str | None = None,
    signature: str | None = None,
    upstream_id: str | None = None,
    model: str = SIGNER,
) -> ConversationItem:
    wire = {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
    return ConversationItem(wire, by, UpstreamFacts(signature, upstream_id, model))


def output(
    call_id: str, value: str | list[dict[str, Any]] = "ok", *, by: str | None = None
) -> ConversationItem:
    return ConversationItem({"type": "function_call_output", "call_id": call_id, "output": value}, by)


def reasoning(*summary: str, by: str | None = None, signature: str | None = None) -> ConversationItem:
    wire = {"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in summary]}
    return ConversationItem(wire, by, UpstreamFacts(signature, None, SIGNER))


def hosted(
    wire: dict[str, Any], *parts: dict[str, Any], by: str | None = None, model: str = SIGNER
) -> ConversationItem:
    """An item of what the upstream did itself, with the parts behind it if there are any."""
    return ConversationItem(wire, by, UpstreamFacts(model=model, parts=parts) if parts else None)


def image(url: str = f"data:image/png;base64,{PNG}", **members: str) -> dict[str, Any]:
    return {"type": "input_image", "image_url": url, **members}


@cache
def _validator() -> Draft202012Validator:
    path = Path(__file__).parents[2] / "fixtures" / "gemini" / "schema.json"
    return Draft202012Validator(msgspec.json.decode(path.read_bytes()))


def assert_valid(body: dict[str, Any]) -> None:
    """``body``, encoded and read back, is a ``GenerateContentRequest``."""
    errors = [
        error.message for error in _validator().iter_errors(msgspec.json.decode(msgspec.json.encode(body)))
    ]
    assert errors == []
