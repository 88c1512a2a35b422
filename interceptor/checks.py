"""System checks of the upstream side: what must not be open to others is refused at the start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from interceptor.proxy_login import reaches_only_this_machine
from responses_api.check_tags import GATEWAY


@register(GATEWAY)
def check_proxy_login(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """``interceptor.E001`` and ``E002``: an open proxy, and half a login."""
    user, password = settings.INTERCEPTOR_PROXY_USER, settings.INTERCEPTOR_PROXY_PASSWORD
    if bool(user) != bool(password) or ":" in user:
        return [
            Error(
                "INTERCEPTOR_PROXY_USER and INTERCEPTOR_PROXY_PASSWORD belong together, "
                "and the user has no colon in it.",
                hint="Set both, or neither.",
                id="interceptor.E002",
            )
        ]
    if not user and not reaches_only_this_machine(settings.INTERCEPTOR_HOST):
        return [
            Error(
                f"The interceptor would be an open proxy on {settings.INTERCEPTOR_HOST}.",
                hint="Set INTERCEPTOR_PROXY_USER and INTERCEPTOR_PROXY_PASSWORD (or _FILE), or let it listen "
                "on 127.0.0.1.",
                id="interceptor.E001",
            )
        ]
    return []
