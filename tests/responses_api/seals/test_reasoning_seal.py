"""``encrypted_content``: only ours can be opened, and only where it was made."""

import base64

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from responses_api.access.encryption import encrypt
from responses_api.core.sealed_reasoning import SealedReasoning, SignedPart
from responses_api.seals.reasoning_seal import seal, unseal

CONTENT = SealedReasoning(
    "resp_1",
    "gemini-3.8-flash",
    (
        SignedPart("thought", "AAA="),
        SignedPart("call", "BBB=", call_id="call_1", upstream_call_id="up 1"),
        SignedPart("hosted", parts=({"toolCall": {"id": "t"}, "thoughtSignature": "CCC="},)),
    ),
)


def test_what_was_sealed_is_opened() -> None:
    assert unseal(seal(CONTENT)) == CONTENT


def test_nothing_of_it_can_be_read() -> None:
    blob = seal(CONTENT)
    readable = base64.urlsafe_b64decode(blob)
    assert b"BBB=" not in readable
    assert b"resp_1" not in readable


@given(st.data())
def test_an_altered_blob_is_not_opened(data: st.DataObject) -> None:
    blob = seal(CONTENT)
    at = data.draw(st.integers(0, len(blob) - 5))
    other = data.draw(st.sampled_from("ABCxyz019-_!é").filter(lambda character: character != blob[at]))
    assert unseal(blob[:at] + other + blob[at + 1 :]) is None


@pytest.mark.parametrize("blob", ["", "gAAAA", "not a blob", "\udcff", "A" * 2_000_000])
def test_foreign_text_is_not_opened(blob: str) -> None:
    assert unseal(blob) is None


def test_another_surface_does_not_open_it(settings: Settings) -> None:
    blob = seal(CONTENT)
    settings.UPSTREAM_URL = "https://another.example"
    assert unseal(blob) is None


def test_older_keys_open_what_they_sealed_and_unknown_ones_do_not(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [old]
    blob = seal(CONTENT)
    settings.CREDENTIAL_KEYS = [new, old]
    assert unseal(blob) == CONTENT
    settings.CREDENTIAL_KEYS = [new]
    assert unseal(blob) is None


def test_a_credential_is_not_taken_for_a_blob() -> None:
    assert unseal(encrypt("secret").decode()) is None
