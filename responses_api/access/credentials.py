"""Upstream credentials: encrypted at rest, loaded by reference, never shown.

A reference is what travels between processes instead of the secret:

    ``credential:12``   the row of ``Credential`` with that primary key
    ``environment``     the account in the environment (``ZEROGRAVITY_TOKEN``, else ``GEMINI_API_KEY``)
    ``simulator``       the simulator, which takes any key
"""

from dataclasses import dataclass, field
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils import timezone

from responses_api.models import Credential

ENVIRONMENT = "environment"
SIMULATOR = "simulator"
_ROW = "credential:"


class CredentialUnavailable(Exception):
    """There is no usable credential behind a reference; the text says why and holds no secret."""


@dataclass(frozen=True, slots=True)
class UpstreamAuth:
    """How a request proves to the upstream whose it is.

    Attributes:
        kind: an API key of the upstream, or an OAuth access token.
        secret: the key or the token.
        quota_project: the Google Cloud project that pays for a token's calls; may be empty.
    """

    kind: Literal["api_key", "bearer"]
    secret: str = field(repr=False)
    quota_project: str = ""

    def headers(self) -> list[tuple[str, str]]:
        """The HTTP headers to send.

        Source: https://ai.google.dev/api#authentication (x-goog-api-key) and
        https://cloud.google.com/docs/authentication/rest#set-billing-project (x-goog-user-project).
        """
        if self.kind == "api_key":
            return [("x-goog-api-key", self.secret)]
        headers = [("authorization", f"Bearer {self.secret}")]
        if self.quota_project:
            headers.append(("x-goog-user-project", self.quota_project))
        return headers


def encrypt(secret: str) -> bytes:
    """Encrypt with the newest of ``CREDENTIAL_KEYS``."""
    return _fernet().encrypt(secret.encode())


def decrypt(encrypted: bytes) -> str:
    """Decrypt what any of ``CREDENTIAL_KEYS`` encrypted.

    Raises:
        CredentialUnavailable: none of them did.
    """
    try:
        return _fernet().decrypt(encrypted).decode()
    except InvalidToken:
        raise CredentialUnavailable("It was encrypted with a key that is not in CREDENTIAL_KEYS.") from None


def set_secret(credential: Credential, secret: str) -> None:
    """Put a secret into a credential, encrypted; the caller saves it."""
    credential.secret = encrypt(secret)


def ref_of(credential_id: int) -> str:
    """The reference of a stored credential."""
    return f"{_ROW}{credential_id}"


def environment_ref() -> str | None:
    """The reference of the account in the environment, if there is one."""
    return ENVIRONMENT if settings.ZEROGRAVITY_TOKEN or settings.GEMINI_API_KEY else None


def load_auth(credential_ref: str) -> UpstreamAuth:
    """The credential behind a reference. One query for a stored one, none otherwise.

    Raises:
        CredentialUnavailable: it is gone, expired, cannot be decrypted, or not set.
    """
    if credential_ref == SIMULATOR and settings.UPSTREAM_SIMULATED:
        return UpstreamAuth("api_key", "simulator")
    if credential_ref == ENVIRONMENT and settings.ZEROGRAVITY_TOKEN:
        return UpstreamAuth("bearer", settings.ZEROGRAVITY_TOKEN, settings.QUOTA_PROJECT)
    if credential_ref == ENVIRONMENT and settings.GEMINI_API_KEY:
        return UpstreamAuth("api_key", settings.GEMINI_API_KEY, settings.QUOTA_PROJECT)
    number = credential_ref.removeprefix(_ROW)
    if number != credential_ref and number.isdecimal():
        return _load_row(int(number))
    raise CredentialUnavailable(f"There is no upstream credential {credential_ref!r} here.")


def _load_row(credential_id: int) -> UpstreamAuth:
    credential = Credential.objects.filter(pk=credential_id).first()
    if credential is None:
        raise CredentialUnavailable("The upstream credential has been deleted.")
    if credential.expires_at is not None and credential.expires_at <= timezone.now():
        raise CredentialUnavailable("The upstream credential has expired.")
    kind: Literal["api_key", "bearer"] = "bearer" if credential.kind == Credential.Kind.BEARER else "api_key"
    return UpstreamAuth(kind, decrypt(bytes(credential.secret)), credential.quota_project)


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
