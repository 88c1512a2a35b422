import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0006_keys_and_limits")]

    operations = [
        migrations.CreateModel(
            name="Capture",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trace_id", "call", "pane", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "call",
                    models.PositiveSmallIntegerField(
                        help_text="The upstream call that it belongs to, from 1; 0: the exchange's own."
                    ),
                ),
                (
                    "pane",
                    models.CharField(
                        choices=[
                            ("client_request", "client_request"),
                            ("sent", "sent"),
                            ("request_before", "request_before"),
                            ("request_after", "request_after"),
                            ("answer", "answer"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("off", "off"), ("preview", "preview"), ("full", "full")], max_length=8
                    ),
                ),
                (
                    "head",
                    models.JSONField(help_text="Request line or status, and headers, without secrets."),
                ),
                ("body", models.BinaryField(help_text="Compressed.")),
                ("size", models.PositiveBigIntegerField(help_text="Bytes that passed by.")),
                ("cut", models.BooleanField(default=False, help_text="Whether it did not fit.")),
                ("created_at", models.DateTimeField()),
                (
                    "trace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="captures",
                        to="responses_api.trace",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["created_at"], name="capture_created")]},
        ),
        # Usage may be kept for longer than its trace.
        migrations.AlterField(
            model_name="usage",
            name="trace",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                primary_key=True,
                related_name="usage",
                serialize=False,
                to="responses_api.trace",
            ),
        ),
    ]
