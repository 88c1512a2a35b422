"""One user's request is never made with another user's account, whatever the rows say."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django import Settings

from responses_api.access.callers import authenticate
from responses_api.access.stored_secrets import set_secret
from responses_api.core.errors import AuthenticationFailed
from responses_api.models import ApiKey, Credential
from tests.conftest import MakeApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_installation_account(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = False
    settings.ZEROGRAVITY_TOKEN = settings.GEMINI_API_KEY = ""


def stored(**fields: Any) -> Credential:
    credential = Credential(name="account", kind=Credential.Kind.API_KEY, **fields)
    set_secret(credential, "secret")
    credential.save()
    return credential


def test_a_key_that_has_anothers_account_all_the_same_is_refused(
    alice: User, bob: User, make_api_key: MakeApiKey
) -> None:
    """Written past the forms, by a script or a fixture."""
    key, plain = make_api_key(bob)
    ApiKey.objects.filter(pk=key.pk).update(credential=stored(owner=alice))
    with pytest.raises(AuthenticationFailed, match="No usable upstream credential"):
        authenticate(f"Bearer {plain}")


def test_a_default_has_no_owner(alice: User) -> None:
    with pytest.raises(ValidationError, match="can have no owner"):
        Credential(name="a", kind="api_key", secret=b"x", owner=alice, is_default=True).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        stored(owner=alice, is_default=True)


def test_the_models_say_so(alice: User, bob: User, make_api_key: MakeApiKey) -> None:
    hers, everybodys = stored(owner=alice), stored()
    key, _ = make_api_key(bob, credential=everybodys)
    key.full_clean()
    key.credential = hers
    with pytest.raises(ValidationError, match="belongs to another user"):
        key.full_clean()
    everybodys.owner = alice
    with pytest.raises(ValidationError, match="API keys of other users"):
        everybodys.full_clean()
    everybodys.owner = bob
    everybodys.full_clean()
