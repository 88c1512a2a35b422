import django.db.models.deletion
from django.db import migrations, models

# Exchanges that ended long after they began: what an interval cannot find by both of its ends
# (responses_api.statistics.exchange_sums). The difference of two times is no field.
LATE = (
    "CREATE INDEX trace_late ON responses_api_trace (started_at)"
    " WHERE ended_at - started_at > interval '3600 seconds'"
)


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0011_gateways")]

    operations = [
        migrations.RemoveIndex("trace", "trace_duration"),
        migrations.AddIndex(
            "trace",
            models.Index(
                fields=["-started_at", "-id", "duration_ms"],
                condition=models.Q(("duration_ms__gte", 5_000)),
                name="trace_long",
            ),
        ),
        migrations.AddIndex(
            "trace",
            models.Index(
                fields=["-started_at", "-id"], condition=models.Q(("kind", "unmatched")), name="trace_unmatched"
            ),
        ),
        migrations.RunSQL(LATE, "DROP INDEX trace_late"),
        # Only what the admin calls them.
        migrations.AlterField(
            "trace",
            "api_key",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="traces",
                to="responses_api.apikey",
                verbose_name="API key",
            ),
        ),
        migrations.AlterField(
            "usage",
            "api_key",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="usage",
                to="responses_api.apikey",
                verbose_name="API key",
            ),
        ),
    ]
