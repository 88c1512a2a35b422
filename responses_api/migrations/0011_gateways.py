from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0010_trace_lists")]
    operations = [
        migrations.CreateModel(
            name="Gateway",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=255)),
                ("process", models.PositiveIntegerField(help_text="Its process id on that host.")),
                ("started_at", models.DateTimeField()),
                (
                    "beat",
                    models.PositiveBigIntegerField(
                        help_text="Counts up while it lives. Others judge by this and their own clocks, not by times in rows."
                    ),
                ),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="trace",
            name="gateway",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The gateway process that makes the response; empty in the background.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="largeoverlay",
            name="gateway",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
