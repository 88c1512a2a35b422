"""Roll-ups: the ended exchanges of an hour or a day, added up."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Grain(models.TextChoices):
    """How much time one row covers; hours and days are those of UTC."""

    HOUR = "hour"
    DAY = "day"


class Detail(models.IntegerChoices):
    """Which columns a row tells apart; it is a sum over the others.

    The number is PostgreSQL's ``GROUPING(owner_id, api_key_id, model)``. A key has one owner, so
    what tells keys apart tells owners apart.
    """

    EACH = 0b000, "owner, API key and model"
    API_KEY = 0b001, "owner and API key"
    OWNER_MODEL = 0b010, "owner and model"
    OWNER = 0b011, "owner"
    MODEL = 0b110, "model"
    ALL = 0b111, "nothing"


class Rollup(models.Model):
    """The sums of some ended exchanges, filed under the time at which they began.

    Ids are plain numbers: what was used stays in the books when a key or a user is deleted.
    """

    pk = models.CompositePrimaryKey("grain", "detail", "bucket", "owner_id", "api_key_id", "model")
    grain = models.CharField(max_length=4, choices=Grain)
    detail = models.SmallIntegerField(choices=Detail)
    bucket = models.DateTimeField(help_text="Where the hour or day begins.")
    owner_id = models.BigIntegerField(help_text="0: nobody, or the row is a sum over owners.")
    api_key_id = models.BigIntegerField(help_text="0: none, or the row is a sum over keys.")
    model = models.CharField(max_length=128, help_text="Empty: the row is a sum over models.")
    requests = models.PositiveBigIntegerField()
    outcomes = ArrayField(models.IntegerField(), help_text="Requests by outcome, see statistics.outcomes.")
    input_tokens = models.PositiveBigIntegerField()
    cached_tokens = models.PositiveBigIntegerField()
    output_tokens = models.PositiveBigIntegerField()
    reasoning_tokens = models.PositiveBigIntegerField()
    cost = models.DecimalField(
        max_digits=24, decimal_places=10, help_text="US dollars, of the requests whose price is known."
    )
    unpriced = models.PositiveBigIntegerField(help_text="Requests that used tokens of unknown price.")
    first_event_ms = models.FloatField(help_text="Sum over the requests that had a first event.")
    first_event_bins = ArrayField(models.IntegerField(), help_text="See statistics.latency_bins.")
    duration_ms = models.FloatField(help_text="Sum over the requests whose duration is known.")
    duration_bins = ArrayField(models.IntegerField(), help_text="See statistics.latency_bins.")

    class Meta:
        indexes = [
            models.Index(fields=["grain", "detail", "owner_id", "bucket"], name="rollup_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.grain} {self.bucket}"
