"""The access token that a client sets, at run time, for the requests of its own user."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from responses_api.access.credential_states import CredentialState, state_of
from responses_api.access.credentials import usable
from responses_api.access.stored_secrets import SECRET_FIELDS, AccessTokenSecret, put_secret
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.models import ApiKey, Credential

_NAME = "token set by the client"


@dataclass(frozen=True, slots=True)
class OwnToken:
    """What a client may know of the account that its requests use.

    Attributes:
        own: whether it is its user's own, and nobody else's. If not, the rest is None.
        kind: as ``Credential.Kind``.
        state: how it stands.
        expires_at: when it runs out, if it does.
    """

    own: bool
    kind: str | None = None
    state: CredentialState | None = None
    expires_at: datetime | None = None


def read(key: ApiKey) -> OwnToken:
    """The account that requests with ``key`` use."""
    credential = _own(key)
    if credential is None:
        return OwnToken(own=False)
    return OwnToken(True, credential.kind, state_of(credential), credential.expires_at)


def put(key: ApiKey, token: str, lifetime: int | None) -> OwnToken:
    """Set the access token; makes a credential for the key's user if there is none.

    Args:
        key: whose requests are to use it, with those of its user's other keys that have no
            credential of their own.
        token: the access token.
        lifetime: seconds; None for one without an end.

    Raises:
        InvalidRequest: the key was given an account that others use too (403), or one of
            another kind (409).
    """
    _refuse_shared(key)
    expires_at = None if lifetime is None else timezone.now() + timedelta(seconds=lifetime)
    with transaction.atomic():
        # One at a time for each user, so that two requests do not make two credentials.
        User.objects.select_for_update().get(pk=key.owner_id)
        credential = _own(key)
        if credential is None:
            credential = Credential(name=_NAME, owner_id=key.owner_id)
        else:
            _refuse_other_kinds(credential)
        put_secret(credential, AccessTokenSecret(token), expires_at)
        credential.save(update_fields=SECRET_FIELDS if credential.pk is not None else None)
    return OwnToken(True, credential.kind, state_of(credential), expires_at)


def delete(key: ApiKey) -> None:
    """Take the access token away again.

    Raises:
        NotFound: there is none.
        InvalidRequest: as ``put``.
    """
    _refuse_shared(key)
    with transaction.atomic():
        credential = _own(key)
        if credential is None:
            raise NotFound("No access token is set.")
        _refuse_other_kinds(credential)
        if credential.api_keys.exists():
            # A key that it was given to does not fall back on another account.
            put_secret(credential, AccessTokenSecret(""), timezone.now())
            credential.save(update_fields=SECRET_FIELDS)
        else:
            credential.delete()


def _own(key: ApiKey) -> Credential | None:
    """The account of the key's user that its requests use, or used until its token ran out."""
    if key.credential_id is not None:
        return Credential.objects.filter(pk=key.credential_id, owner=key.owner_id).first()
    in_use = usable().filter(owner=key.owner_id).first()
    if in_use is not None:
        return in_use
    expired = Credential.objects.filter(owner=key.owner_id, kind=Credential.Kind.ACCESS_TOKEN)
    return expired.order_by("-created_at", "-pk").first()


def _refuse_shared(key: ApiKey) -> None:
    if key.credential is not None and key.credential.owner_id != key.owner_id:
        raise InvalidRequest(
            "This API key was given an upstream account that is not its user's own; its token cannot be "
            "set or removed here.",
            type="permission_error",
            code="shared_credential",
            http_status=403,
        )


def _refuse_other_kinds(credential: Credential) -> None:
    if credential.kind != Credential.Kind.ACCESS_TOKEN:
        raise InvalidRequest(
            f"Your upstream account is of the kind {credential.kind!r}, which takes no access token by hand. "
            "Ask this gateway's operator to remove it first.",
            code="conflict",
            http_status=409,
        )
