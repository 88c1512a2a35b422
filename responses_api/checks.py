"""System checks: wrong combinations of settings are refused at the start, by name."""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import Error as DatabaseError

from responses_api.access.oauth_client import SignInFailed, client_of_installation
from responses_api.catalogue import build_catalogue, stored_profiles
from responses_api.check_tags import GATEWAY

EMBEDDED = "zgproject.embedded_postgres"


@register(GATEWAY)
def check_credential_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """``responses_api.E001``: a credential could not be encrypted or read."""
    for number, key in enumerate(settings.CREDENTIAL_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    f"Key {number} of CREDENTIAL_KEYS is not a Fernet key (32 bytes in URL-safe base64).",
                    hint="Make one: python -c 'from cryptography.fernet import Fernet; "
                    "print(Fernet.generate_key().decode())'",
                    id="responses_api.E001",
                )
            ]
    return []


@register(GATEWAY)
def check_oauth_client(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """``responses_api.E003``: nobody could sign in with the installation's client."""
    try:
        client_of_installation()
    except SignInFailed as failed:
        hint = "OAUTH_CLIENT_FILE names the client_secret.json of an OAuth client of your own."
        return [Error(f"OAUTH_CLIENT cannot be used. {failed}", hint=hint, id="responses_api.E003")]
    return []


@register(GATEWAY)
def check_models(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """``responses_api.E002``: a name for a model that there is not."""
    if not build_catalogue(()).dangling():
        return []
    try:
        profiles = stored_profiles()
    except DatabaseError:
        # Not migrated yet: there are no models but the built-in ones.
        profiles = ()
    dangling = build_catalogue(profiles).dangling()
    if not dangling:
        return []
    return [
        Error(
            f"DEFAULT_MODEL or MODEL_ALIASES names models that there are not: {', '.join(dangling)}.",
            hint="The models are listed in the admin and by GET /v1/models.",
            id="responses_api.E002",
        )
    ]


@register(GATEWAY)
def check_language_server_account(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """``responses_api.W003``: our language server would call the upstream as nobody."""
    account = settings.LANGUAGE_SERVER_API_KEY or settings.GEMINI_API_KEY or settings.ZEROGRAVITY_TOKEN
    ours = settings.OWN_LANGUAGE_SERVER and not settings.INTERCEPTOR_ENABLED
    if not ours or account or settings.UPSTREAM_SIMULATED:
        return []
    return [
        Warning(
            "Without the interceptor the language server calls the upstream itself, and has no account.",
            hint="Set LANGUAGE_SERVER_API_KEY (or _FILE), GEMINI_API_KEY or ZEROGRAVITY_TOKEN.",
            id="responses_api.W003",
        )
    ]


@register(GATEWAY)
def check_simulated(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """``responses_api.W002``: what looks like production answers with made-up text."""
    if settings.UPSTREAM_SIMULATED and settings.DATABASES["default"]["ENGINE"] != EMBEDDED:
        return [
            Warning(
                "DATABASE_URL is set, yet calls without a credential are answered by the simulator.",
                hint="Set UPSTREAM_URL, GEMINI_API_KEY or ZEROGRAVITY_TOKEN; or UPSTREAM_SIMULATED=false, to "
                "use only the credentials in the admin.",
                id="responses_api.W002",
            )
        ]
    return []
