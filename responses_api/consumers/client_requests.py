"""What the HTTP consumers read from a client's request, and what they tell in headers of the answer."""

from collections.abc import Iterable
from typing import Any

import msgspec

from responses_api.access import callers
from responses_api.access.callers import Caller
from responses_api.core.errors import InvalidRequest
from responses_api.runtime import database

# A client's own words may be in there, and they must not end the header.
_NO_CONTROLS = dict.fromkeys([*range(32), 127], " ")
_LONGEST_HEADER = 1000


async def authenticate(authorization: str | None, address: str) -> Caller:
    """The caller behind an ``Authorization`` header; as often as it is asked, since keys are revoked.

    Raises:
        AuthenticationFailed, RateLimited: see ``access.callers.authenticate``.
    """
    caller = callers.authenticate_cached(authorization)
    if caller is None:
        caller = await database.run(callers.authenticate, authorization, address)
    return caller


def client_address(scope: Any) -> str:
    """Where a connection comes from; empty if the server does not say."""
    client = scope.get("client")
    return str(client[0]) if client else ""


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


def request_line(scope: Any) -> dict[str, str]:
    """Method and path of a request, for its trace."""
    return {"method": scope["method"], "path": scope["path"]}


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
