"""What the HTTP consumers read from a client's request, and what they tell in headers of the answer."""

from collections.abc import Iterable

import msgspec

from responses_api.core.errors import InvalidRequest

# A client's own words may be in there, and they must not end the header.
_NO_CONTROLS = dict.fromkeys([*range(32), 127], " ")
_LONGEST_HEADER = 1000


def allow_only_post(method: str, path: str) -> None:
    """Refuse every other ``method``.

    Raises:
        InvalidRequest: 405.
    """
    if method != "POST":
        raise InvalidRequest(
            f"Not allowed to {method} on {path} (HINT: Perhaps you meant POST?)",
            code="method_not_allowed",
            http_status=405,
        )


def decoded(body: bytes) -> object:
    """The JSON document in ``body``.

    Raises:
        InvalidRequest: it holds none.
    """
    try:
        document: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidRequest(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
            "using your HTTP library correctly. The API expects a JSON payload, but what was sent "
            "was not valid JSON.)"
        ) from None
    return document


def adaptation_headers(adaptations: Iterable[str]) -> list[tuple[bytes, bytes]]:
    """What was dropped or approximated for this model, told in a header."""
    said = "; ".join(adaptations).translate(_NO_CONTROLS).encode("ascii", "replace")
    return [(b"x-zg-adaptations", said[:_LONGEST_HEADER])] if said else []
