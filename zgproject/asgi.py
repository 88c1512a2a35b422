"""The gateway as an ASGI application: ``daphne zgproject.asgi:application``."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import WebsocketDenier
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zgproject.settings")  # noqa: TID251
django_application = get_asgi_application()

from responses_api.consumers.create_response import CreateResponseConsumer  # noqa: E402

# Django's routes are typed for views; Channels routes to ASGI applications with the same functions.
_create_response: Any = CreateResponseConsumer.as_asgi()
_django: Any = django_application
_routes: list[Any] = [path("v1/responses", _create_response), re_path(r"", _django)]

application = ProtocolTypeRouter({"http": URLRouter(_routes), "websocket": WebsocketDenier.as_asgi()})
