"""Sealed summaries: only ours are opened, and a conversation goes on from the latest."""

import base64

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from responses_api.core.compaction import SealedSummary
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.core.sealed_reasoning import SealedReasoning
from responses_api.seals import reasoning_seal
from responses_api.seals.compaction_seal import opened, seal, unseal
from tests.responses_api.gemini.conversations import message, user

CONTENT = SealedSummary("A talk about ☔.", keeps_messages=True)


def compaction(blob: str) -> ConversationItem:
    return ConversationItem({"type": "compaction", "encrypted_content": blob})


def test_what_was_sealed_is_opened_and_cannot_be_read() -> None:
    blob = seal(CONTENT)
    assert unseal(blob) == CONTENT
    assert b"talk" not in base64.urlsafe_b64decode(blob)


def test_keys_can_be_rotated_and_the_upstream_changed(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [old]
    blob = seal(CONTENT)
    settings.CREDENTIAL_KEYS = [new, old]
    settings.UPSTREAM_URL = "https://elsewhere.example"
    assert unseal(blob) == CONTENT


@pytest.mark.parametrize("blob", ["", "gAAAA", "☔", "\ud800", seal(CONTENT)[:-6] + "AAAA=="])
def test_another_blob_is_refused(blob: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        unseal(blob)
    assert (caught.value.code, caught.value.http_status) == ("invalid_encrypted_content", 400)


def test_a_blob_of_another_purpose_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        unseal(reasoning_seal.seal(SealedReasoning("resp_1", "m", ())))


def test_a_conversation_goes_on_from_its_latest_compaction() -> None:
    u1, u2, answer = user("one"), user("two"), message("assistant", "2")
    ours = compaction(seal(SealedSummary("All about it.")))
    shown = opened([u1, compaction("another's, overtaken"), u2, ours, answer])
    assert len(shown) == 2
    assert "All about it." in str(shown[0].wire)
    assert shown[1] is answer
    assert opened([u1, answer]) == [u1, answer]
