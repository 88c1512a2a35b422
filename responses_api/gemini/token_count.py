"""``countTokens``: what is sent to have a request counted, and the number in the answer.

Pure. The short form of the body, bare contents, leaves out the system instruction and the
tools; so a whole ``GenerateContentRequest`` is sent, which has to name its model inside as well.

Source: ``CountTokensRequest`` and ``CountTokensResponse`` of the Gemini API reference, November 2026.
"""

from typing import Any

import msgspec

from responses_api.core.errors import UpstreamFault
from responses_api.gemini.overlay import Overlay

_NOT_PART_OF_THE_PROMPT = frozenset({"serviceTier"})


class _Counted(msgspec.Struct, rename="camel"):
    total_tokens: int = 0
    """Left out by the upstream where it is zero."""


def count_request(overlay: Overlay) -> dict[str, Any]:
    """The body that asks for the tokens of ``overlay``. Shares values with it."""
    request = {name: value for name, value in overlay.body.items() if name not in _NOT_PART_OF_THE_PROMPT}
    return {"generateContentRequest": {"model": f"models/{overlay.model}", **request}}


def counted_tokens(body: bytes) -> int:
    """The number of tokens in the body of a successful answer.

    Raises:
        UpstreamFault: it holds none.
    """
    try:
        return msgspec.json.decode(body, type=_Counted).total_tokens
    except msgspec.DecodeError:
        raise UpstreamFault("The upstream's count of tokens could not be read.") from None
