"""Conversations: items that several responses share and add to."""

from django.conf import settings
from django.db import models


class Conversation(models.Model):
    """A list of items of one owner's, to which responses append theirs when they end."""

    id = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="conversations"
    )
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    next_position = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Taken and raised in one statement: appending waits for its turn."
    )

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="conversation_owner_created"),
            models.Index(fields=["-created_at"], name="conversation_created"),
        ]

    def __str__(self) -> str:
        return self.id


class ConversationEntry(models.Model):
    """One item of a conversation, in its wire form, with the upstream's facts (see ``Item``)."""

    pk = models.CompositePrimaryKey("conversation_id", "position")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_index=False, related_name="entries"
    )
    position = models.PositiveBigIntegerField()
    id = models.CharField(max_length=64)
    type = models.CharField(max_length=40)
    wire = models.JSONField()
    response_id = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        default="",
        help_text="The response that said or received it.",
    )
    signature = models.TextField(blank=True, db_default="", default="")
    upstream_call_id = models.CharField(max_length=256, blank=True, db_default="", default="")
    upstream_model = models.CharField(max_length=128, blank=True, db_default="", default="")
    upstream_parts = models.JSONField(null=True, blank=True)
    call_id = models.CharField(
        max_length=256, blank=True, db_default="", default="", help_text="Of the model's calls: ours."
    )

    class Meta:
        verbose_name_plural = "conversation entries"
        constraints = [models.UniqueConstraint(fields=["conversation", "id"], name="conversation_item_id")]
        indexes = [
            models.Index(fields=["id"], name="conversation_entry_id"),
            models.Index(
                fields=["call_id"], name="conversation_entry_call_id", condition=~models.Q(call_id="")
            ),
        ]

    def __str__(self) -> str:
        return self.id
