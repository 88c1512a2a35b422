from decimal import Decimal
from typing import Any

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import responses_api.models.access

EMPTY = "Empty: the installation's default."


def number(help_text: str) -> Any:
    return models.PositiveIntegerField(
        blank=True,
        help_text=f"{help_text} {EMPTY}",
        null=True,
        validators=[django.core.validators.MinValueValidator(1)],
    )


def tokens(help_text: str) -> Any:
    return models.PositiveBigIntegerField(
        blank=True,
        help_text=f"{help_text} {EMPTY}",
        null=True,
        validators=[django.core.validators.MinValueValidator(1)],
    )


def dollars(help_text: str) -> Any:
    return models.DecimalField(
        blank=True,
        decimal_places=6,
        help_text=f"{help_text} {EMPTY} Counts only models whose prices the catalogue knows.",
        max_digits=14,
        null=True,
        validators=[django.core.validators.MinValueValidator(Decimal("0.000001"))],
    )


def limits() -> list[tuple[str, Any]]:
    return [
        ("requests_per_minute", number("Requests, at the most, in one go and then per minute.")),
        (
            "tokens_per_minute",
            tokens("Tokens of input and output, at the most, in one go and then per minute."),
        ),
        (
            "concurrent_responses",
            number("Responses that are made at the same time, or wait in the background."),
        ),
        ("tokens_per_day", tokens("Tokens of input and output per day (UTC).")),
        ("tokens_per_month", tokens("Tokens of input and output per calendar month (UTC).")),
        ("dollars_per_day", dollars("US dollars per day (UTC).")),
        ("dollars_per_month", dollars("US dollars per calendar month (UTC).")),
    ]


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0005_credentials")]

    operations = [
        *(migrations.AddField("apikey", name, field) for name, field in limits()),
        migrations.AddField(
            "apikey",
            "allowed_models",
            models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text='The models that it may use, by name or alias: ["gemini-3*", "gemma-4"]. Empty: all.',
                validators=[responses_api.models.access.check_model_patterns],
            ),
        ),
        migrations.AddField(
            "apikey",
            "capture",
            models.CharField(
                choices=[
                    ("inherit", "as the installation does (CONTENT_CAPTURE)"),
                    ("off", "nothing"),
                    ("preview", "the beginning of each text"),
                    ("full", "everything"),
                ],
                db_default="inherit",
                default="inherit",
                help_text="What traces keep of the content of its requests.",
                max_length=8,
                verbose_name="content capture",
            ),
        ),
        migrations.AddField(
            "apikey",
            "note",
            models.TextField(blank=True, db_default="", default="", help_text="For people."),
        ),
        migrations.AddField(
            "apikey",
            "line",
            models.BigIntegerField(
                db_index=True,
                editable=False,
                help_text="The first of the keys that this one was rotated from: they share what they have used.",
                null=True,
            ),
        ),
        migrations.AddField(
            "usage",
            "cost",
            models.DecimalField(
                blank=True,
                decimal_places=10,
                help_text="US dollars, by the catalogue's prices at that time; empty where there was none.",
                max_digits=20,
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="UserLimits",
            fields=[
                *limits(),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="limits",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "limits of a user", "verbose_name_plural": "limits of users"},
        ),
        migrations.CreateModel(
            name="LimitMeter",
            fields=[
                ("scope", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "requests_until",
                    models.FloatField(help_text="When no request counts any more; Unix seconds."),
                ),
                ("tokens_until", models.FloatField(help_text="When no token counts any more; Unix seconds.")),
                ("settled", models.PositiveBigIntegerField(help_text="Responses settled so far.")),
            ],
        ),
        migrations.CreateModel(
            name="LimitHold",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "scope", "reservation", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("scope", models.CharField(max_length=40)),
                ("reservation", models.CharField(max_length=64)),
                ("until", models.FloatField(help_text="When its gateway counts as dead; Unix seconds.")),
                ("tokens", models.BigIntegerField()),
                ("cost", models.BigIntegerField(help_text="Billionths of a US dollar.")),
            ],
        ),
        migrations.CreateModel(
            name="LimitSpent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "scope", "period", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("scope", models.CharField(max_length=40)),
                (
                    "period",
                    models.CharField(
                        help_text="A day, 2026-11-22, or a month, 2026-11; UTC.", max_length=10
                    ),
                ),
                ("tokens", models.BigIntegerField()),
                ("cost", models.BigIntegerField(help_text="Billionths of a US dollar.")),
            ],
        ),
    ]
