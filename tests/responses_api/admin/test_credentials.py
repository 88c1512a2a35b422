import json
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from responses_api.access.credentials import load_auth, ref_of
from responses_api.access.stored_secrets import (
    AccessTokenSecret,
    ApiKeySecret,
    ServiceAccountSecret,
    set_secret,
    unseal,
)
from responses_api.models import Credential
from tests.authorization_server import AuthorizationServer
from tests.conftest import MakeApiKey
from tests.responses_api.access.test_token_endpoints import service_account
from tests.responses_api.oauth_fixtures import SignIn

CANARY = "canary-7c0ffee"
CREDENTIALS = "/admin/responses_api/credential/"


def stored(**fields: object) -> Credential:
    credential = Credential(**{"name": "account", "kind": Credential.Kind.API_KEY, **fields})
    set_secret(credential, CANARY)
    credential.save()
    return credential


def form(**fields: object) -> dict[str, object]:
    return {"name": "account", "owner": "", "kind": "api_key", "new_secret": "", "quota_project": ""} | fields


def states(operator: Client) -> list[str]:
    html = operator.get(CREDENTIALS).content.decode()
    return [" ".join(found.split()) for found in re.findall(r"field-state[^>]*>.*?>([\w\s]+)</", html, re.S)]


def test_a_secret_goes_in_and_is_never_shown(operator: Client) -> None:
    answer = operator.post(f"{CREDENTIALS}add/", form(new_secret=CANARY), follow=True)
    assert CANARY not in answer.content.decode()
    credential = Credential.objects.get()
    assert load_auth(ref_of(credential)).secret == CANARY
    assert CANARY.encode() not in bytes(credential.secret)
    for path in ("", f"{credential.pk}/change/", f"{credential.pk}/history/"):
        html = operator.get(CREDENTIALS + path).content.decode()
        assert CANARY not in html
        assert bytes(credential.secret).decode() not in html


def test_an_access_token_with_its_end(operator: Client) -> None:
    sent = form(kind="access_token", new_secret=CANARY, expires_at_0="2099-01-01", expires_at_1="00:00:00")
    operator.post(f"{CREDENTIALS}add/", sent)
    credential = Credential.objects.get()
    assert unseal(credential) == AccessTokenSecret(CANARY)
    assert credential.expires_at is not None
    assert credential.expires_at.year == 2099


def test_a_secret_that_is_left_empty_is_kept_and_a_new_one_replaces_it(operator: Client) -> None:
    credential = stored()
    path = f"{CREDENTIALS}{credential.pk}/change/"
    assert "••••" in operator.get(path).content.decode()
    operator.post(path, form(name="renamed"))
    credential.refresh_from_db()
    assert (credential.name, unseal(credential)) == ("renamed", ApiKeySecret(CANARY))
    operator.post(path, form(new_secret="another"))
    credential.refresh_from_db()
    assert unseal(credential) == ApiKeySecret("another")
    assert credential.token_number == 2


def test_a_form_does_not_undo_what_the_gateway_wrote(operator: Client, signed_in: SignIn) -> None:
    """The credential is renewed while the form is open, and even while it is saved."""
    credential = signed_in(lasts=timedelta(hours=1))
    Credential.objects.update(token_number=9, renewal_failures=3)
    operator.post(f"{CREDENTIALS}{credential.pk}/change/", form(name="renamed", kind="oauth"))
    credential.refresh_from_db()
    assert (credential.name, credential.kind, credential.token_number) == ("renamed", "oauth", 9)
    assert credential.renewal_failures == 3


@pytest.mark.parametrize("secret", ["", "two words", "line\nbreak", "clé"])
def test_what_is_no_secret_is_refused(secret: str, operator: Client) -> None:
    answer = operator.post(f"{CREDENTIALS}add/", form(new_secret=secret))
    assert answer.status_code == 200
    assert not Credential.objects.exists()


def test_a_second_default_and_one_with_an_owner_are_refused_in_words(operator: Client, alice: User) -> None:
    answer = operator.post(f"{CREDENTIALS}add/", form(new_secret="s", is_default="on", owner=str(alice.pk)))
    assert "it can have no owner" in answer.content.decode()
    stored(is_default=True)
    answer = operator.post(f"{CREDENTIALS}add/", form(new_secret="s", is_default="on"))
    assert "Another credential is the default already." in answer.content.decode()


def test_an_account_of_one_user_is_not_given_to_anothers_key(
    operator: Client, alice: User, bob: User, make_api_key: MakeApiKey
) -> None:
    hers, everybodys = stored(owner=alice), stored()
    key, _ = make_api_key(bob, credential=everybodys)
    path = f"/admin/responses_api/apikey/{key.pk}/change/"
    sent = {"name": "k", "owner": bob.pk, "expires_at_0": "", "expires_at_1": ""}
    operator.post(path, {**sent, "credential": hers.pk})
    key.refresh_from_db()
    assert key.credential_id == everybodys.pk
    # Nor does an account get an owner whom the keys that have it do not belong to.
    operator.post(f"{CREDENTIALS}{everybodys.pk}/change/", form(owner=str(alice.pk)))
    everybodys.refresh_from_db()
    assert everybodys.owner_id is None


def test_a_service_account(operator: Client, accounts: AuthorizationServer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    content = json.dumps(service_account(key, accounts).key_file).encode()

    def upload(data: bytes) -> str:
        file = SimpleUploadedFile("key.json", data)
        sent = form(kind="service_account", key_file=file)
        return operator.post(f"{CREDENTIALS}add/", sent).content.decode()

    assert "This is no key file" in upload(b'{"type": "authorized_user"}')
    assert "needs it" in operator.post(f"{CREDENTIALS}add/", form(kind="service_account")).content.decode()
    assert not Credential.objects.exists()
    upload(content)
    credential = Credential.objects.get()
    assert isinstance(unseal(credential), ServiceAccountSecret)
    assert credential.renewable
    html = operator.get(f"{CREDENTIALS}{credential.pk}/change/").content.decode()
    assert "PRIVATE KEY" not in html


def test_the_list_tells_how_they_stand(operator: Client, signed_in: SignIn) -> None:
    now = timezone.now()
    stored()
    stored(kind="access_token", expires_at=now)
    signed_in()
    signed_in(lasts=timedelta(hours=1))
    refused, failing = signed_in(), signed_in()
    Credential.objects.filter(pk=refused.pk).update(refused_at=now, renewal_error="invalid_grant: gone")
    Credential.objects.filter(pk=failing.pk).update(renewal_failures=1)
    assert sorted(states(operator)) == sorted(
        ["valid", "expired", "renewed when used", "valid", "refused", "failing"]
    )
    assert "invalid_grant: gone" in operator.get(f"{CREDENTIALS}{refused.pk}/change/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_renewing_by_hand(operator: Client, accounts: AuthorizationServer, signed_in: SignIn) -> None:
    good, by_hand = signed_in(lasts=timedelta(hours=1)), stored()

    def renew() -> str:
        sent = {"action": "renew", "_selected_action": [good.pk, by_hand.pk]}
        return operator.post(CREDENTIALS, sent, follow=True).content.decode()

    html = renew()
    assert "has a new access token" in html
    assert "1 credential(s) cannot be renewed" in html
    accounts.refresh_tokens.clear()
    assert "invalid_grant" in renew()
    assert len(accounts.requests) == 2
