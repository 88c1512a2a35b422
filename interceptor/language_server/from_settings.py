"""The language server that Django's settings describe."""

from django.conf import settings

from .config import LanguageServerConfig


def language_server_config(upstream_url: str) -> LanguageServerConfig:
    """Our language server as the settings want it, calling ``upstream_url`` through the interceptor."""
    return LanguageServerConfig(
        upstream_url=upstream_url,
        csrf_token=settings.LANGUAGE_SERVER_CSRF_TOKEN,
        host=settings.LANGUAGE_SERVER_HOST,
        port=settings.LANGUAGE_SERVER_PORT,
        api_version=settings.UPSTREAM_API_VERSION,
        proxy_url=settings.INTERCEPTOR_URL,
        ca_file=settings.INTERCEPTOR_CA_FILE,
        models=settings.LANGUAGE_SERVER_MODELS,
    )
