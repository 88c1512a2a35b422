import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.fields.json
from django.conf import settings
from django.db import migrations, models

# What people can look for in an item: the texts of messages, thoughts, calls and their results, up to
# a bound, which keeps the index small and far from the limit of a tsvector. No data of images and files.
ITEM_TEXT = r"""
CREATE FUNCTION responses_api_item_text(wire jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT left(string_agg(left(said #>> '{}', 8000), ' '), 8000)
    FROM (
        SELECT jsonb_path_query(wire, '$.content')
        UNION ALL SELECT jsonb_path_query(wire, '$.content[*].text')
        UNION ALL SELECT jsonb_path_query(wire, '$.summary[*].text')
        UNION ALL SELECT jsonb_path_query(wire, '$.name')
        UNION ALL SELECT jsonb_path_query(wire, '$.arguments')
        UNION ALL SELECT jsonb_path_query(wire, '$.input')
        UNION ALL SELECT jsonb_path_query(wire, '$.output')
        UNION ALL SELECT jsonb_path_query(wire, '$.output[*].text')
    ) AS texts (said)
    WHERE jsonb_typeof(said) = 'string'
$$
"""
ITEM_WORDS = (
    "CREATE INDEX responses_api_item_words ON responses_api_item"
    " USING gin (to_tsvector('simple', responses_api_item_text(wire)))"
)


class Migration(migrations.Migration):
    dependencies = [
        ("responses_api", "0009_rollups"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            "trace",
            {
                "permissions": [
                    ("operate", "Can operate the gateway: sees what belongs to anybody"),
                    ("use_playground", "Can send requests from the admin, with keys that they see"),
                ]
            },
        ),
        migrations.AlterModelOptions("apikey", {"verbose_name": "API key"}),
        migrations.AddField(
            "trace",
            "marks",
            models.JSONField(
                blank=True,
                help_text="When what happened, in milliseconds since the request "
                "(responses_api.generation.course).",
                null=True,
            ),
        ),
        migrations.AddField(
            "trace",
            "tools",
            models.JSONField(
                blank=True, db_default=[], default=list, help_text="Names of the tools that the model called."
            ),
        ),
        # Both have an index with the time already, or get one here.
        migrations.AlterField(
            "trace",
            "owner",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="traces",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "trace",
            "api_key",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="traces",
                to="responses_api.apikey",
            ),
        ),
        migrations.AddIndex(
            "trace", models.Index(fields=["api_key", "-started_at"], name="trace_key_started")
        ),
        migrations.AddIndex(
            "trace", models.Index(fields=["model", "-started_at"], name="trace_model_started")
        ),
        migrations.AddIndex("trace", models.Index(fields=["duration_ms"], name="trace_duration")),
        migrations.AddIndex(
            "trace",
            models.Index(
                models.F("started_at").desc(),
                condition=~models.Q(outcome__in=["completed", "tool_call", "in_progress"]),
                name="trace_unwell",
            ),
        ),
        migrations.AddIndex(
            "trace",
            models.Index(
                django.db.models.fields.json.KeyTextTransform("request_id", "client_request"),
                name="trace_request_id",
            ),
        ),
        migrations.AddIndex(
            "trace",
            django.contrib.postgres.indexes.GinIndex(
                fields=["tools"], name="trace_tools", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.AddIndex(
            "conversation", models.Index(fields=["-created_at"], name="conversation_created")
        ),
        migrations.RunSQL(ITEM_TEXT, "DROP FUNCTION responses_api_item_text(jsonb)"),
        migrations.RunSQL(ITEM_WORDS, "DROP INDEX responses_api_item_words"),
    ]
