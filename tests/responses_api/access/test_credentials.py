from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from responses_api.access import credentials
from responses_api.access.credentials import (
    CredentialUnavailable,
    Reference,
    TokenTooOld,
    UpstreamAuth,
    failure_of,
    is_usable,
    load_auth,
    read_ref,
    ref_expression,
    ref_of,
    renewed_ref,
)
from responses_api.access.stored_secrets import OAuthSecret, put_secret, set_secret
from responses_api.models import Credential

SECRET = "canary-5f1d"
SIGN_IN = OAuthSecret("id", "secret", "https://a/auth", "https://a/token", ("scope",), "refresh", SECRET)


def stored(kind: Credential.Kind = Credential.Kind.API_KEY, **fields: Any) -> Credential:
    credential = Credential(name="account", kind=kind, **fields)
    set_secret(credential, SECRET)
    credential.save()
    return credential


def signed_in(*, lasts: timedelta | None = timedelta(hours=1), **fields: Any) -> Credential:
    """One that renews its tokens; ``lasts`` is the time that the token has left."""
    credential = Credential(name="account")
    put_secret(credential, SIGN_IN, None if lasts is None else timezone.now() + lasts)
    for name, value in fields.items():
        setattr(credential, name, value)
    credential.save()
    return credential


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (UpstreamAuth("api_key", "k"), [("x-goog-api-key", "k")]),
        (UpstreamAuth("api_key", "k", "project"), [("x-goog-api-key", "k")]),
        (UpstreamAuth("bearer", "t"), [("authorization", "Bearer t")]),
        (
            UpstreamAuth("bearer", "t", "project"),
            [("authorization", "Bearer t"), ("x-goog-user-project", "project")],
        ),
    ],
)
def test_headers(auth: UpstreamAuth, headers: list[tuple[str, str]]) -> None:
    assert auth.headers() == headers


def test_the_secret_is_not_in_the_repr() -> None:
    assert SECRET not in repr(UpstreamAuth("bearer", SECRET, "project"))


@pytest.mark.django_db
def test_a_stored_credential(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    key = stored()
    token = stored(
        Credential.Kind.ACCESS_TOKEN, quota_project="project", expires_at=timezone.now() + timedelta(hours=1)
    )
    with django_assert_num_queries(2):  # the second one says when it was used last, once a minute
        assert load_auth(ref_of(key)) == UpstreamAuth("api_key", SECRET)
    with django_assert_num_queries(1):
        load_auth(ref_of(key))
    assert load_auth(ref_of(token)) == UpstreamAuth("bearer", SECRET, "project", 1, token.expires_at)
    key.refresh_from_db()
    assert key.last_used_at is not None


@pytest.mark.django_db
def test_an_expired_or_deleted_credential_is_unavailable() -> None:
    expired = stored(expires_at=timezone.now())
    with pytest.raises(CredentialUnavailable, match="expired"):
        load_auth(ref_of(expired))
    with pytest.raises(CredentialUnavailable, match="deleted"):
        load_auth(str(Reference(expired.pk + 1)))


@pytest.mark.parametrize(
    "ref",
    ["", "credential:", "credential:x", "credential:1 ", "credential:1@", "environment", "simulator"],
)
def test_what_is_not_set_is_unavailable(ref: str, settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = False
    settings.ZEROGRAVITY_TOKEN = settings.GEMINI_API_KEY = ""
    with pytest.raises(CredentialUnavailable):
        load_auth(ref)


def test_the_environments_account(settings: Settings) -> None:
    settings.GEMINI_API_KEY = "key"
    settings.QUOTA_PROJECT = "project"
    assert load_auth("environment") == UpstreamAuth("api_key", "key", "project")
    settings.ZEROGRAVITY_TOKEN = "token"
    assert load_auth("environment") == UpstreamAuth("bearer", "token", "project")


def test_the_simulators_key_is_no_secret(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED = True
    assert load_auth("simulator").headers() == [("x-goog-api-key", "simulator")]


@pytest.mark.parametrize(
    ("ref", "read", "renewed"),
    [
        ("credential:12@7", Reference(12, 7), "credential:12@8"),
        ("credential:12", Reference(12), None),
        ("environment", None, None),
    ],
)
def test_references(ref: str, read: Reference | None, renewed: str | None) -> None:
    assert read_ref(ref) == read
    assert renewed_ref(ref) == renewed
    assert read is None or str(read) == ref


@pytest.mark.django_db
def test_the_database_makes_the_same_references() -> None:
    made = [stored(), signed_in(), signed_in(token_number=7)]
    found = Credential.objects.order_by("pk").annotate(ref=ref_expression()).values_list("ref", flat=True)
    assert list(found) == [ref_of(credential) for credential in made]
    assert found[2].endswith("@7")


@pytest.mark.django_db
def test_a_token_that_is_renewed() -> None:
    credential = signed_in(token_number=7)
    number = f"credential:{credential.pk}@"
    auth = load_auth(f"{number}7")
    assert (auth.kind, auth.secret, auth.number, auth.renewal_due) == ("bearer", SECRET, 7, False)
    with pytest.raises(TokenTooOld) as caught:
        load_auth(f"{number}8")
    assert (caught.value.credential_id, caught.value.number) == (credential.pk, 8)

    Credential.objects.update(expires_at=timezone.now() + timedelta(minutes=4))
    assert load_auth(f"{number}7").renewal_due
    Credential.objects.update(expires_at=timezone.now())
    with pytest.raises(TokenTooOld) as caught:
        load_auth(f"{number}7")
    assert caught.value.number == 8


@pytest.mark.django_db
def test_what_cannot_be_renewed_now_is_not_tried() -> None:
    now = timezone.now()
    credential = signed_in(lasts=timedelta(minutes=4), retry_at=now + timedelta(seconds=30))
    ref = ref_of(credential)
    assert not load_auth(ref).renewal_due
    Credential.objects.update(expires_at=now)
    with pytest.raises(CredentialUnavailable, match="cannot be renewed now") as caught:
        load_auth(ref)
    assert not isinstance(caught.value, TokenTooOld)
    assert 0 < (caught.value.retry_after or 0) <= 30
    Credential.objects.update(refused_at=now)
    with pytest.raises(CredentialUnavailable, match="signed in again") as caught:
        load_auth(ref)
    assert caught.value.retry_after is None


SOON, LATER = timedelta(seconds=-1), timedelta(minutes=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lasts", "refused", "retry", "expected"),
    [
        (LATER, None, None, True),
        (None, None, None, True),
        (SOON, None, None, True),
        (SOON, None, LATER, True),
        (SOON, SOON, LATER, False),
        (SOON, SOON, SOON, True),
        (LATER, SOON, LATER, True),
    ],
)
def test_what_is_usable(
    lasts: timedelta | None, refused: timedelta | None, retry: timedelta | None, expected: bool
) -> None:
    """A refused one goes on with the token it has, and is tried again from time to time."""
    now = timezone.now()
    credential = signed_in(lasts=lasts, refused_at=refused and now + refused, retry_at=retry and now + retry)
    assert is_usable(credential) is expected
    assert credentials.usable().exists() is expected


@pytest.mark.django_db
def test_an_expired_token_without_renewal_is_not_usable() -> None:
    credential = stored(Credential.Kind.ACCESS_TOKEN, expires_at=timezone.now())
    assert not is_usable(credential)
    assert not credentials.usable().exists()


def test_what_the_client_is_told() -> None:
    gone = failure_of(CredentialUnavailable("deleted"))
    assert (gone.http_status, gone.type, gone.code, gone.retry_after) == (
        401,
        "authentication_error",
        "credential_unavailable",
        None,
    )
    busy = failure_of(TokenTooOld(1, 2))
    assert (busy.http_status, busy.code, busy.retry_after) == (503, "server_error", 1.0)
