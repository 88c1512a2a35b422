"""Traces and usage: what happened to each exchange and what it cost."""

from django.conf import settings
from django.db import models


class Outcome(models.TextChoices):
    """How an exchange ended."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    TOOL_CALL = "tool_call"
    INCOMPLETE = "incomplete"
    UPSTREAM_ERROR = "upstream_error"
    MITM_TIMEOUT = "mitm_timeout"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    CLIENT_DISCONNECT = "client_disconnect"
    FAILED = "failed"


class Trace(models.Model):
    """The record of one exchange. Holds no content of the conversation and no secret."""

    id = models.CharField(primary_key=True, max_length=64)
    response_id = models.CharField(max_length=64, db_index=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="traces"
    )
    api_key = models.ForeignKey("ApiKey", null=True, on_delete=models.SET_NULL, related_name="traces")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.IN_PROGRESS)
    model = models.CharField(max_length=128)
    upstream_model = models.CharField(max_length=128, blank=True, db_default="", default="")
    stream = models.BooleanField()
    simulated = models.BooleanField(default=False)
    client_request = models.JSONField(help_text="Counts, sizes and parameters of the request, no content.")
    cascade_id = models.CharField(max_length=64, blank=True, db_default="", default="")
    gate_wait_ms = models.FloatField(null=True, blank=True, help_text="From sending the marker to its claim.")
    first_event_ms = models.FloatField(
        null=True, blank=True, help_text="From the request to the first thing the model said."
    )
    duration_ms = models.FloatField(null=True, blank=True)
    turns = models.PositiveSmallIntegerField(default=0, help_text="Upstream calls of this exchange.")
    response_summary = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    adaptations = models.JSONField(
        default=list, blank=True, help_text="What was dropped or approximated for this model."
    )

    class Meta:
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="trace_started"),
            models.Index(fields=["owner", "-started_at"], name="trace_owner_started"),
            models.Index(
                fields=["started_at"], name="trace_in_progress", condition=models.Q(outcome="in_progress")
            ),
        ]

    def __str__(self) -> str:
        return self.id


class UsageSource(models.TextChoices):
    """Where the counts come from, best first."""

    INTERCEPTED = "intercepted"
    TRAJECTORY = "trajectory"
    ESTIMATE = "estimate"
    NONE = "none", "none (the model was never reached)"


class Usage(models.Model):
    """Tokens used by one exchange; exactly one row per trace."""

    trace = models.OneToOneField(Trace, primary_key=True, on_delete=models.CASCADE, related_name="usage")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="usage"
    )
    api_key = models.ForeignKey("ApiKey", null=True, on_delete=models.SET_NULL, related_name="usage")
    at = models.DateTimeField()
    model = models.CharField(max_length=128)
    source = models.CharField(max_length=12, choices=UsageSource)
    input_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    total_tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "usage"
        indexes = [
            models.Index(fields=["-at"], name="usage_at"),
            models.Index(fields=["owner", "-at"], name="usage_owner_at"),
            models.Index(fields=["api_key", "-at"], name="usage_key_at"),
        ]

    def __str__(self) -> str:
        return self.trace_id
