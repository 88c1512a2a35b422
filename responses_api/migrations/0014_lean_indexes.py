import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Each row of an exchange goes into every index of its table, at its beginning and again at its end.
# What goes: indexes whose first columns another one has too, and those that Django makes for LIKE
# beside each key that is text, with which nobody searches.
WITHOUT_LIKE = """
DROP INDEX IF EXISTS
    responses_api_trace_id_8f8b72f9_like, responses_api_usage_trace_id_eb36acf3_like,
    responses_api_response_id_75f07a1a_like, responses_api_conversation_id_080797ee_like,
    responses_api_largeoverlay_id_b68512a2_like, responses_api_webhookdelivery_id_6e765a82_like
"""


class Migration(migrations.Migration):
    dependencies = [
        ("responses_api", "0013_responses_without_leases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("conversation__isnull", False)),
                fields=["conversation"],
                name="response_conversation",
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("api_key__isnull", False)), fields=["api_key"], name="response_api_key"
            ),
        ),
        migrations.AddIndex(
            model_name="trace",
            index=models.Index(fields=["response_id"], name="trace_response"),
        ),
        migrations.AlterField(
            model_name="conversation",
            name="owner",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="conversations",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="conversationentry",
            name="conversation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="entries",
                to="responses_api.conversation",
            ),
        ),
        migrations.AlterField(
            model_name="item",
            name="response",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="responses_api.response",
            ),
        ),
        migrations.AlterField(
            model_name="response",
            name="api_key",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="responses",
                to="responses_api.apikey",
            ),
        ),
        migrations.AlterField(
            model_name="response",
            name="conversation",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="responses",
                to="responses_api.conversation",
            ),
        ),
        migrations.AlterField(
            model_name="response",
            name="owner",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="responses",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="responseevents",
            name="response",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="events",
                to="responses_api.response",
            ),
        ),
        migrations.AlterField(
            model_name="trace",
            name="response_id",
            field=models.CharField(help_text="Empty if unmatched.", max_length=64),
        ),
        migrations.AlterField(
            model_name="usage",
            name="api_key",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="usage",
                to="responses_api.apikey",
                verbose_name="API key",
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="owner",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="usage",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(WITHOUT_LIKE, migrations.RunSQL.noop),
    ]
