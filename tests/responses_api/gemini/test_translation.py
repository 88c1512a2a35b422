import pytest

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from tests.responses_api.gemini.conversations import FLASH, PRO_25, call, translation


@pytest.mark.parametrize(
    ("item", "signature"),
    [
        (call("c", signature="s"), "s"),
        (call("c", signature="s", model="gemini-2.5-pro"), None),
        (call("c"), None),
        (ConversationItem({"type": "reasoning", "summary": []}), None),
        (ConversationItem({"type": "reasoning", "summary": []}, None, UpstreamFacts("s")), None),
    ],
)
def test_only_a_signature_of_the_same_line_goes_back(item: ConversationItem, signature: str | None) -> None:
    assert translation(FLASH).signature_of(item) == signature
    assert translation(FLASH, signatures=False).signature_of(item) is None


def test_another_line_has_signatures_of_its_own() -> None:
    item = call("c", signature="s", model="models/gemini-2.5-pro-001")
    assert translation(PRO_25).signature_of(item) == "s"
