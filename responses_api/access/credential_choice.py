"""Whose upstream account a request uses: the key's, else its owner's, else the installation's.

No request is ever made with another user's account: a credential that has an owner serves that
user's keys only, whatever else the rows say.
"""

from typing import TYPE_CHECKING, TypedDict

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery

from responses_api.access import credentials
from responses_api.core.errors import AuthenticationFailed
from responses_api.models import ApiKey

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

_NO_CREDENTIAL = (
    "No usable upstream credential is set for this API key. The operator of this gateway can give one to "
    "the key or to its user, or mark one as the default."
)


class CredentialChoice(TypedDict):
    """References to what a key without a credential of its own could use."""

    owner_credential_ref: str | None
    default_credential_ref: str | None


type KeyWithChoice = "WithAnnotations[ApiKey, CredentialChoice]"


def with_choice(keys: QuerySet[ApiKey]) -> "QuerySet[ApiKey, KeyWithChoice]":
    """``keys`` with the credentials that they could use, in the same query."""
    usable = credentials.usable().annotate(ref=credentials.ref_expression()).values("ref")
    return keys.select_related("credential").annotate(
        owner_credential_ref=Subquery(usable.filter(owner=OuterRef("owner"))[:1]),
        default_credential_ref=Subquery(usable.filter(is_default=True, owner=None)[:1]),
    )


def chosen_ref(key: "KeyWithChoice") -> str:
    """The reference of the credential that requests with ``key`` use.

    A key's own credential is binding: when it has expired or is refused, so is the call, and it
    is not made with an account that nobody chose for it.

    Raises:
        AuthenticationFailed: there is no usable one.
    """
    own = key.credential
    if own is not None:
        if own.serves(key.owner_id) and credentials.is_usable(own):
            return credentials.ref_of(own)
        raise _no_credential()
    if key.owner_credential_ref is not None:
        return key.owner_credential_ref
    if not settings.INTERCEPTOR_ENABLED:
        return credentials.LANGUAGE_SERVER
    if key.default_credential_ref is not None:
        return key.default_credential_ref
    if (environment := credentials.environment_ref()) is not None:
        return environment
    if settings.UPSTREAM_SIMULATED:
        return credentials.SIMULATOR
    raise _no_credential()


def _no_credential() -> AuthenticationFailed:
    return AuthenticationFailed(_NO_CREDENTIAL, type="authentication_error", code="no_upstream_credential")
