from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from responses_api.access.credentials import (
    CredentialUnavailable,
    UpstreamAuth,
    decrypt,
    encrypt,
    load_auth,
    ref_of,
    set_secret,
)
from responses_api.models import Credential

SECRET = "canary-5f1d"


def stored(kind: Credential.Kind = Credential.Kind.API_KEY, **fields: Any) -> Credential:
    credential = Credential(name="account", kind=kind, **fields)
    set_secret(credential, SECRET)
    credential.save()
    return credential


def test_encryption_goes_there_and_back_and_hides() -> None:
    encrypted = encrypt(SECRET)
    assert SECRET.encode() not in encrypted
    assert decrypt(encrypted) == SECRET


def test_keys_can_be_rotated(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [old]
    encrypted = encrypt(SECRET)
    settings.CREDENTIAL_KEYS = [new, old]
    assert decrypt(encrypted) == SECRET
    assert Fernet(new).decrypt(encrypt(SECRET)).decode() == SECRET
    settings.CREDENTIAL_KEYS = [new]
    with pytest.raises(CredentialUnavailable, match="CREDENTIAL_KEYS"):
        decrypt(encrypted)


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (UpstreamAuth("api_key", "k"), [("x-goog-api-key", "k")]),
        (UpstreamAuth("api_key", "k", "project"), [("x-goog-api-key", "k")]),
        (UpstreamAuth("bearer", "t"), [("authorization", "Bearer t")]),
        (
            UpstreamAuth("bearer", "t", "project"),
            [("authorization", "Bearer t"), ("x-goog-user-project", "project")],
        ),
    ],
)
def test_headers(auth: UpstreamAuth, headers: list[tuple[str, str]]) -> None:
    assert auth.headers() == headers


def test_the_secret_is_not_in_the_repr() -> None:
    assert SECRET not in repr(UpstreamAuth("bearer", SECRET, "project"))


@pytest.mark.django_db
def test_a_stored_credential(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    key = stored()
    token = stored(
        Credential.Kind.BEARER, quota_project="project", expires_at=timezone.now() + timedelta(hours=1)
    )
    with django_assert_num_queries(1):
        assert load_auth(ref_of(key.pk)) == UpstreamAuth("api_key", SECRET)
    assert load_auth(ref_of(token.pk)) == UpstreamAuth("bearer", SECRET, "project")


@pytest.mark.django_db
def test_an_expired_or_deleted_credential_is_unavailable() -> None:
    expired = stored(expires_at=timezone.now())
    with pytest.raises(CredentialUnavailable, match="expired"):
        load_auth(ref_of(expired.pk))
    with pytest.raises(CredentialUnavailable, match="deleted"):
        load_auth(ref_of(expired.pk + 1))


@pytest.mark.parametrize(
    "ref", ["", "credential:", "credential:x", "credential:1 ", "environment", "simulator"]
)
def test_what_is_not_set_is_unavailable(ref: str, settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = False
    settings.ZEROGRAVITY_TOKEN = settings.GEMINI_API_KEY = ""
    with pytest.raises(CredentialUnavailable):
        load_auth(ref)


def test_the_environments_account(settings: Settings) -> None:
    settings.GEMINI_API_KEY = "key"
    settings.QUOTA_PROJECT = "project"
    assert load_auth("environment") == UpstreamAuth("api_key", "key", "project")
    settings.ZEROGRAVITY_TOKEN = "token"
    assert load_auth("environment") == UpstreamAuth("bearer", "token", "project")


def test_the_simulators_key_is_no_secret(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = True
    assert load_auth("simulator").headers() == [("x-goog-api-key", "simulator")]
