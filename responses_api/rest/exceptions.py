"""DRF's exceptions in OpenAI's envelope: the one renderer for everything on DRF and for unknown routes."""

import logging
import math
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from responses_api.core.errors import (
    AuthenticationFailed,
    GatewayError,
    InternalError,
    InvalidRequest,
    NotFound,
    error_body,
)

logger = logging.getLogger("zg.http")


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's ``EXCEPTION_HANDLER``."""
    translated = _translated(error)
    if isinstance(translated, InternalError):
        logger.error("a view failed", exc_info=error)
    headers = {}
    if translated.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(translated.retry_after)))
    return Response(error_body(translated), status=translated.http_status, headers=headers)


@csrf_exempt
def unknown_route(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
    """Everything below ``/v1/`` that does not exist."""
    error = NotFound(f"Invalid URL ({request.method} {request.path})", code="unknown_url")
    return JsonResponse(error_body(error), status=error.http_status)


def _translated(error: Exception) -> GatewayError:
    match error:
        case GatewayError():
            return error
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return AuthenticationFailed(str(error.detail))
        case exceptions.APIException() if error.status_code < 500:
            return InvalidRequest(str(error.detail), http_status=error.status_code)
        case _:
            return InternalError("The gateway failed to process this request.")
