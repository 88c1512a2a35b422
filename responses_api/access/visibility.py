"""Who sees which rows in the admin: operators all, members their own.

What somebody may do with the rows they see is said by Django's permissions;
``responses_api.access.roles`` makes the groups that bundle them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import Model, QuerySet

    type Viewer = User | AnonymousUser

OPERATE = "responses_api.operate"
"""The permission of those who see everybody's rows."""


def sees_all(user: "Viewer") -> bool:
    """Whether ``user`` is an operator: staff, and a superuser or with the permission for it."""
    return user.is_staff and user.has_perm(OPERATE)


def visible_to[M: "Model"](user: "Viewer", rows: "QuerySet[M]", owner: str = "owner") -> "QuerySet[M]":
    """The ``rows`` that ``user`` may see.

    Args:
        user: who looks.
        rows: of a model that somebody owns.
        owner: the lookup that leads from a row to its owner, for instance ``endpoint__owner``.
    """
    return rows if sees_all(user) else rows.filter(**{owner: user.pk})
