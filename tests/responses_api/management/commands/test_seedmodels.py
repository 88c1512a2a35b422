from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import Settings

from responses_api.gemini.models import PROFILES
from responses_api.models import ServedModel

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("seedmodels", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_built_in_models_are_added_once() -> None:
    assert run() == (f"{len(PROFILES)} models added, 0 updated, 0 edited ones left as they are.\n", "")
    assert run() == ("0 models added, 0 updated, 0 edited ones left as they are.\n", "")
    assert ServedModel.objects.count() == len(PROFILES)


def test_reset() -> None:
    run()
    ServedModel.objects.update(enabled=False, customised=True)
    out, _ = run("--reset", "gemini-2.5-pro", "--reset", "gemini-2.5-flash")
    assert f"{len(PROFILES) - 2} edited ones" in out
    assert set(ServedModel.objects.filter(enabled=True).values_list("name", flat=True)) == {
        "gemini-2.5-pro",
        "gemini-2.5-flash",
    }


def test_what_is_not_built_in_cannot_be_reset() -> None:
    with pytest.raises(CommandError, match="no built-in model 'ours'"):
        run("--reset", "ours")


def test_names_in_the_settings_that_lead_nowhere_are_told(settings: Settings) -> None:
    settings.DEFAULT_MODEL = "nothing"
    assert run()[1] == "DEFAULT_MODEL or MODEL_ALIASES names 'nothing', which is not served.\n"


def test_the_table_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["a migration"])
    monkeypatch.setitem(connection.settings_dict, "ENGINE", "django.db.backends.postgresql")
    with pytest.raises(CommandError, match="manage.py migrate"):
        run()
