"""``GET /v1/models`` and ``GET /v1/models/{id}``: what the catalogue lists, and nothing guessed."""

import hashlib
from datetime import UTC, datetime, time
from typing import Any

import msgspec
from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from responses_api.catalogue import read_catalogue
from responses_api.core.errors import NotFound
from responses_api.gemini.models import ModelCatalogue, ModelProfile
from responses_api.rest.authentication import caller_of
from responses_api.rest.codex_models import codex_models


class ModelList(APIView):
    """All models that this gateway serves."""

    def get(self, request: Request) -> HttpResponseBase:
        """In OpenAI's list form; with ``client_version`` in the Codex CLI's. Has an ``ETag``."""
        catalogue = _catalogue_for(request)
        if "client_version" in request.query_params:
            return _tagged(request, codex_models(catalogue))
        return _tagged(
            request, {"object": "list", "data": [_wire(profile) for profile in catalogue.profiles]}
        )


class ModelDetail(APIView):
    """One model."""

    def get(self, request: Request, name: str) -> Response:
        """By id or alias, with or without ``models/`` before it."""
        profile = _catalogue_for(request).find(name)
        if profile is None:
            raise NotFound(f"The model '{name}' does not exist.", param="model", code="model_not_found")
        return Response(_wire(profile))


def _catalogue_for(request: Request) -> ModelCatalogue:
    """The models that the caller's API key may use."""
    return read_catalogue().restricted_to(caller_of(request).models)


def _wire(profile: ModelProfile) -> dict[str, Any]:
    created = datetime.combine(profile.created, time(), UTC)
    return {"id": profile.name, "object": "model", "created": int(created.timestamp()), "owned_by": "google"}


def _tagged(request: Request, body: dict[str, Any]) -> HttpResponseBase:
    """``body``, or 304 if the client has it already."""
    etag = quote_etag(hashlib.sha256(msgspec.json.encode(body)).hexdigest()[:32])
    response = get_conditional_response(request._request, etag=etag, response=Response(body))
    assert response is not None
    response.headers["ETag"] = etag
    return response
