"""DRF authentication by the gateway's API keys."""

from typing import cast

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from responses_api.access import callers


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer zg-…``; ``request.auth`` is the ``Caller``."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, callers.Caller]:
        """The caller behind the request's key. Raises ``AuthenticationFailed``."""
        header = request.headers.get("authorization")
        return AnonymousUser(), callers.authenticate_cached(header) or callers.authenticate(header)

    def authenticate_header(self, request: Request) -> str:
        """Makes a refusal a 401."""
        return "Bearer"


def owner_of(request: Request) -> int:
    """Primary key of the user whose API key an authenticated request came with."""
    return cast("callers.Caller", request.auth).owner_id
