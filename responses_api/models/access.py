"""Who may call, and whose upstream account the call uses."""

from django.conf import settings
from django.db import models


class Credential(models.Model):
    """An upstream account: its secret is encrypted (``responses_api.access.credentials``)."""

    class Kind(models.TextChoices):
        """How the secret is presented to the upstream."""

        API_KEY = "api_key", "API key (x-goog-api-key)"
        BEARER = "bearer", "OAuth access token (Authorization: Bearer)"

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="credentials"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    secret = models.BinaryField(help_text="Encrypted.")
    quota_project = models.CharField(max_length=100, blank=True, db_default="", default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    is_default = models.BooleanField(
        default=False, help_text="Used by keys and users that have no credential of their own."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_credential",
                violation_error_message="Another credential is the default already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """What a client sends us. Only a prefix and a keyed hash are kept (``responses_api.access.api_keys``)."""

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
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
