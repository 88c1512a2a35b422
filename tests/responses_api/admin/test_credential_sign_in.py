"""Signing in from the admin, with a browser that goes to a real authorization server and comes back."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from responses_api.access.stored_secrets import OAuthSecret, unseal
from responses_api.models import Credential
from tests.authorization_server import CLIENT_SECRET, SCOPES, AuthorizationServer
from tests.conftest import MakeUser
from tests.responses_api.oauth_fixtures import SignIn

CREDENTIALS = "/admin/responses_api/credential/"
SIGN_IN = f"{CREDENTIALS}sign-in/"
BACK = f"{SIGN_IN}back/"


def form(accounts: AuthorizationServer, **fields: object) -> dict[str, object]:
    client = SimpleUploadedFile("client_secret.json", accounts.client_json("web").encode())
    return {"name": "my account", "scopes": SCOPES[0], "owner": "", "client": client} | fields


def come_back(operator: Client, leaving: Any, accounts: AuthorizationServer) -> str:
    """Agree at the authorization server and go where it sends the browser; the page that is there."""
    assert leaving.status_code == 302, leaving.content.decode()
    answer = requests.get(
        leaving.headers["Location"], verify=str(accounts.tls.ca), allow_redirects=False, timeout=10
    )
    back = answer.headers["Location"].removeprefix("http://testserver")
    return operator.get(back, follow=True).content.decode()


def test_a_new_account(operator: Client, accounts: AuthorizationServer, alice: User) -> None:
    page = operator.get(SIGN_IN).content.decode()
    assert f"http://testserver{BACK}" in page
    leaving = operator.post(SIGN_IN, form(accounts, owner=str(alice.pk), quota_project="p"))
    (session,) = Session.objects.all()
    assert CLIENT_SECRET not in str(session.get_decoded())
    assert "is signed in" in come_back(operator, leaving, accounts)
    credential = Credential.objects.get()
    secret = unseal(credential)
    assert isinstance(secret, OAuthSecret)
    assert {secret.refresh_token} == accounts.refresh_tokens
    assert (credential.kind, credential.owner_id, credential.quota_project) == ("oauth", alice.pk, "p")
    assert credential.renewable
    for path in ("", f"{credential.pk}/change/", f"{credential.pk}/history/"):
        html = operator.get(CREDENTIALS + path).content.decode()
        assert "canary" not in html


def test_the_installations_own_client(
    operator: Client, accounts: AuthorizationServer, settings: Settings
) -> None:
    settings.OAUTH_CLIENT = accounts.client_json()
    come_back(operator, operator.post(SIGN_IN, {"name": "a", "scopes": SCOPES[0]}), accounts)
    assert Credential.objects.get().kind == "oauth"


def test_no_client_is_shipped(operator: Client) -> None:
    page = operator.post(SIGN_IN, {"name": "a", "scopes": SCOPES[0]}).content.decode()
    assert "a client is needed here" in page


def test_a_default_that_there_is_already_is_said_before_the_sign_in(
    operator: Client, accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = signed_in()
    Credential.objects.filter(pk=credential.pk).update(is_default=True)
    page = operator.post(SIGN_IN, form(accounts, is_default="on")).content.decode()
    assert "Another credential is the default already." in page


def test_signing_in_again(operator: Client, accounts: AuthorizationServer, signed_in: SignIn) -> None:
    credential = signed_in(lasts=timedelta(0))
    Credential.objects.update(refused_at=credential.created_at, renewal_error="invalid_grant")
    path = f"{CREDENTIALS}{credential.pk}/sign-in/"
    assert path in operator.get(f"{CREDENTIALS}{credential.pk}/change/").content.decode()
    assert operator.get(path).status_code == 200
    assert "is signed in" in come_back(operator, operator.post(path), accounts)
    credential.refresh_from_db()
    secret = unseal(credential)
    assert isinstance(secret, OAuthSecret)
    assert secret.token == accounts.access_tokens[0]
    assert (credential.refused_at, credential.renewal_error, credential.token_number) == (None, "", 2)


def test_another_browsers_answer_is_not_taken(
    operator: Client, accounts: AuthorizationServer, make_user: MakeUser
) -> None:
    """Somebody who lures an operator to the way back with their own code gets nowhere."""
    other = Client()
    other.force_login(make_user("other", is_staff=True, is_superuser=True))
    leaving = other.post(SIGN_IN, form(accounts))
    assert "No sign-in was under way" in come_back(operator, leaving, accounts)
    operator.post(SIGN_IN, form(accounts))
    assert "mismatching_state" in come_back(operator, leaving, accounts)
    assert not Credential.objects.exists()
    # And each sign-in comes back once.
    assert "No sign-in was under way" in come_back(operator, leaving, accounts)


@pytest.mark.parametrize("path", [SIGN_IN, BACK, f"{CREDENTIALS}1/sign-in/"])
def test_only_for_who_may_add_credentials(path: str, make_user: MakeUser) -> None:
    member = Client()
    member.force_login(make_user("member", is_staff=True))
    answer = member.get(path)
    assert answer.status_code in (302, 403, 404)
    assert not Credential.objects.exists()
    assert Client().get(path).status_code == 302
