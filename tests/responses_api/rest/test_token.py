"""``/v1/token``: what a client may do about the account of its own user, and not about any other."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from responses_api.access.callers import authenticate
from responses_api.access.credentials import load_auth
from responses_api.access.stored_secrets import AccessTokenSecret, set_secret, unseal
from responses_api.models import ApiKey, Credential
from tests.conftest import MakeApiKey

CANARY = "canary-own-token"


@pytest.fixture(autouse=True)
def _no_installation_account(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = False
    settings.ZEROGRAVITY_TOKEN = settings.GEMINI_API_KEY = ""


def stored(kind: Credential.Kind = Credential.Kind.API_KEY, **fields: Any) -> Credential:
    credential = Credential(name="account", kind=kind, **fields)
    set_secret(credential, "stored")
    credential.save()
    return credential


class Caller:
    def __init__(self, plain: str) -> None:
        self.header = f"Bearer {plain}"

    def ask(self, method: str, body: Any = None) -> Any:
        return Client().generic(
            method,
            "/v1/token",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"authorization": self.header},
        )

    def put(self, **body: Any) -> Any:
        return self.ask("POST", {"access_token": CANARY, **body})

    @property
    def secret(self) -> str:
        return load_auth(authenticate(self.header).credential_ref).secret


@pytest.fixture
def her(alice: User, make_api_key: MakeApiKey) -> Caller:
    return Caller(make_api_key(alice)[1])


def test_who_has_none_gets_one_of_her_own(her: Caller, alice: User) -> None:
    assert her.ask("GET").json() == {
        "object": "upstream_token",
        "own": False,
        "kind": None,
        "state": None,
        "expires_at": None,
    }
    answer = her.put(expires_in=60)
    assert answer.status_code == 200
    assert CANARY not in answer.content.decode()
    credential = Credential.objects.get()
    assert (credential.owner_id, unseal(credential)) == (alice.pk, AccessTokenSecret(CANARY))
    assert her.secret == CANARY
    body = her.ask("GET").json()
    assert (body["own"], body["kind"], body["state"]) == (True, "access_token", "valid")
    assert 0 < body["expires_at"] - timezone.now().timestamp() <= 60


def test_the_next_token_takes_the_place_of_the_last(her: Caller) -> None:
    her.put(expires_in=60)
    Credential.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert her.ask("GET").json()["state"] == "expired"
    answer = her.put(access_token="another")
    assert (answer.json()["state"], answer.json()["expires_at"]) == ("valid", None)
    assert Credential.objects.count() == 1
    assert her.secret == "another"


def test_a_default_is_nobodys_to_set(her: Caller) -> None:
    """Hers goes before it from now on; it stays as it is."""
    default = stored(is_default=True)
    assert her.secret == "stored"
    assert her.ask("GET").json()["own"] is False
    assert her.put().status_code == 200
    default.refresh_from_db()
    assert load_auth(f"credential:{default.pk}").secret == "stored"
    assert her.secret == CANARY


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_shared_one_that_the_key_was_given_is_a_403(
    method: str, alice: User, make_api_key: MakeApiKey
) -> None:
    shared = stored(Credential.Kind.ACCESS_TOKEN)
    caller = Caller(make_api_key(alice, credential=shared)[1])
    answer = caller.ask(method, {"access_token": CANARY})
    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "permission_error"
    assert answer.json()["error"]["code"] == "shared_credential"
    assert caller.secret == "stored"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_account_of_another_kind_is_left_alone(method: str, her: Caller, alice: User) -> None:
    stored(owner=alice)
    answer = her.ask(method, {"access_token": CANARY})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert her.secret == "stored"


def test_one_users_token_is_not_anothers(her: Caller, bob: User, make_api_key: MakeApiKey) -> None:
    his = Caller(make_api_key(bob)[1])
    her.put()
    his.put(access_token="his")
    assert (her.secret, his.secret) == (CANARY, "his")
    his.ask("DELETE")
    assert her.secret == CANARY


def test_removing_it(her: Caller) -> None:
    assert her.ask("DELETE").status_code == 404
    her.put()
    assert her.ask("DELETE").json() == {"object": "upstream_token.deleted", "deleted": True}
    assert not Credential.objects.exists()


def test_a_key_that_it_was_given_to_falls_back_on_nothing(alice: User, make_api_key: MakeApiKey) -> None:
    stored(is_default=True)
    own = stored(Credential.Kind.ACCESS_TOKEN, owner=alice)
    caller = Caller(make_api_key(alice, credential=own)[1])
    assert caller.put().status_code == 200
    assert caller.ask("DELETE").status_code == 200
    own.refresh_from_db()
    assert unseal(own) == AccessTokenSecret("")
    with pytest.raises(Exception, match="No usable upstream credential"):
        authenticate(caller.header)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": f"{CANARY} with blanks"},
        {"access_token": f"{CANARY}\n"},
        {"access_token": CANARY, "expires_in": 0},
        {"access_token": CANARY, "expires_in": "soon"},
    ],
)
def test_what_is_no_token_is_refused_and_not_quoted(body: dict[str, Any], her: Caller) -> None:
    answer = her.ask("POST", body)
    assert answer.status_code == 400
    assert CANARY not in answer.content.decode()
    assert not Credential.objects.exists()


def test_without_a_key_nothing(db: None) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert Caller("zg-wrong").ask(method, {"access_token": CANARY}).status_code == 401


def test_revoked_keys_are_refused(her: Caller) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    assert her.put().status_code == 401
