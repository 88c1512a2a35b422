"""Overlays of short conversations, each checked against the upstream's schema."""

from typing import Any

from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import parse_create_request
from responses_api.core.remote_files import FetchedFile
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.overlay import Overlay, build_overlay
from tests.responses_api.gemini.conversations import FLASH, assert_valid

FUNCTION = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}
CALLED = {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}, "thoughtSignature": "c2ln"}
ANSWERED = {"toolResponse": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB", "response": {}}}


def overlay(
    *conversation: ConversationItem,
    model: ModelProfile = FLASH,
    files: dict[str, FetchedFile] | None = None,
    signatures: bool = True,
    **body: Any,
) -> Overlay:
    request = parse_create_request({"input": "q", **body})
    built = build_overlay(request, conversation, model, files, signatures=signatures)
    assert_valid(built.body)
    return built
