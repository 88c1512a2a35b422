"""A request and its conversation as the Gemini request that is written on the wire.

Pure; the only door from the Responses API's side to the upstream's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.contents import build_dialogue
from responses_api.gemini.generation_config import build_generation_config, build_service_tier, wants_json
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.tools import ToolSetup, build_tools


@dataclass(frozen=True, slots=True)
class Overlay:
    """One Gemini request, ready to be encoded."""

    model: str
    """Upstream name of the model, without ``models/``; it stands in the URL."""
    body: dict[str, Any]
    """``GenerateContentRequest`` in camelCase, without ``model``. Not to be changed: it shares
    values with the conversation."""
    adaptations: tuple[str, ...]
    """What was dropped or approximated, for people."""


def build_overlay(
    request: CreateRequest, conversation: Sequence[ConversationItem], model: ModelProfile
) -> Overlay:
    """Translate one request.

    Args:
        request: The valid request; its ``input`` is not read.
        conversation: History items, then the request's own items, in order and in canonical
            form, references resolved.
        model: The profile that the request's model name resolved to.

    Returns:
        The overlay. Neither argument is changed.

    Raises:
        InvalidRequest: something that cannot be carried upstream, named by ``param``.
    """
    notes = Adaptations()
    dialogue = build_dialogue(request.instructions, conversation, model, notes)
    tools = build_tools(request.tools, request.tool_choice, model, notes)
    if tools.mode == "NONE" and not model.is_modern and wants_json(request):
        # There, mere declarations already rule out JSON output.
        tools = ToolSetup()
    config = build_generation_config(request, tools, model, notes)
    body: dict[str, Any] = {"contents": dialogue.contents}
    if dialogue.system_texts:
        body["systemInstruction"] = {"parts": [{"text": text} for text in dialogue.system_texts]}
    body |= tools.body()
    if config:
        body["generationConfig"] = config
    body |= build_service_tier(request, notes)
    _note_what_has_no_slot(request, notes)
    return Overlay(model=model.upstream_name, body=body, adaptations=notes.as_tuple())


def _note_what_has_no_slot(request: CreateRequest, notes: Adaptations) -> None:
    if request.tools and not request.parallel_tool_calls:
        notes.add("parallel_tool_calls=false: calls after an answer's first are dropped")
    if request.max_tool_calls is not None:
        notes.add("max_tool_calls: calls beyond it are dropped")
    if request.text is not None and request.text.verbosity is not None:
        notes.add(f"text.verbosity={request.text.verbosity} has no upstream switch")
    if request.truncation == "auto":
        notes.add("truncation=auto has no upstream switch: too long an input is refused")
