"""Seals and opens ``encrypted_content``: authenticated, encrypted, bound to the upstream's surface.

A blob that cannot be opened (another installation's, another provider's, altered) is no error:
its reasoning item is replayed without signatures.
"""

import logging

import msgspec
from cryptography.fernet import InvalidToken
from django.conf import settings

from responses_api.core.sealed_reasoning import SealedReasoning
from responses_api.seals.sealing import fernet

logger = logging.getLogger("zg.reasoning")

_PURPOSE = b"reasoning.encrypted_content"
_LARGEST_BLOB = 1024 * 1024


class _Blob(msgspec.Struct, frozen=True, tag="v1", tag_field="version"):
    surface: str
    """Base URL of the upstream: signatures of one surface are refused by another."""
    sealed: SealedReasoning


_decoder = msgspec.json.Decoder(_Blob)


def seal(reasoning: SealedReasoning) -> str:
    """The blob for a reasoning item."""
    blob = _Blob(settings.UPSTREAM_URL, reasoning)
    return fernet(_PURPOSE).encrypt(msgspec.json.encode(blob)).decode("ascii")


def unseal(blob: str) -> SealedReasoning | None:
    """What ``seal`` was given; None for a blob that is not ours or not of this surface."""
    if len(blob) > _LARGEST_BLOB or not blob.isascii():
        return None
    try:
        opened = _decoder.decode(fernet(_PURPOSE).decrypt(blob.encode()))
    except (InvalidToken, msgspec.DecodeError) as error:
        logger.info("a reasoning item's blob was not opened: %s", type(error).__name__)
        return None
    return opened.sealed if opened.surface == settings.UPSTREAM_URL else None
