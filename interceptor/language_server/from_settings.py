"""The language server that Django's settings describe."""

from pathlib import Path

from django.conf import settings

from interceptor.proxy_login import ProxyLogin, with_login

from .config import DEFAULT_MODELS, LanguageServerConfig


def language_server_config(upstream_url: str, upstream_ca: Path | None = None) -> LanguageServerConfig:
    """Our language server as the settings want it.

    Behind the interceptor it trusts only that, and sends no credential. Without one it calls the
    upstream itself, with the credential that it was given.

    Args:
        upstream_url: origin of the model's endpoint.
        upstream_ca: PEM bundle for it, if it is not one of the well-known authorities.
    """
    intercepted = settings.INTERCEPTOR_ENABLED and bool(settings.INTERCEPTOR_URL)
    login = ProxyLogin.of(settings.INTERCEPTOR_PROXY_USER, settings.INTERCEPTOR_PROXY_PASSWORD)
    return LanguageServerConfig(
        upstream_url=upstream_url,
        csrf_token=settings.LANGUAGE_SERVER_CSRF_TOKEN,
        host=settings.LANGUAGE_SERVER_HOST,
        port=settings.LANGUAGE_SERVER_PORT,
        api_version=settings.UPSTREAM_API_VERSION,
        proxy_url=with_login(settings.INTERCEPTOR_URL, login) if intercepted else None,
        ca_file=settings.INTERCEPTOR_CA_FILE if intercepted else upstream_ca or settings.UPSTREAM_CA_FILE,
        models={theirs: ours for ours, theirs in settings.LANGUAGE_SERVER_MODELS.items()} or DEFAULT_MODELS,
        credential_headers={} if intercepted else _credential_headers(),
        reactive_updates=settings.LANGUAGE_SERVER_REACTIVE_UPDATES,
    )


def _credential_headers() -> dict[str, str]:
    # Only here: behind the interceptor a language server does without the tables' modules.
    from responses_api.access.credentials import LANGUAGE_SERVER, CredentialUnavailable, load_auth

    try:
        return dict(load_auth(LANGUAGE_SERVER).headers())
    except CredentialUnavailable:
        # The upstream will say so, in words that the client gets.
        return {}
