import io
import json
import re
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from responses_api.access.stored_secrets import (
    AccessTokenSecret,
    ApiKeySecret,
    OAuthSecret,
    ServiceAccountSecret,
    unseal,
)
from responses_api.models import Credential
from tests.authorization_server import AuthorizationServer
from tests.responses_api.access.test_token_endpoints import service_account
from tests.responses_api.oauth_fixtures import accounts, tls_files

__all__ = ["accounts", "tls_files"]

pytestmark = pytest.mark.django_db


def add(*options: str, stdin: str = "", monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    out = io.StringIO()
    if monkeypatch is not None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    call_command("addcredential", "--name", "account", *options, stdout=out)
    return out.getvalue()


def test_an_api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    said = add("--api-key-stdin", "--default", stdin="canary-key\n", monkeypatch=monkeypatch)
    credential = Credential.objects.get()
    assert unseal(credential) == ApiKeySecret("canary-key")
    assert credential.is_default
    assert "for everybody's requests" in said
    assert "canary" not in said


def test_an_access_token_of_a_user(monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
    options = ("--access-token-stdin", "--expires-in", "60", "--user", "alice")
    said = add(*options, stdin="canary-token", monkeypatch=monkeypatch)
    credential = Credential.objects.get()
    assert unseal(credential) == AccessTokenSecret("canary-token")
    assert credential.owner_id == alice.pk
    assert credential.expires_at is not None
    assert "'alice'" in said


def test_a_service_account(tmp_path: Path, accounts: AuthorizationServer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "key.json"
    file.write_text(json.dumps(service_account(key, accounts).key_file))
    add("--service-account", str(file), "--quota-project", "p")
    credential = Credential.objects.get()
    assert isinstance(unseal(credential), ServiceAccountSecret)
    assert (credential.renewable, credential.quota_project) == (True, "p")


@pytest.mark.django_db(transaction=True)
def test_a_sign_in(tmp_path: Path, accounts: AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not ``capsys``: taking what a thread prints while it prints may lose it.
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    file = tmp_path / "client_secret.json"
    file.write_text(accounts.client_json())

    def run() -> None:
        add("--client", str(file), "--no-browser")
        connections.close_all()

    waiting = threading.Thread(target=run)
    waiting.start()
    while (address := re.search(r"(https://\S+)", printed.getvalue())) is None:
        time.sleep(0.01)
    back = requests.get(address[1], verify=str(accounts.tls.ca), allow_redirects=False, timeout=10)
    requests.get(back.headers["Location"], timeout=10)
    waiting.join()
    secret = unseal(Credential.objects.get())
    assert isinstance(secret, OAuthSecret)
    assert {secret.refresh_token} == accounts.refresh_tokens


@pytest.mark.parametrize(
    ("options", "stdin", "reason"),
    [
        ((), "", "client of your own"),
        (("--api-key-stdin",), "", "standard input"),
        (("--api-key-stdin",), "two words", "standard input"),
        (("--api-key-stdin", "--user", "nobody"), "k", "no user 'nobody'"),
        (("--api-key-stdin", "--user", "alice", "--default"), "k", "can have no owner"),
        (("--service-account", "/does/not/exist"), "", "No such file"),
        (("--service-account", "pyproject.toml"), "", "no JSON object"),
        (("--client", "pyproject.toml"), "", "no client_secret.json"),
    ],
)
def test_what_cannot_be_added(
    options: tuple[str, ...], stdin: str, reason: str, monkeypatch: pytest.MonkeyPatch, alice: User
) -> None:
    with pytest.raises(CommandError, match=reason):
        add(*options, stdin=stdin, monkeypatch=monkeypatch)
    assert not Credential.objects.exists()
