"""The two roles that every installation starts with, as Django's groups.

Both are for staff. They are made once; what an operator changes about them later stays.
"""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

OPERATORS = "operators"
"""See and change everything of the gateway, and make no users."""
MEMBERS = "members"
"""See their own keys and what was done with them; make and revoke keys of their own."""

_MEMBERS_MAY = (
    "add_apikey",
    "change_apikey",
    "view_apikey",
    "view_response",
    "view_trace",
    "view_usage",
    "use_playground",
)


def make_roles(sender: AppConfig, **_: Any) -> None:
    """Make the groups that are missing; a receiver of ``post_migrate``."""
    permissions = Permission.objects.filter(content_type__app_label=sender.label)
    for name, chosen in ((OPERATORS, Q()), (MEMBERS, Q(codename__in=_MEMBERS_MAY))):
        group, made = Group.objects.get_or_create(name=name)
        if made:
            group.permissions.set(permissions.filter(chosen))
