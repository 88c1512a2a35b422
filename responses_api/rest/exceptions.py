"""DRF's exceptions in OpenAI's envelope: the one renderer for everything on DRF and for unknown routes."""

import logging
import math
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
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

_FAULT = InternalError("The gateway failed to process this request.")


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


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's ``handler400``: a request that Django itself refuses, such as one for a foreign host."""
    if not request.path.startswith("/v1/"):
        return defaults.bad_request(request, exception)
    return JsonResponse(error_body(InvalidRequest("The request is malformed.")), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``: a fault outside of the views."""
    if not request.path.startswith("/v1/"):
        return defaults.server_error(request)
    return JsonResponse(error_body(_FAULT), status=500)


def _translated(error: Exception) -> GatewayError:
    match error:
        case GatewayError():
            return error
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return AuthenticationFailed(str(error.detail))
        case Http404():
            return NotFound("There is no such object.")
        case exceptions.MethodNotAllowed():
            return InvalidRequest(str(error.detail), code="method_not_allowed", http_status=405)
        case exceptions.APIException() if error.status_code < 500:
            return InvalidRequest(str(error.detail), http_status=error.status_code)
        case _:
            return _FAULT
