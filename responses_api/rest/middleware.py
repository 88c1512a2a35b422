"""Puts the API's own headers on every answer below ``/v1`` that Django gives."""

import time
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from responses_api.call_headers import CallMarks, answer_headers, read_marks

type Handler = (
    Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]
)


@sync_and_async_middleware
def api_headers(get_response: Any) -> Handler:
    """A Django middleware; see ``call_headers``."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            began = time.monotonic()
            return _marked(request, await get_response(request), began)

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        return _marked(request, get_response(request), began)

    return answer


def _marked(request: HttpRequest, response: HttpResponseBase, began: float) -> HttpResponseBase:
    if request.path.startswith("/v1/"):
        marks: CallMarks = read_marks(request.headers.get)
        for name, value in answer_headers(marks, began).items():
            response.headers[name] = value
    return response
