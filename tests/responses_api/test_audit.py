"""What the audit log has of a change: who, when, before and after, and no secret."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from responses_api.model_seed import seed_models
from responses_api.models import ApiKey, Credential, PromptTemplate, ServedModel, WebhookEndpoint
from tests.conftest import MakeApiKey, MakeUser

CANARY = "canary-7c0ffee"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(make_user: MakeUser) -> User:
    return make_user("operator", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def entries(instance: Any) -> list[Any]:
    """Newest first."""
    return list(LogEntry.objects.get_for_object(instance))


def test_a_change_in_the_admin(
    browser: Client, operator: User, alice: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(alice, name="old name")
    form = {
        "name": "new name",
        "owner": alice.pk,
        "credential": "",
        "capture": "inherit",
        "allowed_models": "",
        "expires_at_0": "",
        "expires_at_1": "",
    }
    browser.post(f"/admin/responses_api/apikey/{key.pk}/change/", form)

    changed = entries(key)[0]
    assert (changed.actor, changed.remote_addr) == (operator, "127.0.0.1")
    assert changed.changes == {"name": ["old name", "new name"]}


def test_a_new_key_without_its_hash(alice: User, make_api_key: MakeApiKey) -> None:
    key, plain = make_api_key(alice)
    [made] = entries(key)
    said = json.dumps(made.changes)
    assert made.changes["prefix"] == ["None", key.prefix]
    assert key.hash not in said
    assert plain not in said


def test_revoking_by_the_list_of_keys(
    browser: Client, operator: User, alice: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(alice)
    revoke(browser, key)
    key.refresh_from_db()
    assert key.revoked_at is not None
    changed = entries(key)[0]
    assert (changed.actor, list(changed.changes)) == (operator, ["revoked_at"])


def revoke(browser: Client, key: ApiKey) -> None:
    form = {"action": "revoke", "_selected_action": [key.pk], "confirmed": "yes"}
    assert browser.post("/admin/responses_api/apikey/", form, follow=True).status_code == 200


@pytest.mark.parametrize("owner_of_secret", [Credential, WebhookEndpoint])
def test_a_secret_is_never_in_it(owner_of_secret: type[Any], alice: User) -> None:
    fields: dict[type[Any], dict[str, Any]] = {
        Credential: {"name": "c", "kind": "api_key"},
        WebhookEndpoint: {"url": "https://x", "owner": alice},
    }
    row = owner_of_secret.objects.create(secret=CANARY.encode(), **fields[owner_of_secret])
    row.secret = f"{CANARY}-2".encode()
    row.save()
    changed, made = entries(row)
    assert made.changes["secret"] == ["None", "••••"]
    assert changed.changes["secret"] == ["••••", "••••"]
    assert CANARY not in json.dumps([made.changes, changed.changes])


def test_a_secret_that_stays_is_no_change() -> None:
    row = Credential.objects.create(name="c", kind="api_key", secret=b"x")
    row = Credential.objects.get(pk=row.pk)
    row.name = "d"
    row.save()
    assert list(entries(row)[0].changes) == ["name"]


def test_who_may_do_what(make_user: MakeUser) -> None:
    from django.contrib.auth.models import Group

    carol = make_user("carol")
    group = Group.objects.create(name="auditors")
    carol.groups.add(group)
    assert entries(carol)[0].changes["groups"]["objects"] == ["auditors"]
    carol.set_password("hunter2")
    carol.save()
    assert entries(carol)[0].changes["password"] == ["••••", "••••"]


def test_a_command_is_named(alice: User) -> None:
    call_command("createapikey", name="by command", user="alice", quiet=True, stdout=StringIO())
    made = entries(ApiKey.objects.get(name="by command"))[0]
    assert made.actor is None
    assert set(made.additional_data) == {"command", "system_user"}


def test_a_token_that_a_client_sets(alice: User, make_api_key: MakeApiKey) -> None:
    key, plain = make_api_key(alice)
    client = Client(headers={"Authorization": f"Bearer {plain}"})
    assert (
        client.post("/v1/token", {"access_token": CANARY}, content_type="application/json").status_code == 200
    )
    made = entries(Credential.objects.get(owner=alice))[0]
    assert (made.actor, made.additional_data) == (alice, {"api_key": key.prefix})
    assert CANARY not in json.dumps(made.changes)


def test_switching_models_off(browser: Client, operator: User) -> None:
    seed_models()
    model = ServedModel.objects.filter(enabled=True)[0]
    form = {"action": "switch_off", "_selected_action": [model.pk]}
    browser.post("/admin/responses_api/servedmodel/", form, follow=True)
    changed = entries(model)[0]
    assert (changed.actor, changed.changes["enabled"]) == (operator, ["True", "False"])


def test_the_log_is_read_in_the_admin_and_nowhere_written(
    browser: Client, alice: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(alice)
    revoke(browser, key)
    entry = entries(key)[0]
    page = browser.get("/admin/auditlog/logentry/")
    assert page.status_code == 200
    assert "revoked_at" in page.content.decode()
    shown = browser.get(f"/admin/auditlog/logentry/{entry.pk}/change/").content.decode()
    assert "revoked_at" in shown
    assert browser.post(f"/admin/auditlog/logentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_log_leads_to_what_was_changed(browser: Client) -> None:
    # An underscore before two hexadecimal digits stands for another character in the admin's addresses.
    PromptTemplate.objects.create(id="pmpt_26af", name="greeting")
    page = browser.get("/admin/auditlog/logentry/").content.decode()
    (address,) = re.findall(r'href="(/admin/responses_api/prompttemplate/[^"]+)"', page)
    assert browser.get(address).status_code == 200


def test_ten_wrong_passwords_close_the_login_for_that_name_and_address(
    client: Client, operator: User
) -> None:
    operator.set_password("right")
    operator.save()

    def log_in(password: str, address: str = "10.0.0.1") -> int:
        form = {"username": "operator", "password": password}
        return client.post("/admin/login/?next=/admin/", form, REMOTE_ADDR=address).status_code

    assert {log_in(f"wrong {number}") for number in range(9)} == {200}
    assert log_in("wrong 9") == 429
    assert log_in("right") == 429
    assert log_in("right", address="10.0.0.2") == 302
