from dataclasses import replace
from typing import NoReturn

import pytest
from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.db import ProgrammingError
from pytest_django import Settings

from responses_api import checks
from responses_api.gemini.models import PROFILES
from responses_api.model_seed import seed_models


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_the_tests_settings_are_fine() -> None:
    assert checks.check_credential_keys(None) == []
    assert checks.check_models(None) == []
    assert checks.check_simulated(None) == []


@pytest.mark.parametrize("key", ["", "secret", "ä" * 44, "A" * 43])
def test_a_key_that_cannot_encrypt(key: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [*settings.CREDENTIAL_KEYS, key]
    (error,) = checks.check_credential_keys(None)
    assert error.id == "responses_api.E001"
    assert "Key 2 " in error.msg
    assert not key or key not in error.msg


@pytest.mark.django_db
def test_unknown_models(settings: Settings) -> None:
    settings.MODEL_ALIASES = {"gpt-5": "gemini-3.8-flash", "gpt-6": "gemini-9-flash"}
    assert checks.check_models(None) == []
    settings.MODEL_ALIASES = {"gpt-5": "gemini-0"}
    (error,) = checks.check_models(None)
    assert (error.id, "gemini-0" in error.msg) == ("responses_api.E002", True)
    settings.MODEL_ALIASES = {}
    settings.DEFAULT_MODEL = "gemini-0"
    assert ids(checks.check_models(None)) == ["responses_api.E002"]
    settings.DEFAULT_MODEL = "gemini-9-flash"
    settings.UNKNOWN_MODELS = "refuse"
    assert ids(checks.check_models(None)) == ["responses_api.E002"]


@pytest.mark.django_db
def test_the_operators_own_models_may_be_named(settings: Settings) -> None:
    settings.DEFAULT_MODEL = "ours"
    assert ids(checks.check_models(None)) == ["responses_api.E002"]
    seed_models([replace(PROFILES[0], name="ours")])
    assert checks.check_models(None) == []


def test_models_are_checked_before_there_is_a_table(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> NoReturn:
        raise ProgrammingError('relation "responses_api_servedmodel" does not exist')

    monkeypatch.setattr(checks, "stored_profiles", fail)
    settings.DEFAULT_MODEL = "gemini-0"
    assert ids(checks.check_models(None)) == ["responses_api.E002"]


def test_a_simulator_on_an_operators_database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.UPSTREAM_SIMULATED = True
    monkeypatch.setitem(django_settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    assert ids(checks.check_simulated(None)) == ["responses_api.W002"]
    settings.UPSTREAM_SIMULATED = False
    assert checks.check_simulated(None) == []


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("", []),
        ('{"web": {"client_id": "a", "client_secret": "b"}}', []),
        ("canary", ["responses_api.E003"]),
        (
            '{"web": {"client_id": "a", "client_secret": "canary", "token_uri": "http://a.example"}}',
            ["responses_api.E003"],
        ),
    ],
)
def test_an_oauth_client_that_nobody_can_sign_in_with(
    client: str, expected: list[str], settings: Settings
) -> None:
    settings.OAUTH_CLIENT = client
    found = checks.check_oauth_client(None)
    assert ids(found) == expected
    assert "canary" not in str(found)
