"""Credentials: which one the installation uses by default, and which stored ones cannot be used."""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from responses_api.access import credentials
from responses_api.access.credentials import CredentialUnavailable, TokenTooOld
from responses_api.doctor.findings import Finding, failed, ok, warning
from responses_api.models import Credential
from responses_api.runtime import database

_JOINT = "credential"
_STORED = "stored credentials"


def default_ref() -> str | None:
    """The account of keys and users that have none of their own."""
    if not settings.INTERCEPTOR_ENABLED:
        return credentials.LANGUAGE_SERVER
    default = Credential.objects.filter(is_default=True).first()
    if default is not None:
        return credentials.ref_of(default)
    return credentials.environment_ref() or (credentials.SIMULATOR if settings.UPSTREAM_SIMULATED else None)


async def check_credentials() -> list[Finding]:
    """One finding on the default credential and one on the stored ones."""
    return await database.run(_look)


def _look() -> list[Finding]:
    try:
        return [_default(), *_stored()]
    except DatabaseError:
        return [failed(_JOINT, "the table of credentials cannot be read", "See the database.")]


def _default() -> Finding:
    reference = default_ref()
    if reference is None:
        advice = "Mark one as default in the admin, or set GEMINI_API_KEY; or give each key or user its own."
        return warning(_JOINT, "there is no default credential", advice)
    try:
        auth = credentials.load_auth(reference)
    except TokenTooOld:
        return ok(_JOINT, "the default's access token has run out and is renewed when it is needed")
    except CredentialUnavailable as unavailable:
        advice = "See Credentials in the admin, CREDENTIAL_KEYS, and docs/operating.md."
        return failed(_JOINT, f"the default cannot be used: {unavailable}", advice)
    kind = "an API key" if auth.kind == "api_key" else "an access token"
    return ok(_JOINT, f"the default ({reference.partition(':')[0]}) is {kind}")


def _stored() -> list[Finding]:
    total = Credential.objects.count()
    if not total:
        return []
    unusable = total - credentials.usable().count()
    lately = timezone.now() - timedelta(days=1)
    refused = Credential.objects.filter(upstream_refused_at__gt=lately).count()
    if unusable or refused:
        said = f"{unusable} of {total} cannot be used; the upstream refused {refused} in the last day"
        return [warning(_STORED, said, "See Credentials in the admin; sign in again, or enter a new secret.")]
    return [ok(_STORED, f"{total}, all usable")]
