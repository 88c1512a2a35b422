import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from responses_api.access.callers import authenticate
from responses_api.access.credentials import decrypt, load_auth, ref_of, set_secret
from responses_api.core.errors import AuthenticationFailed
from responses_api.models import ApiKey, Credential
from tests.conftest import MakeApiKey

CANARY = "canary-7c0ffee"
KEYS = "/admin/responses_api/apikey/"
CREDENTIALS = "/admin/responses_api/credential/"


def add_key(operator: Client, owner: User) -> str:
    form = {"name": "laptop", "owner": owner.pk, "credential": "", "expires_at_0": "", "expires_at_1": ""}
    answer = operator.post(f"{KEYS}add/", form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_new_key_is_shown_once_and_works(operator: Client, alice: User, settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = True
    found = re.search(r"<code>(zg-[\w-]+)</code>", add_key(operator, alice))
    assert found is not None
    plain = found[1]
    key = ApiKey.objects.get()
    assert authenticate(f"Bearer {plain}").api_key_id == key.pk
    for path in (KEYS, f"{KEYS}{key.pk}/change/", f"{KEYS}{key.pk}/history/"):
        html = operator.get(path).content.decode()
        assert plain not in html
        assert key.hash not in html


def test_changing_a_key_keeps_its_text(operator: Client, alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice)
    hashed = key.hash
    form = {"name": "renamed", "owner": alice.pk, "credential": "", "expires_at_0": "", "expires_at_1": ""}
    operator.post(f"{KEYS}{key.pk}/change/", form)
    key.refresh_from_db()
    assert (key.name, key.hash) == ("renamed", hashed)


def test_revoking(operator: Client, alice: User, make_api_key: MakeApiKey) -> None:
    key, plain = make_api_key(alice)
    kept, _ = make_api_key(alice)
    operator.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    kept.refresh_from_db()
    assert key.revoked_at is not None
    assert kept.revoked_at is None
    with pytest.raises(AuthenticationFailed):
        authenticate(f"Bearer {plain}")


def test_the_list_tells_which_keys_are_accepted(
    operator: Client, alice: User, make_api_key: MakeApiKey
) -> None:
    now = timezone.now()
    make_api_key(alice)
    make_api_key(alice, revoked_at=now)
    make_api_key(alice, expires_at=now - timedelta(days=1))
    states = re.findall(r'class="field-state">(\w+)<', operator.get(KEYS).content.decode())
    assert sorted(states) == ["active", "expired", "revoked"]


def test_the_list_costs_the_same_whatever_its_length(
    operator: Client, alice: User, make_api_key: MakeApiKey
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator.get(KEYS)
        return len(captured)

    make_api_key(alice)
    queries()
    before = queries()
    for _ in range(5):
        make_api_key(alice, credential=stored())
    assert queries() == before


def stored(**fields: bool) -> Credential:
    credential = Credential(name="account", kind=Credential.Kind.API_KEY, **fields)
    set_secret(credential, CANARY)
    credential.save()
    return credential


def credential_form(**fields: str) -> dict[str, str]:
    return {"name": "account", "owner": "", "kind": "api_key", "new_secret": "", "quota_project": ""} | fields


def test_a_secret_goes_in_and_is_never_shown(operator: Client) -> None:
    answer = operator.post(f"{CREDENTIALS}add/", credential_form(new_secret=CANARY), follow=True)
    assert CANARY not in answer.content.decode()
    credential = Credential.objects.get()
    assert load_auth(ref_of(credential.pk)).secret == CANARY
    assert CANARY.encode() not in bytes(credential.secret)
    for path in (
        CREDENTIALS,
        f"{CREDENTIALS}{credential.pk}/change/",
        f"{CREDENTIALS}{credential.pk}/history/",
    ):
        html = operator.get(path).content.decode()
        assert CANARY not in html
        assert bytes(credential.secret).decode() not in html


def test_a_secret_that_is_left_empty_is_kept_and_a_new_one_replaces_it(operator: Client) -> None:
    credential = stored()
    path = f"{CREDENTIALS}{credential.pk}/change/"
    assert "••••" in operator.get(path).content.decode()
    operator.post(path, credential_form(name="renamed"))
    credential.refresh_from_db()
    assert (credential.name, decrypt(bytes(credential.secret))) == ("renamed", CANARY)
    operator.post(path, credential_form(new_secret="another"))
    credential.refresh_from_db()
    assert decrypt(bytes(credential.secret)) == "another"


@pytest.mark.parametrize("secret", ["", "two words", "line\nbreak", "clé"])
def test_what_is_no_secret_is_refused(secret: str, operator: Client) -> None:
    answer = operator.post(f"{CREDENTIALS}add/", credential_form(new_secret=secret))
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Credential.objects.exists()


def test_a_second_default_is_refused_in_words(operator: Client) -> None:
    stored(is_default=True)
    answer = operator.post(f"{CREDENTIALS}add/", credential_form(new_secret="s", is_default="on"))
    assert "Another credential is the default already." in answer.content.decode()
