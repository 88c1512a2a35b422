"""Overlays too large for the channel layer, on their way to the interceptor."""

from django.db import models


class LargeOverlay(models.Model):
    """The JSON body of one overlay; lives as long as its exchange."""

    id = models.CharField(primary_key=True, max_length=64)
    body = models.BinaryField()
    gateway = models.CharField(max_length=64, blank=True, db_default="", default="")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.id
