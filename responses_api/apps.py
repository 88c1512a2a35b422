"""The gateway's Django app."""

from django.apps import AppConfig


class ResponsesApiConfig(AppConfig):
    """Responses API, its storage and its admin."""

    name = "responses_api"
    verbose_name = "Gateway"

    def ready(self) -> None:
        """Register the system checks."""
        from responses_api import checks  # noqa: F401
