"""Traces and usage: what happened to each exchange and what it cost."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.fields.json import KeyTextTransform


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


class TraceKind(models.TextChoices):
    """What a trace records."""

    EXCHANGE = "exchange"
    UNMATCHED = "unmatched", "unmatched (a model call of somebody else's, through the interceptor)"


LONG_MS = 5_000
"""From this duration on traces are few, and have an index of their own."""


class Trace(models.Model):
    """The record of one exchange. Holds no content of the conversation and no secret."""

    id = models.CharField(primary_key=True, max_length=64)
    kind = models.CharField(
        max_length=12, choices=TraceKind, db_default=TraceKind.EXCHANGE, default=TraceKind.EXCHANGE
    )
    response_id = models.CharField(max_length=64, help_text="Empty if unmatched.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, db_index=False, related_name="traces"
    )
    api_key = models.ForeignKey(
        "ApiKey",
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="traces",
        verbose_name="API key",
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.IN_PROGRESS)
    model = models.CharField(max_length=128)
    upstream_model = models.CharField(max_length=128, blank=True, db_default="", default="")
    upstream_host = models.CharField(
        max_length=255, blank=True, db_default="", default="", help_text="Only if unmatched."
    )
    upstream_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="HTTP status of the upstream's answer; only if unmatched."
    )
    stream = models.BooleanField()
    simulated = models.BooleanField(default=False)
    client_request = models.JSONField(help_text="Counts, sizes and parameters of the request, no content.")
    gateway = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        default="",
        help_text="The gateway process that makes the response; empty in the background.",
    )
    cascade_id = models.CharField(max_length=64, blank=True, db_default="", default="")
    gate_wait_ms = models.FloatField(null=True, blank=True, help_text="From sending the marker to its claim.")
    first_event_ms = models.FloatField(
        null=True, blank=True, help_text="From the request to the first thing the model said."
    )
    duration_ms = models.FloatField(null=True, blank=True)
    turns = models.PositiveSmallIntegerField(default=0, help_text="Upstream calls of this exchange.")
    marks = models.JSONField(
        null=True,
        blank=True,
        help_text="When what happened, in milliseconds since the request (responses_api.generation.course).",
    )
    tools = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Names of the tools that the model called."
    )
    response_summary = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    adaptations = models.JSONField(
        default=list, blank=True, help_text="What was dropped or approximated for this model."
    )

    class Meta:
        permissions = [
            ("operate", "Can operate the gateway: sees what belongs to anybody"),
            ("use_playground", "Can send requests from the admin, with keys that they see"),
        ]
        indexes = [
            models.Index(fields=["response_id"], name="trace_response"),
            models.Index(fields=["-started_at", "-id"], name="trace_started"),
            models.Index(fields=["owner", "-started_at"], name="trace_owner_started"),
            models.Index(fields=["api_key", "-started_at"], name="trace_key_started"),
            models.Index(fields=["model", "-started_at"], name="trace_model_started"),
            # Whatever the duration asked for, it is compared in the index and not in the table.
            models.Index(
                fields=["-started_at", "-id", "duration_ms"],
                name="trace_long",
                condition=models.Q(duration_ms__gte=LONG_MS),
            ),
            models.Index(
                fields=["-started_at", "-id"], name="trace_unmatched", condition=models.Q(kind="unmatched")
            ),
            models.Index(
                models.F("started_at").desc(),
                name="trace_unwell",
                condition=~models.Q(outcome__in=["completed", "tool_call", "in_progress"]),
            ),
            models.Index(KeyTextTransform("request_id", "client_request"), name="trace_request_id"),
            GinIndex(fields=["tools"], opclasses=["jsonb_path_ops"], name="trace_tools"),
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
    """Tokens used by one exchange; exactly one row per trace. It may be kept for longer than its trace."""

    trace = models.OneToOneField(
        Trace, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="usage"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, db_index=False, related_name="usage"
    )
    api_key = models.ForeignKey(
        "ApiKey",
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="usage",
        verbose_name="API key",
    )
    at = models.DateTimeField()
    model = models.CharField(max_length=128)
    source = models.CharField(max_length=12, choices=UsageSource)
    input_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    total_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(
        max_digits=20,
        decimal_places=10,
        null=True,
        blank=True,
        help_text="US dollars, by the catalogue's prices at that time; empty where there was none.",
    )
    rolled_up = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Whether it is in the roll-ups."
    )

    class Meta:
        verbose_name_plural = "usage"
        indexes = [
            models.Index(fields=["at"], name="usage_unrolled", condition=models.Q(rolled_up=False)),
            models.Index(fields=["-at"], name="usage_at"),
            models.Index(fields=["owner", "-at"], name="usage_owner_at"),
            models.Index(fields=["api_key", "-at"], name="usage_key_at"),
        ]

    def __str__(self) -> str:
        return self.trace_id
