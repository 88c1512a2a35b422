"""What a new installation needs before its first request: an administrator and an API key."""

import secrets
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from responses_api.access.api_keys import create_api_key
from responses_api.models import ApiKey


@dataclass(frozen=True, slots=True)
class FirstRun:
    """Shown once, kept nowhere in clear."""

    user: str
    password: str
    api_key: str


def prepare_first_run() -> FirstRun | None:
    """Make the first administrator and the first key; None if the installation has users already."""
    users = get_user_model().objects
    if users.exists() or ApiKey.objects.exists():
        return None
    password = secrets.token_urlsafe(12)
    admin = users.create_superuser("admin", password=password)
    _, api_key = create_api_key("first", admin)
    return FirstRun(admin.get_username(), password, api_key)
