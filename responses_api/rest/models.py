"""``GET /v1/models`` and ``GET /v1/models/{id}``."""

from datetime import UTC, datetime, time
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from responses_api.catalogue import model_catalogue
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.gemini.models import ModelProfile


class ModelList(APIView):
    """All models that this gateway serves."""

    def get(self, request: Request) -> Response:
        """In OpenAI's list form."""
        return Response(
            {"object": "list", "data": [_wire(profile) for profile in model_catalogue().profiles]}
        )


class ModelDetail(APIView):
    """One model."""

    def get(self, request: Request, name: str) -> Response:
        """By id or alias."""
        try:
            return Response(_wire(model_catalogue().resolve(name)))
        except InvalidRequest as error:
            raise NotFound(error.message, param="model", code="model_not_found") from None


def _wire(profile: ModelProfile) -> dict[str, Any]:
    created = datetime.combine(profile.created, time(), UTC)
    return {"id": profile.name, "object": "model", "created": int(created.timestamp()), "owned_by": "google"}
