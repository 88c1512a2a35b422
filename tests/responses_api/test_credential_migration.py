"""Secrets that were stored as bare text become documents, and defaults nobody's."""

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import Settings

from responses_api.access.encryption import encrypt
from responses_api.access.stored_secrets import AccessTokenSecret, ApiKeySecret, unseal
from responses_api.models import Credential

BEFORE, AFTER = ("responses_api", "0004_stored_conversations"), ("responses_api", "0005_credentials")


@pytest.mark.django_db(transaction=True)
def test_what_was_stored_before_goes_on_working(alice: User, settings: Settings) -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes("responses_api")
    executor.migrate([BEFORE])
    old = executor.loader.project_state([BEFORE]).apps.get_model("responses_api", "Credential")
    lost = Fernet(Fernet.generate_key()).encrypt(b"lost")
    try:
        old.objects.create(name="key", kind="api_key", secret=encrypt("k"))
        old.objects.create(name="token", kind="bearer", secret=encrypt("t"), owner_id=alice.pk)
        old.objects.create(
            name="default", kind="api_key", secret=encrypt("d"), owner_id=alice.pk, is_default=True
        )
        old.objects.create(name="lost", kind="api_key", secret=lost)
    finally:
        MigrationExecutor(connection).migrate(latest)
    found = {credential.name: credential for credential in Credential.objects.all()}
    assert unseal(found["key"]) == ApiKeySecret("k")
    assert unseal(found["token"]) == AccessTokenSecret("t")
    assert (found["token"].kind, found["token"].owner_id) == ("access_token", alice.pk)
    assert unseal(found["default"]) == ApiKeySecret("d")
    assert found["default"].owner_id is None
    assert bytes(found["lost"].secret) == lost
