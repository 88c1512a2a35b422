"""Idempotency keys: requests that must not be answered twice."""

from django.conf import settings
from django.db import models


class IdempotentRequest(models.Model):
    """One request under a client's ``Idempotency-Key``, and its answer once there is one."""

    pk = models.CompositePrimaryKey("owner_id", "key")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text="While it is being answered: when its gateway counts as dead."
    )
    response_id = models.CharField(max_length=64, blank=True, db_default="", default="")
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    content_type = models.CharField(max_length=100, blank=True, db_default="", default="")
    answer = models.BinaryField(null=True, blank=True, help_text="Compressed.")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotent_created")]

    def __str__(self) -> str:
        return self.key
