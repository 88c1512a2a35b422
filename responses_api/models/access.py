"""Who may call."""

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from responses_api.models.credentials import Credential
from responses_api.models.limits import LimitFields

_PATTERN = re.compile(r"[A-Za-z0-9._:/*-]{1,128}", re.ASCII)


def check_model_patterns(value: Any) -> None:
    """A validator: a list of names of models, in which ``*`` stands for anything.

    Raises:
        ValidationError: it is something else.
    """
    if not isinstance(value, list) or not all(
        isinstance(name, str) and _PATTERN.fullmatch(name) for name in value
    ):
        raise ValidationError('A list of names, in which * stands for anything: ["gemini-3*", "gemma-4"].')


class ApiKey(LimitFields):
    """What a client sends us. Only a prefix and a keyed hash are kept (``responses_api.access.api_keys``)."""

    class Capture(models.TextChoices):
        """How much of the content of its requests is kept in traces."""

        INHERIT = "inherit", "as the installation does (CONTENT_CAPTURE)"
        OFF = "off", "nothing"
        PREVIEW = "preview", "the beginning of each text"
        FULL = "full", "everything"

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    hash = models.CharField(max_length=64, editable=False)
    credential = models.ForeignKey(
        Credential,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="api_keys",
        help_text="The account its requests use; empty: the owner's, else the default.",
    )
    allowed_models = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        validators=[check_model_patterns],
        help_text='The models that it may use, by name or alias: ["gemini-3*", "gemma-4"]. Empty: all.',
    )
    capture = models.CharField(
        "content capture",
        max_length=8,
        choices=Capture,
        default=Capture.INHERIT,
        db_default=Capture.INHERIT,
        help_text="What traces keep of the content of its requests.",
    )
    note = models.TextField(blank=True, default="", db_default="", help_text="For people.")
    line = models.BigIntegerField(
        null=True,
        editable=False,
        db_index=True,
        help_text="The first of the keys that this one was rotated from: they share what they have used.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def clean(self) -> None:
        """Its requests are made with nobody else's account.

        Raises:
            ValidationError: the credential is another user's.
        """
        super().clean()
        if self.credential is not None and not self.credential.serves(self.owner_id):
            raise ValidationError({"credential": "This credential belongs to another user."})
