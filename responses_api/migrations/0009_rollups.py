from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

GRAINS = [("hour", "Hour"), ("day", "Day")]
DETAILS = [
    (0, "owner, API key and model"),
    (1, "owner and API key"),
    (2, "owner and model"),
    (3, "owner"),
    (6, "model"),
    (7, "nothing"),
]


def counts(help_text: str) -> Any:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.IntegerField(), help_text=help_text, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0008_unmatched_traces")]

    operations = [
        migrations.AddField(
            model_name="usage",
            name="rolled_up",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, help_text="Whether it is in the roll-ups."
            ),
        ),
        migrations.AddIndex(
            model_name="usage",
            index=models.Index(condition=models.Q(("rolled_up", False)), fields=["at"], name="usage_unrolled"),
        ),
        migrations.CreateModel(
            name="Rollup",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "grain",
                        "detail",
                        "bucket",
                        "owner_id",
                        "api_key_id",
                        "model",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("grain", models.CharField(choices=GRAINS, max_length=4)),
                ("detail", models.SmallIntegerField(choices=DETAILS)),
                ("bucket", models.DateTimeField(help_text="Where the hour or day begins.")),
                (
                    "owner_id",
                    models.BigIntegerField(help_text="0: nobody, or the row is a sum over owners."),
                ),
                ("api_key_id", models.BigIntegerField(help_text="0: none, or the row is a sum over keys.")),
                ("model", models.CharField(help_text="Empty: the row is a sum over models.", max_length=128)),
                ("requests", models.PositiveBigIntegerField()),
                ("outcomes", counts("Requests by outcome, see statistics.outcomes.")),
                ("input_tokens", models.PositiveBigIntegerField()),
                ("cached_tokens", models.PositiveBigIntegerField()),
                ("output_tokens", models.PositiveBigIntegerField()),
                ("reasoning_tokens", models.PositiveBigIntegerField()),
                (
                    "cost",
                    models.DecimalField(
                        decimal_places=10,
                        help_text="US dollars, of the requests whose price is known.",
                        max_digits=24,
                    ),
                ),
                (
                    "unpriced",
                    models.PositiveBigIntegerField(help_text="Requests that used tokens of unknown price."),
                ),
                (
                    "first_event_ms",
                    models.FloatField(help_text="Sum over the requests that had a first event."),
                ),
                ("first_event_bins", counts("See statistics.latency_bins.")),
                (
                    "duration_ms",
                    models.FloatField(help_text="Sum over the requests whose duration is known."),
                ),
                ("duration_bins", counts("See statistics.latency_bins.")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["grain", "detail", "owner_id", "bucket"], name="rollup_owner")
                ],
            },
        ),
    ]
