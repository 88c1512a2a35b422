"""The gateways that are alive: so that a trace in progress can be told from one that was left behind."""

from django.db import models


class Gateway(models.Model):
    """One gateway process, as long as it lives and a moment longer."""

    id = models.CharField(primary_key=True, max_length=64)
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField(help_text="Its process id on that host.")
    started_at = models.DateTimeField()
    beat = models.PositiveBigIntegerField(
        help_text="Counts up while it lives. Others judge by this and their own clocks, not by times in rows."
    )
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id
