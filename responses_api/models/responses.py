"""Stored responses and their items: the conversation as it was said."""

from django.conf import settings
from django.db import models


class Response(models.Model):
    """One ended response of the Responses API.

    ``body`` is the wire object without ``output``: the output is the response's items.
    """

    id = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="responses")
    previous_id = models.CharField(max_length=64, blank=True, db_default="", default="")
    created_at = models.DateTimeField()
    status = models.CharField(max_length=16)
    model = models.CharField(max_length=128)
    body = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="response_owner_created"),
            models.Index(fields=["-created_at"], name="response_created"),
        ]

    def __str__(self) -> str:
        return self.id


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
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    side = models.CharField(max_length=6, choices=ItemSide)
    type = models.CharField(max_length=40)
    wire = models.JSONField()
    signature = models.TextField(blank=True, db_default="", default="")
    upstream_call_id = models.CharField(max_length=256, blank=True, db_default="", default="")
    upstream_model = models.CharField(max_length=128, blank=True, db_default="", default="")

    class Meta:
        indexes = [models.Index(fields=["id"], name="item_id")]

    def __str__(self) -> str:
        return self.id
