"""Signing in at a real authorization server: through the two halves, and with a browser that comes back."""

import io
import re
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from responses_api.access import sign_in
from responses_api.access.oauth_client import OAuthClient, SignInFailed, read_client
from responses_api.access.sign_in import PendingSignIn, SignedIn
from tests.authorization_server import CLIENT_ID, CLIENT_SECRET, SCOPES, AuthorizationServer

WAY_BACK = "http://gateway.example/admin/back/"


@pytest.fixture
def client(accounts: AuthorizationServer) -> OAuthClient:
    return read_client(accounts.client_json())


def open_in_browser(url: str, accounts: AuthorizationServer) -> str:
    """The account's owner agrees; returns where the browser is sent then."""
    answer = requests.get(url, verify=str(accounts.tls.ca), allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    return answer.headers["Location"]


def signed_in_through(client: OAuthClient, accounts: AuthorizationServer) -> SignedIn:
    url, pending = sign_in.begin(client, SCOPES, WAY_BACK)
    return sign_in.finish(pending, urlsplit(open_in_browser(url, accounts)).query)


def test_there_and_back(client: OAuthClient, accounts: AuthorizationServer) -> None:
    secret = signed_in_through(client, accounts).secret
    assert (secret.client_id, secret.client_secret) == (CLIENT_ID, CLIENT_SECRET)
    assert secret.token == accounts.access_tokens[0]
    assert {secret.refresh_token} == accounts.refresh_tokens
    assert secret.scopes == tuple(SCOPES)
    (form,) = accounts.requests
    assert len(form["code_verifier"]) >= 43


def test_what_the_browser_is_sent_there_with(client: OAuthClient) -> None:
    url, pending = sign_in.begin(client, SCOPES, WAY_BACK)
    query = parse_qs(urlsplit(url).query)
    assert query["redirect_uri"] == [WAY_BACK]
    assert query["state"] == [pending.state]
    assert query["access_type"] == ["offline"]
    assert CLIENT_SECRET not in url
    assert pending.code_verifier not in url
    assert CLIENT_SECRET not in repr(client)


def test_other_scopes_than_asked_for_may_be_granted(
    client: OAuthClient, accounts: AuthorizationServer
) -> None:
    accounts.granted_scope = "openid https://www.googleapis.com/auth/cloud-platform"
    assert signed_in_through(client, accounts).secret.scopes == tuple(accounts.granted_scope.split())


def test_a_server_that_does_not_say_how_long_the_token_lasts(
    client: OAuthClient, accounts: AuthorizationServer
) -> None:
    accounts.lifetime = 0
    assert signed_in_through(client, accounts).secret.token


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("state=another&code=1", "mismatching_state"),
        ("code=1", "mismatching_state"),
        ("state={state}&error=access_denied", "access_denied"),
        ("state={state}", "missing_code"),
        ("state={state}&code=forged", "invalid_grant"),
    ],
)
def test_what_comes_back_wrong(
    query: str, reason: str, client: OAuthClient, accounts: AuthorizationServer
) -> None:
    _, pending = sign_in.begin(client, SCOPES, WAY_BACK)
    with pytest.raises(SignInFailed, match=reason) as caught:
        sign_in.finish(pending, query.format(state=pending.state))
    assert CLIENT_SECRET not in str(caught.value)


def test_a_code_that_somebody_else_intercepted_is_worth_nothing(
    client: OAuthClient, accounts: AuthorizationServer
) -> None:
    """Without the verifier, which never left us, the server gives no tokens for it."""
    url, pending = sign_in.begin(client, SCOPES, WAY_BACK)
    query = urlsplit(open_in_browser(url, accounts)).query
    forged = PendingSignIn(client, pending.scopes, WAY_BACK, pending.state, "x" * 64)
    with pytest.raises(SignInFailed, match="invalid_grant"):
        sign_in.finish(forged, query)
    assert accounts.access_tokens == []


@pytest.mark.parametrize("fault", ["500", "garbage"])
def test_a_server_that_fails(fault: str, client: OAuthClient, accounts: AuthorizationServer) -> None:
    accounts.fault = fault
    with pytest.raises(SignInFailed):
        signed_in_through(client, accounts)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"installed": {"client_id": "a"}}',
        b'{"installed": {"client_id": "", "client_secret": "b"}}',
        b'{"web": {"client_id": "a", "client_secret": "b", "token_uri": "http://plain.example/token"}}',
        b'{"web": {"client_id": "a", "client_secret": "b", "auth_uri": "https:///auth"}}',
    ],
)
def test_what_is_no_client(document: bytes) -> None:
    with pytest.raises(SignInFailed):
        read_client(document)


def test_a_web_client_of_googles_has_googles_endpoints() -> None:
    client = read_client(b'{"web": {"client_id": "a", "client_secret": "b", "project_id": "p"}}')
    assert client.token_uri == "https://oauth2.googleapis.com/token"


def test_on_this_machine(
    client: OAuthClient, accounts: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not ``capsys``: taking what a thread prints while it prints may lose it.
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    found: list[SignedIn] = []

    def wait() -> None:
        found.append(
            sign_in.sign_in_here(
                client, SCOPES, port=0, open_browser=False, prompt="open {url} now", patience=30
            )
        )

    waiting = threading.Thread(target=wait)
    waiting.start()
    while (address := re.search(r"open (\S+) now", printed.getvalue())) is None:
        time.sleep(0.01)
    back = open_in_browser(address[1], accounts)
    assert back.startswith("http://127.0.0.1:")
    assert "signed in" in requests.get(back, timeout=10).text
    waiting.join()
    assert found[0].secret.token == accounts.access_tokens[0]


def test_nobody_comes_back(client: OAuthClient) -> None:
    with pytest.raises(SignInFailed, match="Nobody signed in"):
        sign_in.sign_in_here(client, SCOPES, port=0, open_browser=False, prompt="{url}", patience=0.2)
