"""Stored responses and their items: the conversation as it was said."""

from django.conf import settings
from django.db import models


class Response(models.Model):
    """One response of the Responses API: ended, or in the background.

    ``body`` is the wire object without ``output``: the output is the response's items.
    """

    id = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="responses"
    )
    previous_id = models.CharField(max_length=64, blank=True, db_default="", default="")
    created_at = models.DateTimeField()
    status = models.CharField(max_length=16)
    model = models.CharField(max_length=128)
    body = models.JSONField()
    conversation = models.ForeignKey(
        "Conversation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="responses",
    )

    background = models.BooleanField(default=False, db_default=False)
    request = models.JSONField(
        null=True, blank=True, help_text="The client's body, as long as a background response has not ended."
    )
    api_key = models.ForeignKey(
        "ApiKey",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="responses",
    )
    runner = models.CharField(
        max_length=128, blank=True, db_default="", default="", help_text="The gateway that makes it."
    )
    cancel_requested = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="response_owner_created"),
            models.Index(fields=["-created_at"], name="response_created"),
            models.Index(
                fields=["previous_id"], name="response_previous", condition=~models.Q(previous_id="")
            ),
            models.Index(
                fields=["conversation"],
                name="response_conversation",
                condition=models.Q(conversation__isnull=False),
            ),
            models.Index(
                fields=["api_key"], name="response_api_key", condition=models.Q(api_key__isnull=False)
            ),
            models.Index(
                fields=["created_at"],
                name="response_unended",
                condition=models.Q(status__in=["queued", "in_progress"]),
            ),
        ]

    def __str__(self) -> str:
        return self.id


class ResponseEvents(models.Model):
    """A batch of the stream events of a background response, as they went to the client."""

    pk = models.CompositePrimaryKey("response_id", "first_sequence")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, db_index=False, related_name="events")
    first_sequence = models.PositiveIntegerField()
    last_sequence = models.PositiveIntegerField()
    data = models.BinaryField(help_text="Server-sent events, byte for byte.")

    class Meta:
        verbose_name_plural = "response events"

    def __str__(self) -> str:
        return f"{self.response_id} {self.first_sequence}-{self.last_sequence}"


class ItemSide(models.TextChoices):
    """Whether an item was sent by the client or made by the model."""

    INPUT = "input"
    OUTPUT = "output"


class Item(models.Model):
    """One input or output item of a stored response, in its wire form.

    Beside it the upstream's facts about the part behind it (``UpstreamFacts``), which go
    back to the upstream on the next turn and are never shown.
    """

    pk = models.CompositePrimaryKey("response_id", "position")
    id = models.CharField(max_length=64)
    response = models.ForeignKey(Response, on_delete=models.CASCADE, db_index=False, related_name="items")
    position = models.PositiveIntegerField()
    side = models.CharField(max_length=6, choices=ItemSide)
    type = models.CharField(max_length=40)
    wire = models.JSONField()
    signature = models.TextField(blank=True, db_default="", default="")
    upstream_call_id = models.CharField(max_length=256, blank=True, db_default="", default="")
    upstream_model = models.CharField(max_length=128, blank=True, db_default="", default="")
    upstream_parts = models.JSONField(null=True, blank=True, help_text="Of hosted tools' items.")
    call_id = models.CharField(
        max_length=256, blank=True, db_default="", default="", help_text="Of the model's calls: ours."
    )

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="item_id"),
            models.Index(fields=["call_id"], name="item_call_id", condition=~models.Q(call_id="")),
        ]

    def __str__(self) -> str:
        return self.id
