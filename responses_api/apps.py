"""The gateway's Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ResponsesApiConfig(AppConfig):
    """Responses API, its storage and its admin."""

    name = "responses_api"
    verbose_name = "Gateway"

    def ready(self) -> None:
        """Register the system checks, and keep the admin's roles."""
        from responses_api import audit, checks  # noqa: F401 - the latter registers itself
        from responses_api.access.roles import make_roles

        audit.start()
        post_migrate.connect(make_roles, sender=self)
