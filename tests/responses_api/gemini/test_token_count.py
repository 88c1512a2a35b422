"""What is sent to have a request counted, and how the answer is read."""

import pytest

from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import UpstreamFault
from responses_api.gemini.overlay import build_overlay
from responses_api.gemini.token_count import count_request, counted_tokens
from tests.responses_api.gemini.conversations import FLASH


def test_the_whole_request_is_sent_with_its_model_inside() -> None:
    request = parse_create_request(
        {
            "input": "hi",
            "instructions": "Be nice.",
            "tools": [{"type": "function", "name": "f"}],
            "service_tier": "flex",
        }
    )
    overlay = build_overlay(request, [ConversationItem(item) for item in request.input], FLASH)
    (counted,) = count_request(overlay).values()
    assert counted["model"] == "models/gemini-3.8-flash"
    assert {"contents", "systemInstruction", "tools", "toolConfig"} <= counted.keys()
    assert "serviceTier" in overlay.body
    assert "serviceTier" not in counted


@pytest.mark.parametrize(
    ("body", "tokens"), [(b'{"totalTokens": 7, "promptTokensDetails": []}', 7), (b"{}", 0)]
)
def test_the_number_is_read(body: bytes, tokens: int) -> None:
    assert counted_tokens(body) == tokens


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"totalTokens": "many"}'])
def test_an_answer_without_a_number_is_the_upstream_s_fault(body: bytes) -> None:
    with pytest.raises(UpstreamFault):
        counted_tokens(body)
