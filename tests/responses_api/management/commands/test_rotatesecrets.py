import io

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from responses_api.access import rotation
from responses_api.access.encryption import decrypt, encrypt
from responses_api.access.stored_secrets import ApiKeySecret, set_secret, unseal
from responses_api.models import Credential, WebhookEndpoint

pytestmark = pytest.mark.django_db
OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))


def store(number: int) -> None:
    for count in range(number):
        credential = Credential(name=str(count), kind=Credential.Kind.API_KEY)
        set_secret(credential, f"secret {count}")
        credential.save()


def run() -> str:
    out = io.StringIO()
    call_command("rotatesecrets", stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def endpoint(settings: Settings, alice: User) -> WebhookEndpoint:
    settings.CREDENTIAL_KEYS = [OLD]
    store(5)
    return WebhookEndpoint.objects.create(owner=alice, url="https://a.example", secret=encrypt("whsec_1"))


def test_the_old_key_is_not_needed_afterwards(
    endpoint: WebhookEndpoint, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    assert run().splitlines() == [
        "credentials: 5 encrypted anew, 0 were already.",
        "webhook endpoints: 1 encrypted anew, 0 were already.",
    ]
    settings.CREDENTIAL_KEYS = [NEW]
    read = {credential.name: unseal(credential) for credential in Credential.objects.all()}
    assert read == {str(count): ApiKeySecret(f"secret {count}") for count in range(5)}
    endpoint.refresh_from_db()
    assert decrypt(bytes(endpoint.secret)) == "whsec_1"
    assert "credentials: 0 encrypted anew, 5 were already." in run()


def test_broken_off_it_goes_on_where_it_was(
    endpoint: WebhookEndpoint, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    next(rotation.rotate())
    assert "credentials: 3 encrypted anew, 2 were already." in run()


def test_what_no_key_decrypts_is_named_and_left(endpoint: WebhookEndpoint, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [LOST]
    lost = Credential(name="lost", kind=Credential.Kind.API_KEY)
    set_secret(lost, "s")
    lost.save()
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 secret"):
        call_command("rotatesecrets", stdout=out, stderr=out)
    assert f"none of CREDENTIAL_KEYS decrypts {lost.pk}." in out.getvalue()
    assert "credentials: 5 encrypted anew" in out.getvalue()


def test_an_empty_database() -> None:
    assert "Nothing is encrypted yet." in run()
