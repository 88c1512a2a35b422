"""The gateway as an ASGI application: ``daphne zgproject.asgi:application``."""

import os
import sys
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import WebsocketDenier
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zgproject.settings")  # noqa: TID251
django_application = get_asgi_application()

from responses_api.background import runner  # noqa: E402, F401 - registers its loop
from responses_api.consumers.compact import CompactConsumer  # noqa: E402
from responses_api.consumers.create_response import CreateResponseConsumer  # noqa: E402
from responses_api.consumers.follow_response import FollowResponseConsumer, wants_stream  # noqa: E402
from responses_api.consumers.input_tokens import InputTokensConsumer  # noqa: E402
from responses_api.consumers.playground import PlaygroundConsumer  # noqa: E402
from responses_api.consumers.websocket import WebSocketConsumer  # noqa: E402
from responses_api.gateways import watch  # noqa: E402, F401 - registers its loop
from responses_api.retention import schedule  # noqa: E402, F401 - registers its loop
from responses_api.runtime import process_tasks  # noqa: E402 - the latter registers its loops
from responses_api.runtime.lasting_threads import on_lasting_threads  # noqa: E402
from responses_api.statistics import rolling_loop  # noqa: E402, F401 - registers its loop
from responses_api.webhooks import webhook_sender  # noqa: E402, F401 - the latter registers its loops

# Django's routes are typed for views; Channels routes to ASGI applications with the same functions.
_compact: Any = CompactConsumer.as_asgi()
_create_response: Any = CreateResponseConsumer.as_asgi()
_django: Any = on_lasting_threads(django_application)
_input_tokens: Any = InputTokensConsumer.as_asgi()
_follow_response: Any = FollowResponseConsumer.as_asgi()
_playground: Any = PlaygroundConsumer.as_asgi()


async def _stored_response(scope: Any, receive: Any, send: Any) -> None:
    """One address, two shells: the stream is a consumer's, the object a view's."""
    await (_follow_response if wants_stream(scope) else _django)(scope, receive, send)


_one_response: Any = _stored_response
_routes: list[Any] = [
    path("v1/responses", _create_response),
    path("v1/responses/compact", _compact),
    path("v1/responses/input_tokens", _input_tokens),
    path("v1/responses/<str:response_id>", _one_response),
    path("admin/playground/keys/<int:api_key_id>/responses", _playground),
    re_path(r"", _django),
]

_web_socket: Any = WebSocketConsumer.as_asgi()
_denier: Any = WebsocketDenier.as_asgi()
_web_socket_routes: list[Any] = [path("v1/responses", _web_socket), re_path(r"", _denier)]

if "daphne.cli" in sys.modules:
    from zgproject import before_stop, daphne_server

    daphne_server.install()
    before_stop.call_before_stop(process_tasks.stop)

application = process_tasks.starting(
    ProtocolTypeRouter({"http": URLRouter(_routes), "websocket": URLRouter(_web_socket_routes)})
)
