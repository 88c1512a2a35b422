"""Django's admin, whose pages are imported with the routes.

Commands, interceptor and language server serve no pages: without them they start in two thirds of
the time. ``zgproject.urls`` has them imported.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class AdminConfig(SimpleAdminConfig):
    """In place of ``django.contrib.admin``, which imports all pages when Django starts."""

    def ready(self) -> None:
        """Register the checks of the admin and its pages."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    admin.autodiscover()
    found: list[checks.CheckMessage] = check_admin_app(app_configs, **kwargs)
    return found
