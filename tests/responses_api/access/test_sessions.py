"""Who may send from the playground, and with which keys."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from responses_api.access.roles import MEMBERS
from responses_api.access.sessions import caller_of_session
from responses_api.core.errors import AuthenticationFailed, InvalidRequest
from tests.conftest import MakeApiKey


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = True


def member(user: User) -> User:
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get(name=MEMBERS))
    return user


def scope_of(user: User | None, *, token: bool = True, origin: str = "http://testserver") -> dict[str, Any]:
    """A request of the playground's page, as the server hands it over."""
    client = Client()
    if user is not None:
        client.force_login(user)
    plain = RequestFactory().get("/")
    csrf = get_token(plain)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    cookies[django_settings.CSRF_COOKIE_NAME] = plain.META["CSRF_COOKIE"]
    headers = {
        "host": "testserver",
        "origin": origin,
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        **({"x-csrftoken": csrf} if token else {}),
    }
    return {
        "type": "http",
        "method": "POST",
        "path": "/admin/playground/keys/1/responses",
        "query_string": b"",
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


def test_a_member_acts_for_their_key(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice)
    caller = caller_of_session(scope_of(member(alice)), key.pk)
    assert (caller.api_key_id, caller.owner_id) == (key.pk, alice.pk)


def test_an_operator_acts_for_any_key(alice: User, bob: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice)
    bob.is_staff = bob.is_superuser = True
    bob.save()
    assert caller_of_session(scope_of(bob), key.pk).owner_id == alice.pk


def test_other_peoples_keys_and_none_are_refused_alike(
    alice: User, bob: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(alice)
    scope = scope_of(member(bob))
    refusals = []
    for number in (key.pk, key.pk + 1000):
        with pytest.raises(InvalidRequest) as refused:
            caller_of_session(scope, number)
        refusals.append((refused.value.http_status, refused.value.message))
    assert len(set(refusals)) == 1
    assert refusals[0][0] == 403


def test_a_stranger_is_refused(alice: User, charlie: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(charlie)
    for user in (charlie, None):
        with pytest.raises(InvalidRequest, match="Sign in"):
            caller_of_session(scope_of(user), key.pk)


def test_somebody_who_was_deactivated_is_refused(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice)
    scope = scope_of(member(alice))
    User.objects.update(is_active=False)
    with pytest.raises(InvalidRequest, match="Sign in"):
        caller_of_session(scope, key.pk)


@pytest.mark.parametrize("forged", [{"token": False}, {"origin": "https://evil.example"}])
def test_a_request_that_another_page_made_is_refused(
    forged: dict[str, Any], alice: User, make_api_key: MakeApiKey
) -> None:
    key, _ = make_api_key(alice)
    with pytest.raises(InvalidRequest, match="too old"):
        caller_of_session(scope_of(member(alice), **forged), key.pk)


def test_a_revoked_key_is_refused_as_for_any_client(alice: User, make_api_key: MakeApiKey) -> None:
    key, _ = make_api_key(alice, revoked_at=timezone.now())
    with pytest.raises(AuthenticationFailed):
        caller_of_session(scope_of(member(alice)), key.pk)
