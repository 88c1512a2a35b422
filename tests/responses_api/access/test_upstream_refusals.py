from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from responses_api.access.credentials import ref_of
from responses_api.access.stored_secrets import set_secret
from responses_api.access.upstream_refusals import note_on_close
from responses_api.core.errors import GatewayError, RateLimited, UpstreamFault
from responses_api.models import Credential

QUOTA = UpstreamFault("Quota exceeded.", http_status=429, code="insufficient_quota")


def stored() -> Credential:
    credential = Credential(name="account", kind=Credential.Kind.API_KEY)
    set_secret(credential, "secret")
    credential.save()
    return credential


def note(credential: Credential, error: GatewayError | None) -> None:
    for statement in note_on_close(ref_of(credential), error):
        with connection.cursor() as cursor:
            statement(cursor)
    credential.refresh_from_db()


@pytest.mark.django_db
@pytest.mark.parametrize("error", [QUOTA, UpstreamFault("No.", http_status=401, code="invalid_api_key")])
def test_what_is_about_the_account_is_noted(error: UpstreamFault) -> None:
    credential, other = stored(), stored()
    note(credential, error)
    assert credential.upstream_refusal == error.message
    assert credential.upstream_refused_at is not None
    other.refresh_from_db()
    assert other.upstream_refused_at is None


@pytest.mark.django_db
def test_once_a_minute() -> None:
    credential = stored()
    note(credential, QUOTA)
    first = credential.upstream_refused_at
    note(credential, UpstreamFault("Again.", http_status=429))
    assert (credential.upstream_refused_at, credential.upstream_refusal) == (first, "Quota exceeded.")
    Credential.objects.update(upstream_refused_at=timezone.now() - timedelta(minutes=2))
    note(credential, UpstreamFault("x" * 1000, http_status=429))
    assert credential.upstream_refusal == "x" * 300


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        ("credential:1", None),
        ("credential:1", RateLimited("A limit of ours.")),
        ("credential:1", UpstreamFault("Down.", http_status=503)),
        ("credential:1", UpstreamFault("Gone.", http_status=401, code="credential_unavailable")),
        ("environment", QUOTA),
    ],
)
def test_what_is_not(ref: str, error: GatewayError | None) -> None:
    assert note_on_close(ref, error) == ()
