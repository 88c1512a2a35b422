import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from responses_api.access.callers import authenticate
from responses_api.access.stored_secrets import set_secret
from responses_api.core.errors import AuthenticationFailed
from responses_api.models import ApiKey, Credential
from tests.conftest import MakeApiKey

CANARY = "canary-7c0ffee"
KEYS = "/admin/responses_api/apikey/"
DEFAULTS = {"capture": "inherit", "allowed_models": ""}
CREDENTIALS = "/admin/responses_api/credential/"


def add_key(operator: Client, owner: User) -> str:
    form = {
        "name": "laptop",
        "owner": owner.pk,
        "credential": "",
        "expires_at_0": "",
        "expires_at_1": "",
        **DEFAULTS,
    }
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
    form = {
        "name": "renamed",
        "owner": alice.pk,
        "credential": "",
        "expires_at_0": "",
        "expires_at_1": "",
        **DEFAULTS,
    }
    operator.post(f"{KEYS}{key.pk}/change/", form)
    key.refresh_from_db()
    assert (key.name, key.hash) == ("renamed", hashed)


def test_revoking(operator: Client, alice: User, make_api_key: MakeApiKey) -> None:
    key, plain = make_api_key(alice)
    kept, _ = make_api_key(alice)
    operator.post(KEYS, {"action": "revoke", "_selected_action": [key.pk], "confirmed": "yes"})
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
    states = re.findall(r'class="field-state[^>]*>\s*(\w+)\s*<', operator.get(KEYS).content.decode())
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


def test_rotating(operator: Client, alice: User, make_api_key: MakeApiKey, settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = True
    key, old = make_api_key(alice, requests_per_minute=7)
    revoked, _ = make_api_key(alice, revoked_at=timezone.now())
    sent = {"action": "rotate", "_selected_action": [key.pk, revoked.pk], "confirmed": "yes"}
    answer = operator.post(KEYS, sent, follow=True)
    html = answer.content.decode()
    (new,) = re.findall(r"<code>(zg-[\w-]+)</code>", html)
    assert f"The key {revoked.prefix} is revoked or has expired." in html
    assert authenticate(f"Bearer {new}").allowances == authenticate(f"Bearer {old}").allowances
    key.refresh_from_db()
    assert key.expires_at is not None
    assert timedelta(hours=23) < key.expires_at - timezone.now() <= timedelta(hours=24)


def test_models_and_limits_of_a_key(operator: Client, alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice, tokens_per_day=1000, dollars_per_month="2.5", allowed_models=["a", "b*"])
    page = operator.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert 'value="a b*"' in page
    assert "key: 0 of 1,000 tokens per day" in page
    assert "key: 0.0000 of 2.5000 dollars per month" in page
    assert "No price is known for gemini-" in page

    form = {"name": "x", "owner": alice.pk, "credential": "", "expires_at_0": "", "expires_at_1": ""}
    limits = {"requests_per_minute": "5", "capture": "off", "allowed_models": "gemini-3*, gemma-4"}
    operator.post(f"{KEYS}{key.pk}/change/", {**form, **limits})
    key.refresh_from_db()
    assert key.allowed_models == ["gemini-3*", "gemma-4"]
    assert (key.requests_per_minute, key.tokens_per_day, key.dollars_per_month) == (5, None, None)
    refused = operator.post(f"{KEYS}{key.pk}/change/", {**form, **limits, "allowed_models": "a$"})
    assert "A list of names, in which * stands for anything" in refused.content.decode()
    refused = operator.post(f"{KEYS}{key.pk}/change/", {**form, **limits, "requests_per_minute": "0"})
    assert "greater than or equal to 1" in refused.content.decode()


def test_limits_of_a_user(operator: Client, alice: User, make_api_key: MakeApiKey) -> None:
    _, plain = make_api_key(alice)
    operator.post("/admin/responses_api/userlimits/add/", {"user": alice.pk, "concurrent_responses": 3})
    (allowance,) = authenticate(f"Bearer {plain}").allowances
    assert (allowance.scope, allowance.limits.concurrent_responses) == (f"user:{alice.pk}", 3)
    page = operator.get(f"/admin/responses_api/userlimits/{alice.pk}/change/").content.decode()
    assert "user: 0 of 3 concurrent responses" in page
    assert "alice" in operator.get("/admin/responses_api/userlimits/").content.decode()


def test_a_member_cannot_lift_limits(alice: User, make_api_key: MakeApiKey) -> None:
    alice.is_staff = True
    alice.save()
    alice.groups.add(Group.objects.get(name="members"))
    member = Client()
    member.force_login(alice)
    key, _ = make_api_key(alice, requests_per_minute=3)
    form = {"name": "mine", "expires_at_0": "", "expires_at_1": "", "note": ""}
    member.post(f"{KEYS}{key.pk}/change/", {**form, "requests_per_minute": "1000", "allowed_models": ""})
    key.refresh_from_db()
    assert (key.name, key.requests_per_minute) == ("mine", 3)
    assert member.get("/admin/responses_api/userlimits/").status_code == 403
