"""What is kept of an upstream account: one encrypted JSON document for each credential."""

from datetime import datetime
from typing import Any

import msgspec
from django.db.models import F

from responses_api.access.encryption import decrypt, encrypt
from responses_api.models import Credential


class _Secret(msgspec.Struct, frozen=True, tag_field="kind"):
    """Base of all documents; ``kind`` has the values of ``Credential.Kind``."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class ApiKeySecret(_Secret, frozen=True, tag="api_key"):
    """An API key of the upstream."""

    key: str


class AccessTokenSecret(_Secret, frozen=True, tag="access_token"):
    """An access token that somebody else renews."""

    token: str


class OAuthSecret(_Secret, frozen=True, tag="oauth"):
    """A sign-in: the operator's own client, and the tokens that it was given."""

    client_id: str
    client_secret: str
    auth_uri: str
    """Where the account's owner signs in, once more if need be."""
    token_uri: str
    scopes: tuple[str, ...]
    refresh_token: str
    token: str = ""
    """The access token; empty until the first renewal."""


class ServiceAccountSecret(_Secret, frozen=True, tag="service_account"):
    """A service account's key file, and the access token that was minted last."""

    key_file: dict[str, Any]
    scopes: tuple[str, ...]
    token: str = ""


type RenewableSecret = OAuthSecret | ServiceAccountSecret
type StoredSecret = ApiKeySecret | AccessTokenSecret | RenewableSecret

_ANY_SECRET = ApiKeySecret | AccessTokenSecret | OAuthSecret | ServiceAccountSecret
_decoder: msgspec.json.Decoder[StoredSecret] = msgspec.json.Decoder(_ANY_SECRET)


def seal(secret: StoredSecret) -> bytes:
    """``secret`` as it is stored."""
    return encrypt(msgspec.json.encode(secret))


def unseal(credential: Credential) -> StoredSecret:
    """The secret of ``credential``.

    Raises:
        SecretUnreadable: it was encrypted with another key.
    """
    return _decoder.decode(decrypt(bytes(credential.secret)))


def put_secret(credential: Credential, secret: StoredSecret, expires_at: datetime | None = None) -> None:
    """Give ``credential`` a secret in place of what it had, and of all that came of that; not saved.

    Args:
        credential: a new one, or one read from the database.
        secret: decides its kind.
        expires_at: when the key or the access token in it runs out, if it does.
    """
    credential.kind = Credential.Kind(msgspec.to_builtins(secret)["kind"])
    credential.secret = seal(secret)
    credential.expires_at = expires_at
    credential.renewable = _is_renewable(secret)
    if credential.pk is not None:
        credential.token_number = F("token_number") + 1
    credential.renewing_until = credential.refused_at = credential.retry_at = None
    credential.renewal_error = credential.upstream_refusal = ""
    credential.upstream_refused_at = None
    credential.renewal_failures = 0


SECRET_FIELDS = (
    "kind",
    "secret",
    "expires_at",
    "renewable",
    "token_number",
    "renewing_until",
    "refused_at",
    "retry_at",
    "renewal_error",
    "renewal_failures",
    "upstream_refusal",
    "upstream_refused_at",
)
"""What ``put_secret`` changes, for ``save(update_fields=…)``."""


def set_secret(credential: Credential, text: str) -> None:
    """Give a credential of a kind that is set by hand the key or token ``text``; not saved."""
    by_hand = ApiKeySecret(text) if credential.kind == Credential.Kind.API_KEY else AccessTokenSecret(text)
    put_secret(credential, by_hand, credential.expires_at)


def _is_renewable(secret: StoredSecret) -> bool:
    match secret:
        case OAuthSecret():
            return bool(secret.refresh_token)
        case ServiceAccountSecret():
            return True
        case _:
            return False
