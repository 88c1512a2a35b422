"""Who calls: the checks that come before the body is looked at. Pure."""

import hashlib
from dataclasses import dataclass

from .errors import ApiError, error_info, localized_message, of_status

_UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
    "other form of API consumer identity to call this API."
)
_INVALID_KEY = "API key not valid. Please pass a valid API key."


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request shows of its sender; ``kind`` and ``fingerprint`` are recorded, never the secret."""

    api_key: str
    bearer: str

    @property
    def kind(self) -> str:
        """``api_key``, ``bearer``, ``both`` or ``none``."""
        if self.api_key:
            return "both" if self.bearer else "api_key"
        return "bearer" if self.bearer else "none"

    @property
    def fingerprint(self) -> str:
        """Tells one secret from another: 16 hex digits of its SHA-256."""
        return hashlib.sha256((self.api_key or self.bearer).encode()).hexdigest()[:16]


def read_caller(api_key: str, authorization: str) -> Caller:
    """From the values of ``x-goog-api-key`` (or ``?key=``) and ``Authorization``; "" when absent."""
    scheme, _, token = authorization.partition(" ")
    return Caller(api_key.strip(), token.strip() if scheme.lower() == "bearer" else "")


def caller_error(caller: Caller) -> ApiError | None:
    """Why the caller is turned away, or None."""
    if caller.kind == "none":
        return ApiError(403, _UNREGISTERED)
    if caller.kind == "both":
        return ApiError(400, "Only one of API key and OAuth access token may be sent.")
    if caller.api_key == "invalid-key":
        return ApiError(400, _INVALID_KEY, (error_info("API_KEY_INVALID"), localized_message(_INVALID_KEY)))
    if caller.bearer == "expired-token":
        return of_status(401, "", None, per_day=False)
    return None
