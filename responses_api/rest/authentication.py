"""DRF authentication by the gateway's API keys."""

from typing import cast

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from responses_api.access import callers
from responses_api.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer zg-…``; ``request.auth`` is the ``Caller``."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, callers.Caller]:
        """The caller behind the request's key. Raises ``AuthenticationFailed``."""
        header = request.headers.get("authorization")
        caller = callers.authenticate_cached(header)
        return AnonymousUser(), caller or callers.authenticate(header, _address(request))

    def authenticate_header(self, request: Request) -> str:
        """Makes a refusal a 401."""
        return "Bearer"


class KeyAuthentication(ApiKeyAuthentication):
    """The same for what needs no upstream credential; ``request.auth`` is the ``ApiKey``."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey]:  # type: ignore[override]
        """The request's key. Raises ``AuthenticationFailed``."""
        return AnonymousUser(), callers.key_behind(request.headers.get("authorization"), _address(request))


def _address(request: Request) -> str:
    address: str = request.META.get("REMOTE_ADDR", "")
    return address


def owner_of(request: Request) -> int:
    """Primary key of the user whose API key an authenticated request came with."""
    return caller_of(request).owner_id


def caller_of(request: Request) -> callers.Caller:
    """Who sent an authenticated request."""
    return cast("callers.Caller", request.auth)
