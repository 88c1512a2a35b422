"""A request and its conversation as the Gemini request that is written on the wire.

Pure; the only door from the Responses API's side to the upstream's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from responses_api.core.client_tools import ClientTool, declared_tools
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.remote_files import FetchedFile
from responses_api.core.validation import quoted
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.contents import Dialogue, build_dialogue
from responses_api.gemini.generation_config import (
    build_generation_config,
    build_service_tier,
    verbosity_hint,
    wants_json,
)
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.tools import build_tools
from responses_api.gemini.translation import Translation


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
    client_tools: Mapping[str, ClientTool] = field(default_factory=dict)
    """The client's tools by the name under which the model calls them."""


def build_overlay(
    request: CreateRequest,
    conversation: Sequence[ConversationItem],
    model: ModelProfile,
    files: Mapping[str, FetchedFile] | None = None,
    *,
    signatures: bool = True,
) -> Overlay:
    """Translate one request.

    Args:
        request: The valid request; its ``input`` is not read.
        conversation: History items, then the request's own items, in order and in canonical
            form, references resolved.
        model: The profile that the request's model name resolved to.
        files: What the web addresses in the conversation led to, by address.
        signatures: Whether thought signatures go back; False for another try after the
            upstream refused one.

    Returns:
        The overlay. No argument is changed.

    Raises:
        InvalidRequest: something that cannot be carried upstream, named by ``param``.
    """
    notes = Adaptations()
    declared = declared_tools(request.tools, [item.wire for item in conversation])
    tools = build_tools(declared, request.tool_choice, model, notes)
    if tools.mode == "NONE" and not model.json_with_functions and wants_json(request):
        # There, mere declarations already rule out JSON output.
        tools = replace(tools, declarations=())
    translation = Translation(model, notes, files or {}, signatures, tools.combines)
    dialogue = _dialogue(request, conversation, translation)
    config = build_generation_config(request, tools, model, notes) | _chat_extensions(request)
    body: dict[str, Any] = {"contents": dialogue.contents}
    if dialogue.system_texts:
        body["systemInstruction"] = {"parts": [{"text": text} for text in dialogue.system_texts]}
    body |= tools.body()
    if config:
        body["generationConfig"] = config
    body |= build_service_tier(request, notes)
    _note_what_has_no_slot(request, bool(declared), notes)
    return Overlay(model.upstream_name, body, notes.as_tuple(), tools.client_tools)


def continued(body: Mapping[str, Any], token: str) -> dict[str, Any]:
    """The request ``body`` once more, to be answered from where its last answer had to stop.

    Args:
        body: ``Overlay.body``. Left unchanged.
        token: ``Finished.continuation`` of that answer.
    """
    return {**body, "continuationToken": token}


def _dialogue(
    request: CreateRequest, conversation: Sequence[ConversationItem], translation: Translation
) -> Dialogue:
    current_turn_only = request.reasoning is not None and request.reasoning.context == "current_turn"
    if not translation.signatures:
        translation.notes.add("thought signatures are left out: the upstream refused one")
    if hint := verbosity_hint(request):
        translation.notes.add("text.verbosity is asked for in words: there is no upstream switch")
    return build_dialogue(
        request.instructions,
        conversation,
        translation,
        hint=hint,
        current_turn_only=current_turn_only,
    )


def _chat_extensions(request: CreateRequest) -> dict[str, Any]:
    """Parameters of Chat Completions that the Responses API does not have."""
    config: dict[str, Any] = {}
    if request.stop:
        config["stopSequences"] = list(request.stop)
    if request.seed is not None:
        config["seed"] = request.seed
    return config


def _note_what_has_no_slot(request: CreateRequest, has_tools: bool, notes: Adaptations) -> None:
    notes.add(*(f"the unknown parameter {quoted(name)} is ignored" for name in request.ignored_parameters))
    if has_tools and not request.parallel_tool_calls:
        notes.add("parallel_tool_calls=false: calls after an answer's first are dropped")
    if request.max_tool_calls is not None:
        notes.add("max_tool_calls: calls beyond it are dropped")
    if request.truncation == "auto":
        notes.add("truncation=auto has no upstream switch: too long an input is refused")
