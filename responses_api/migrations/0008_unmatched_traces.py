from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0007_captures")]

    operations = [
        migrations.AddField(
            "trace",
            "kind",
            models.CharField(
                choices=[
                    ("exchange", "Exchange"),
                    ("unmatched", "unmatched (a model call of somebody else's, through the interceptor)"),
                ],
                db_default="exchange",
                default="exchange",
                max_length=12,
            ),
        ),
        migrations.AddField(
            "trace",
            "upstream_host",
            models.CharField(
                blank=True, db_default="", default="", help_text="Only if unmatched.", max_length=255
            ),
        ),
        migrations.AddField(
            "trace",
            "upstream_status",
            models.PositiveSmallIntegerField(
                blank=True, help_text="HTTP status of the upstream's answer; only if unmatched.", null=True
            ),
        ),
        migrations.AlterField(
            "trace",
            "response_id",
            models.CharField(db_index=True, help_text="Empty if unmatched.", max_length=64),
        ),
    ]
