"""Captures: the content of exchanges, where an operator has asked for it to be kept."""

from django.db import models

from responses_api.captures.panes import MODES, Pane


class Capture(models.Model):
    """One pane of an exchange (``responses_api.captures.panes``); it goes before its trace does."""

    pk = models.CompositePrimaryKey("trace_id", "call", "pane")
    trace = models.ForeignKey("Trace", on_delete=models.CASCADE, db_index=False, related_name="captures")
    call = models.PositiveSmallIntegerField(
        help_text="The upstream call that it belongs to, from 1; 0: the exchange's own."
    )
    pane = models.CharField(max_length=16, choices=[(pane.value, pane.value) for pane in Pane])
    mode = models.CharField(max_length=8, choices=[(mode, mode) for mode in MODES])
    head = models.JSONField(help_text="Request line or status, and headers, without secrets.")
    body = models.BinaryField(help_text="Compressed.")
    size = models.PositiveBigIntegerField(help_text="Bytes that passed by.")
    cut = models.BooleanField(default=False, help_text="Whether it did not fit.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="capture_created")]

    def __str__(self) -> str:
        return f"{self.trace_id} {self.call} {self.pane}"
