"""``/v1/token``: the upstream access token of the caller's own user."""

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from responses_api.access import own_token
from responses_api.access.own_token import OwnToken
from responses_api.audit import acting
from responses_api.core.conversation_requests import parse_body
from responses_api.core.upstream_token import SetAccessToken
from responses_api.models import ApiKey
from responses_api.rest.authentication import KeyAuthentication
from responses_api.rest.parsers import JsonParser


class UpstreamToken(APIView):
    """Set, looked at and removed by a key that needs no upstream account for it yet."""

    authentication_classes = (KeyAuthentication,)
    parser_classes = (JsonParser,)

    def get(self, request: Request) -> Response:
        """How the caller's own account stands; nothing of its secret."""
        return Response(_wire(own_token.read(_key(request))))

    def post(self, request: Request) -> Response:
        """Set the access token; requests use it within two seconds."""
        body = parse_body(SetAccessToken, request.data)
        key = _key(request)
        with acting(key.owner, key):
            token = own_token.put(key, body.access_token, body.expires_in)
        return Response(_wire(token))

    def delete(self, request: Request) -> Response:
        """Remove it."""
        key = _key(request)
        with acting(key.owner, key):
            own_token.delete(key)
        return Response({"object": "upstream_token.deleted", "deleted": True})


def _key(request: Request) -> ApiKey:
    return cast("ApiKey", request.auth)


def _wire(token: OwnToken) -> dict[str, Any]:
    return {
        "object": "upstream_token",
        "own": token.own,
        "kind": token.kind,
        "state": token.state.value if token.state is not None else None,
        "expires_at": int(token.expires_at.timestamp()) if token.expires_at is not None else None,
    }
