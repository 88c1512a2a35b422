"""Three people and their pages: a member's own, a colleague's, and those of somebody who is no staff."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from responses_api.access.roles import MEMBERS, OPERATORS
from responses_api.models import ApiKey
from tests.conftest import MakeApiKey
from tests.responses_api.admin.conftest import Book

PAGES = ("trace", "response", "usage", "apikey")
"""What members see their own of."""
OTHERS = ("credential", "servedmodel", "prompttemplate", "webhookendpoint", "webhookdelivery", "conversation")


def signed_in(user: User, role: str = "") -> Client:
    """A browser of this person, who is staff if there is a role."""
    if role:
        user.is_staff = True
        user.save()
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def url(model: str, rest: str = "") -> str:
    return f"/admin/responses_api/{model}/{rest}"


def test_a_member_sees_their_own_and_a_colleague_none_of_it(alice: User, bob: User, book: Book) -> None:
    book(0)
    owner, colleague = signed_in(alice, MEMBERS), signed_in(bob, MEMBERS)
    key = ApiKey.objects.get()
    rows = {"trace": "trace_0", "response": "resp_0", "usage": "trace_0", "apikey": str(key.pk)}
    for model, pk in rows.items():
        assert len(owner.get(url(model)).context["cl"].result_list) == 1, model
        assert len(colleague.get(url(model)).context["cl"].result_list) == 0, model
        assert owner.get(url(model, f"{pk}/change/")).status_code == 200, model
        # Django's answer for rows that are not there.
        assert colleague.get(url(model, f"{pk}/change/")).status_code == 302, model
        assert colleague.get(url(model, f"{pk}/history/")).status_code == 302, model
        assert colleague.get(url(model, f"?q={pk}")).context["cl"].result_list.__len__() == 0, model


def test_a_stranger_is_asked_to_sign_in(charlie: User, book: Book) -> None:
    book(0)
    client = signed_in(charlie)
    for path in (*map(url, PAGES), "/admin/", "/admin/playground/", url("trace", "live/")):
        assert client.get(path).status_code == 302, path


@pytest.mark.parametrize("model", OTHERS)
def test_a_member_sees_nothing_else(model: str, alice: User) -> None:
    assert signed_in(alice, MEMBERS).get(url(model)).status_code == 403


def test_a_member_cannot_find_a_colleagues_texts(alice: User, bob: User, book: Book) -> None:
    book(0)
    for model in ("trace", "response"):
        assert len(signed_in(alice, MEMBERS).get(url(model, "?q=Fine")).context["cl"].result_list) == 1
        assert len(signed_in(bob, MEMBERS).get(url(model, "?q=Fine")).context["cl"].result_list) == 0
        assert len(signed_in(bob, MEMBERS).get(url(model, "?q=item_0_1")).context["cl"].result_list) == 0


def test_a_members_filters_name_nobody_else(
    alice: User, bob: User, book: Book, make_api_key: MakeApiKey
) -> None:
    book(0)
    make_api_key(bob, name="secret-project")
    for model in PAGES:
        html = signed_in(alice, MEMBERS).get(url(model)).content.decode()
        assert "secret-project" not in html
        assert ">bob<" not in html


def test_a_member_makes_a_key_of_their_own_and_no_other(alice: User, bob: User) -> None:
    client = signed_in(bob, MEMBERS)
    form = {"name": "mine", "owner": alice.pk, "expires_at_0": "", "expires_at_1": "", "note": ""}
    form |= {"requests_per_minute": "1000000", "capture": "full", "credential": "1"}
    html = client.post(url("apikey", "add/"), form, follow=True).content.decode()
    key = ApiKey.objects.get()
    assert (key.owner, key.name, key.requests_per_minute, key.credential) == (bob, "mine", None, None)
    assert key.capture == "inherit"
    assert re.search(r"<code>zg-[\w-]+</code>", html)


def test_a_member_changes_only_what_is_theirs_to_change(
    bob: User, alice: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(bob, requests_per_minute=5)
    form = {
        "name": "renamed",
        "owner": alice.pk,
        "requests_per_minute": "",
        "expires_at_0": "",
        "expires_at_1": "",
    }
    signed_in(bob, MEMBERS).post(url("apikey", f"{key.pk}/change/"), form)
    key.refresh_from_db()
    assert (key.name, key.owner, key.requests_per_minute) == ("renamed", bob, 5)


def test_a_member_revokes_their_own_key_only(alice: User, bob: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice)
    sent = {"action": "revoke", "_selected_action": [key.pk], "confirmed": "yes"}
    signed_in(bob, MEMBERS).post(url("apikey"), sent)
    key.refresh_from_db()
    assert key.revoked_at is None
    signed_in(alice, MEMBERS).post(url("apikey"), sent)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert (
        signed_in(alice, MEMBERS).post(url("apikey", f"{key.pk}/delete/"), {"post": "yes"}).status_code == 403
    )


def test_an_operator_sees_everything_and_makes_no_users(bob: User, book: Book) -> None:
    book(0)
    operator = signed_in(bob, OPERATORS)
    for model in (*PAGES, *OTHERS):
        assert operator.get(url(model)).status_code == 200, model
    assert len(operator.get(url("trace")).context["cl"].result_list) == 1
    assert operator.get("/admin/auth/user/").status_code == 403


def test_staff_without_a_role_see_nothing(bob: User, book: Book) -> None:
    book(0)
    bob.is_staff = True
    bob.save()
    client = signed_in(bob)
    assert client.get("/admin/").status_code == 200
    assert client.get(url("trace")).status_code == 403


def test_a_permission_alone_shows_ones_own(bob: User, book: Book) -> None:
    book(0)
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_trace"))
    assert len(signed_in(bob).get(url("trace")).context["cl"].result_list) == 0


def test_the_sidebar_holds_what_one_may_see(alice: User, operator: Client) -> None:
    def titles(client: Client) -> set[str]:
        groups = client.get("/admin/").context["sidebar_navigation"]
        return {item["title"] for group in groups for item in group["items"]}

    assert titles(signed_in(alice, MEMBERS)) == {
        "Dashboard",
        "Playground",
        "Traces",
        "Responses",
        "Usage",
        "Keys",
    }
    assert titles(operator) >= {
        "Conversations",
        "Credentials",
        "Users",
        "Roles",
        "Models",
        "Prompts",
        "Webhooks",
        "Audit log",
    }


def test_a_changed_role_stays_changed(db: None) -> None:
    from django.apps import apps

    from responses_api.access.roles import make_roles

    group = Group.objects.get(name=MEMBERS)
    group.permissions.clear()
    make_roles(apps.get_app_config("responses_api"))
    assert not group.permissions.exists()


def test_keys_that_are_spent_are_not_offered_in_the_playground(
    alice: User, make_api_key: MakeApiKey, bob: User
) -> None:
    mine, _ = make_api_key(alice)
    make_api_key(alice, revoked_at=timezone.now())
    make_api_key(alice, expires_at=timezone.now())
    make_api_key(bob)
    keys = signed_in(alice, MEMBERS).get("/admin/playground/").context["keys"]
    assert list(keys) == [mine]
