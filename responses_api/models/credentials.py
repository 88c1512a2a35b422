"""Credentials: the upstream accounts that requests are made with."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models


class Credential(models.Model):
    """An upstream account: its secrets are encrypted (``responses_api.access.stored_secrets``).

    The fields that the gateway writes by itself (``responses_api.access.renewing``) are written
    by ``QuerySet.update`` only, so that a form that was open meanwhile does not undo them.
    """

    class Kind(models.TextChoices):
        """What is kept of the account, and what comes of it."""

        API_KEY = "api_key", "API key (x-goog-api-key)"
        ACCESS_TOKEN = "access_token", "access token, set by hand"
        OAUTH = "oauth", "OAuth sign-in, renewed by itself"
        SERVICE_ACCOUNT = "service_account", "service account, renewed by itself"

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="credentials",
        help_text="Only requests of this user are made with it; empty: anybody's may be.",
    )
    kind = models.CharField(max_length=20, choices=Kind)
    secret = models.BinaryField(help_text="Encrypted.")
    quota_project = models.CharField(
        max_length=100,
        blank=True,
        db_default="",
        default="",
        help_text="The Google Cloud project that pays for a token's calls (x-goog-user-project).",
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When the key, or the access token as it is now, runs out."
    )
    is_default = models.BooleanField(
        default=False, help_text="Used by keys and users that have no credential of their own."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    renewable = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="New access tokens can be had for it."
    )
    token_number = models.PositiveIntegerField(
        default=1, db_default=1, editable=False, help_text="Counts what was stored as its secret so far."
    )
    renewing_until = models.DateTimeField(null=True, editable=False)
    renewed_at = models.DateTimeField(null=True, editable=False)
    renewal_error = models.CharField(max_length=300, db_default="", default="", editable=False)
    renewal_failures = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    refused_at = models.DateTimeField(
        null=True, editable=False, help_text="The authorization server gives no further token."
    )
    retry_at = models.DateTimeField(null=True, editable=False, help_text="No renewal is tried before.")
    last_used_at = models.DateTimeField(null=True, editable=False)
    upstream_refused_at = models.DateTimeField(null=True, editable=False)
    upstream_refusal = models.CharField(max_length=300, db_default="", default="", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_credential",
                violation_error_message="Another credential is the default already.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(owner=None),
                name="default_credential_is_nobodys",
                violation_error_message="The default is used for everybody's requests: it can have no owner.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def serves(self, user_id: int) -> bool:
        """Whether requests of this user may be made with it."""
        return self.owner_id is None or self.owner_id == user_id

    def clean(self) -> None:
        """It is nobody else's than that of the users whose keys it was given to.

        Raises:
            ValidationError: such a key belongs to another user.
        """
        super().clean()
        if self.pk is None or self.owner_id is None:
            return
        if self.api_keys.exclude(owner_id=self.owner_id).exists():
            raise ValidationError({"owner": "API keys of other users have this credential."})
