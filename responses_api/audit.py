"""The audit log: every change of what decides who may do what, with who, when, before and after.

django-auditlog notes what is saved and deleted through models; so these models' fields are
changed through ``save`` wherever a person changes them, and through ``QuerySet.update`` only
where the gateway keeps its own notes (last use, renewals). Secrets are masked as a whole.
"""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditlog.context import set_extra_data
from auditlog.middleware import AuditlogMiddleware
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.auth.models import Group, User
from django.db.models.signals import pre_save
from django.http import HttpRequest

from responses_api.models import (
    ApiKey,
    Credential,
    PromptTemplate,
    PromptVersion,
    ServedModel,
    UserLimits,
    WebhookEndpoint,
)

MASK = "••••"

_NOTED_BY_THE_GATEWAY = {
    ApiKey: ["last_used_at", "line"],
    Credential: [
        "expires_at",
        "last_used_at",
        "refused_at",
        "renewal_error",
        "renewal_failures",
        "renewed_at",
        "renewing_until",
        "retry_at",
        "upstream_refusal",
        "upstream_refused_at",
    ],
    User: ["last_login"],
}
_SECRET = {ApiKey: ["hash"], Credential: ["secret"], WebhookEndpoint: ["secret"], User: ["password"]}
_LISTS = {User: {"groups", "user_permissions"}, Group: {"permissions"}}
_TRACKED: list[Any] = [
    ApiKey,
    Credential,
    UserLimits,
    ServedModel,
    PromptTemplate,
    PromptVersion,
    WebhookEndpoint,
    User,
    Group,
]


def masked(value: str) -> str:
    """What the log shows of a secret: that there is one."""
    return MASK if value and value != "None" else value


def start() -> None:
    """Begin to note changes; once, when Django has loaded all models."""
    for model in _TRACKED:
        auditlog.register(
            model,
            exclude_fields=_NOTED_BY_THE_GATEWAY.get(model, []),
            mask_fields=_SECRET.get(model, []),
            mask_callable="responses_api.audit.masked",
            m2m_fields=_LISTS.get(model, set()),
        )
    pre_save.connect(_name_the_command, sender=LogEntry, dispatch_uid="responses_api.audit")


class AuditMiddleware(AuditlogMiddleware):
    """Who makes the changes of a request: the person who has signed in, from the connection's address.

    The library believes ``X-Forwarded-For`` whoever sends it; daphne puts the client's own address
    in its place where it is told to (``--proxy-headers``).
    """

    @staticmethod
    def _get_remote_addr(request: HttpRequest) -> str | None:
        return client_address(request)

    @staticmethod
    def _get_remote_port(request: HttpRequest) -> int | None:
        return None


def client_address(request: HttpRequest) -> str | None:
    """The address that the request's connection comes from; None where it has none."""
    return request.META.get("REMOTE_ADDR") or None


@contextmanager
def acting(user: User, api_key: ApiKey) -> Iterator[None]:
    """Changes within the block are made by ``user``, who came with ``api_key``."""
    with set_extra_data({"actor": user, "additional_data": {"api_key": api_key.prefix}}):
        yield


def _name_the_command(sender: type[LogEntry], instance: LogEntry, **kwargs: Any) -> None:
    """A change without a person behind it was made on the command line, or by the gateway itself."""
    if instance.actor is None and instance.additional_data is None:
        command = sys.argv[1] if Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1 else "gateway"
        instance.additional_data = {"command": command, "system_user": _system_user()}


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return ""
