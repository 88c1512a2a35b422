"""Requests from the admin's playground: a signed-in person acts for a key that they may see.

The text of a key is not kept, so the admin's session stands in for it; credential, limits and
traces are the key's.
"""

import io
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from responses_api.access.callers import Caller, caller_of
from responses_api.access.visibility import visible_to
from responses_api.core.errors import InvalidRequest
from responses_api.models import ApiKey

USE_PLAYGROUND = "responses_api.use_playground"
"""The permission that it takes."""
SECRET_HEADERS = frozenset({b"cookie", b"x-csrftoken"})
"""Headers of such a request that no trace may hold."""


def caller_of_session(scope: dict[str, Any], api_key_id: int) -> Caller:
    """The caller behind a key, for the person whose session the request ``scope`` bears.

    Raises:
        InvalidRequest: 403: nobody is signed in, it is not their page's request (CSRF), or they
            may not; the same for keys that do not exist and keys that they may not see.
        AuthenticationFailed: the key cannot be used any more.
    """
    request = ASGIRequest(scope, io.BytesIO())
    if _is_forged(request):
        raise _refused("The page is too old. Load it again.")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(
        request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    )
    user = get_user(request)
    if not user.is_staff or not user.has_perm(USE_PLAYGROUND):
        raise _refused("Sign in to the admin, as somebody who may use the playground.")
    key = visible_to(user, ApiKey.objects.filter(pk=api_key_id)).first()
    if key is None:
        raise _refused("There is no such API key among those that you see.")
    return caller_of(key.pk)


def _is_forged(request: ASGIRequest) -> bool:
    """Django's own judgement: token, cookie and origin."""
    middleware = CsrfViewMiddleware(lambda _: HttpResponse())
    middleware.process_request(request)
    return middleware.process_view(request, _unmarked, (), {}) is not None


def _unmarked(request: Any) -> HttpResponse:
    """A view that is not exempt from the check."""
    return HttpResponse()


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="forbidden", http_status=403)
