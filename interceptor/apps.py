"""The upstream side's Django app: it exists for its management commands."""

from django.apps import AppConfig


class InterceptorConfig(AppConfig):
    """Interceptor, language server and simulator."""

    name = "interceptor"

    def ready(self) -> None:
        """Register the system checks."""
        from interceptor import checks  # noqa: F401
