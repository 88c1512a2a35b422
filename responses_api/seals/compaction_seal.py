"""Seals summaries into compaction items and opens the one that a conversation goes on from.

Authenticated and encrypted, and unlike signatures good for every upstream. A blob that cannot
be opened (another installation's, another provider's, altered) is refused: the conversation
behind it would be lost without a word.
"""

from collections.abc import Sequence

import msgspec
from cryptography.fernet import InvalidToken

from responses_api.core.compaction import SealedSummary, compacted, latest_compaction
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.seals.sealing import fernet

_PURPOSE = b"compaction.encrypted_content"


class _Blob(msgspec.Struct, frozen=True, tag="v1", tag_field="version"):
    sealed: SealedSummary


_decoder = msgspec.json.Decoder(_Blob)


def seal(content: SealedSummary) -> str:
    """The blob for a compaction item."""
    return fernet(_PURPOSE).encrypt(msgspec.json.encode(_Blob(content))).decode("ascii")


def unseal(blob: str) -> SealedSummary:
    """What ``seal`` was given.

    Raises:
        InvalidRequest: the blob is not one of this installation's.
    """
    try:
        return _decoder.decode(fernet(_PURPOSE).decrypt(blob.encode())).sealed
    except (InvalidToken, UnicodeEncodeError, msgspec.DecodeError):
        raise InvalidRequest(
            "The encrypted content of a compaction item could not be verified: "
            "it was not made by this gateway, or has been altered.",
            param="input",
            code="invalid_encrypted_content",
        ) from None


def opened(items: Sequence[ConversationItem]) -> list[ConversationItem]:
    """A conversation as the model is shown it, going on from its latest compaction item.

    Raises:
        InvalidRequest: that item is not one of this installation's.
    """
    index = latest_compaction(items)
    if index is None:
        return list(items)
    return compacted(items, index, unseal(items[index].wire["encrypted_content"]))
