import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("api_key", "API key (x-goog-api-key)"),
    ("access_token", "access token, set by hand"),
    ("oauth", "OAuth sign-in, renewed by itself"),
    ("service_account", "service account, renewed by itself"),
]


def make_documents(apps: Any, schema_editor: Any) -> None:
    """A secret becomes an encrypted document that says of which kind it is."""
    fernet = MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
    for credential in apps.get_model("responses_api", "Credential").objects.all():
        kind = "access_token" if credential.kind == "bearer" else credential.kind
        try:
            secret = fernet.decrypt(bytes(credential.secret)).decode()
        except InvalidToken:
            document = None  # unreadable before, unreadable now: it has to be entered again
        else:
            member = "key" if kind == "api_key" else "token"
            document = fernet.encrypt(json.dumps({"kind": kind, member: secret}).encode())
        credential.kind = kind
        credential.secret = document or credential.secret
        # A default with an owner has been used for everybody's requests.
        credential.owner = None if credential.is_default else credential.owner
        credential.save()


class Migration(migrations.Migration):
    dependencies = [("responses_api", "0004_stored_conversations")]

    operations = [
        migrations.AlterField("credential", "kind", models.CharField(max_length=20, choices=KINDS)),
        migrations.AlterField(
            "credential",
            "owner",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                null=True,
                blank=True,
                on_delete=models.CASCADE,
                related_name="credentials",
                help_text="Only requests of this user are made with it; empty: anybody's may be.",
            ),
        ),
        migrations.AlterField(
            "credential",
            "quota_project",
            models.CharField(
                max_length=100,
                blank=True,
                db_default="",
                default="",
                help_text="The Google Cloud project that pays for a token's calls (x-goog-user-project).",
            ),
        ),
        migrations.AlterField(
            "credential",
            "expires_at",
            models.DateTimeField(
                null=True, blank=True, help_text="When the key, or the access token as it is now, runs out."
            ),
        ),
        migrations.AddField(
            "credential",
            "renewable",
            models.BooleanField(
                default=False,
                db_default=False,
                editable=False,
                help_text="New access tokens can be had for it.",
            ),
        ),
        migrations.AddField(
            "credential",
            "token_number",
            models.PositiveIntegerField(
                default=1,
                db_default=1,
                editable=False,
                help_text="Counts what was stored as its secret so far.",
            ),
        ),
        migrations.AddField(
            "credential", "renewing_until", models.DateTimeField(null=True, editable=False)
        ),
        migrations.AddField("credential", "renewed_at", models.DateTimeField(null=True, editable=False)),
        migrations.AddField(
            "credential",
            "renewal_error",
            models.CharField(max_length=300, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            "credential",
            "renewal_failures",
            models.PositiveIntegerField(default=0, db_default=0, editable=False),
        ),
        migrations.AddField(
            "credential",
            "refused_at",
            models.DateTimeField(
                null=True,
                editable=False,
                help_text="The authorization server gives no further token.",
            ),
        ),
        migrations.AddField(
            "credential",
            "retry_at",
            models.DateTimeField(null=True, editable=False, help_text="No renewal is tried before."),
        ),
        migrations.AddField("credential", "last_used_at", models.DateTimeField(null=True, editable=False)),
        migrations.AddField(
            "credential", "upstream_refused_at", models.DateTimeField(null=True, editable=False)
        ),
        migrations.AddField(
            "credential",
            "upstream_refusal",
            models.CharField(max_length=300, db_default="", default="", editable=False),
        ),
        migrations.RunPython(make_documents, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            "credential",
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(owner=None),
                name="default_credential_is_nobodys",
                violation_error_message="The default is used for everybody's requests: it can have no owner.",
            ),
        ),
    ]
