from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import Settings

from responses_api.access.callers import authenticate
from responses_api.models import ApiKey

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("createapikey", *arguments, stdout=out)
    return out.getvalue()


def test_quiet_prints_the_key_and_nothing_else(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = True
    plain = run("--name", "laptop", "--quiet")
    key = ApiKey.objects.select_related("owner").get()
    assert (key.name, key.owner.username) == ("laptop", "default")
    assert not key.owner.has_usable_password()
    assert plain.endswith("\n")
    assert authenticate(f"Bearer {plain.strip()}").api_key_id == key.pk


def test_it_takes_a_user_that_there_is(alice: User) -> None:
    alice.set_password("hers")
    alice.save()
    text = run("--name", "laptop", "--user", "alice")
    assert "shown only this once" in text
    assert "zg-" in text
    assert ApiKey.objects.get().owner == alice
    alice.refresh_from_db()
    assert alice.check_password("hers")


def test_a_name_is_needed() -> None:
    with pytest.raises(CommandError, match="--name"):
        run("--quiet")


def test_an_operators_database_is_not_migrated_behind_their_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["a migration"])
    monkeypatch.setitem(connection.settings_dict, "ENGINE", "django.db.backends.postgresql")
    with pytest.raises(CommandError, match="manage.py migrate"):
        run("--name", "laptop")
    assert not ApiKey.objects.exists()
