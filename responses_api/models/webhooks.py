"""Webhooks: where the ends of responses are reported, and each report."""

from django.conf import settings
from django.db import models


class WebhookEndpoint(models.Model):
    """An address of a client's that wants to hear how responses end."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    api_key = models.ForeignKey(
        "ApiKey",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="webhooks",
        help_text="Only for responses made with this key; empty: for all of the owner's.",
    )
    url = models.CharField(max_length=500)
    secret = models.BinaryField(help_text="Encrypted; signs each report.")
    events = models.JSONField(default=list, help_text="Event types, for instance response.completed.")
    all_responses = models.BooleanField(
        default=False, db_default=False, help_text="Also for responses that were not made in the background."
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One report to one endpoint, until it is delivered or given up."""

    id = models.CharField(primary_key=True, max_length=64)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="Empty: no further attempt.")
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, db_default="", default="")

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="webhook_due",
                condition=models.Q(next_attempt_at__isnull=False),
            ),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_endpoint_created"),
            models.Index(fields=["-created_at"], name="webhook_created"),
        ]

    def __str__(self) -> str:
        return self.id
