"""Upstream credentials by reference: what travels between processes instead of a secret.

    ``credential:12``     the row of ``Credential`` with that primary key
    ``credential:12@7``   the same, with its access token number 7 or a later one
    ``environment``       the account in the environment (``ZEROGRAVITY_TOKEN``, else ``GEMINI_API_KEY``)
    ``simulator``         the simulator, which takes any key
    ``language_server``   the account that the language server itself calls with, without an interceptor

Only credentials that are renewed by themselves are referred to with a number. It keeps every
process from using an older token than the one that the reference was made for, whatever it has
cached, and it is how a further call asks for a newer token than the one that was refused.
"""

import math
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from responses_api.access.encryption import SecretUnreadable
from responses_api.access.stored_secrets import ApiKeySecret, unseal
from responses_api.core.generation_events import UpstreamFailed
from responses_api.models import Credential

ENVIRONMENT = "environment"
SIMULATOR = "simulator"
LANGUAGE_SERVER = "language_server"
LAST_USED_STEP = timedelta(minutes=1)
_STORED = re.compile(r"credential:(?P<id>[0-9]{1,18})(?:@(?P<number>[0-9]{1,9}))?", re.ASCII)


class CredentialUnavailable(Exception):
    """There is no usable credential behind a reference; the text says why and holds no secret.

    Attributes:
        retry_after: seconds after which trying again may help; None where somebody has to do
            something first.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TokenTooOld(CredentialUnavailable):
    """The access token has run out or is not wanted any more; it can be renewed now.

    Attributes:
        credential_id: whose.
        number: number of the first token that would do.
    """

    def __init__(self, credential_id: int, number: int) -> None:
        super().__init__("The access token of the upstream credential could not be renewed in time.", 1.0)
        self.credential_id = credential_id
        self.number = number


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a stored credential, read."""

    credential_id: int
    number: int | None = None
    """Number of the first access token that will do; None for a credential that is not renewed."""

    def __str__(self) -> str:
        number = "" if self.number is None else f"@{self.number}"
        return f"credential:{self.credential_id}{number}"


@dataclass(frozen=True, slots=True)
class UpstreamAuth:
    """How a request proves to the upstream whose it is.

    Attributes:
        kind: an API key of the upstream, or an OAuth access token.
        secret: the key or the token.
        quota_project: the Google Cloud project that pays for a token's calls; may be empty.
        number: which of its credential's tokens it is.
        expires_at: when it runs out, if it does.
        renewal_due: whether a newer token should be had soon.
    """

    kind: Literal["api_key", "bearer"]
    secret: str = field(repr=False)
    quota_project: str = ""
    number: int = 0
    expires_at: datetime | None = None
    renewal_due: bool = False

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


def usable() -> QuerySet[Credential]:
    """Those with which a request may be begun now, the newest first."""
    now = timezone.now()
    valid = Q(expires_at=None) | Q(expires_at__gt=now)
    renewed = Q(renewable=True) & (Q(refused_at=None) | Q(retry_at__lte=now))
    return Credential.objects.filter(valid | renewed).order_by("-created_at", "-pk")


def is_usable(credential: Credential) -> bool:
    """Whether ``credential`` is one of ``usable``."""
    now = timezone.now()
    if credential.expires_at is None or credential.expires_at > now:
        return True
    may_be_asked_for = credential.retry_at is not None and credential.retry_at <= now
    return credential.renewable and (credential.refused_at is None or may_be_asked_for)


def ref_of(credential: Credential) -> str:
    """The reference of a stored credential."""
    return str(Reference(credential.pk, credential.token_number if credential.renewable else None))


def ref_expression() -> Case:
    """``ref_of``, as an expression on ``Credential`` for the database to evaluate."""
    bare = Concat(Value("credential:"), Cast("pk", CharField()))
    numbered = Concat(bare, Value("@"), Cast(F("token_number"), CharField()))
    return Case(When(renewable=True, then=numbered), default=bare, output_field=CharField())


def read_ref(credential_ref: str) -> Reference | None:
    """A reference to a stored credential; None if it is none."""
    found = _STORED.fullmatch(credential_ref)
    if found is None:
        return None
    return Reference(int(found["id"]), int(found["number"]) if found["number"] else None)


def renewed_ref(credential_ref: str) -> str | None:
    """The same credential with a newer token than the one referred to; None if it is not renewed."""
    read = read_ref(credential_ref)
    return None if read is None or read.number is None else str(replace(read, number=read.number + 1))


def environment_ref() -> str | None:
    """The reference of the account in the environment, if there is one."""
    return ENVIRONMENT if settings.ZEROGRAVITY_TOKEN or settings.GEMINI_API_KEY else None


def load_auth(credential_ref: str) -> UpstreamAuth:
    """The credential behind a reference, as it is. One query for a stored one, none otherwise.

    Raises:
        TokenTooOld: it has to be renewed; see ``renewing.upstream_auth``, which does.
        CredentialUnavailable: it is gone, expired, refused, cannot be decrypted, or not set.
    """
    if credential_ref == SIMULATOR and settings.UPSTREAM_SIMULATED:
        return UpstreamAuth("api_key", "simulator")
    if credential_ref == ENVIRONMENT and settings.ZEROGRAVITY_TOKEN:
        return UpstreamAuth("bearer", settings.ZEROGRAVITY_TOKEN, settings.QUOTA_PROJECT)
    if credential_ref == ENVIRONMENT and settings.GEMINI_API_KEY:
        return UpstreamAuth("api_key", settings.GEMINI_API_KEY, settings.QUOTA_PROJECT)
    if credential_ref == LANGUAGE_SERVER:
        return _of_language_server()
    if (reference := read_ref(credential_ref)) is not None:
        return _load_row(reference)
    raise CredentialUnavailable(f"There is no upstream credential {credential_ref!r} here.")


def _of_language_server() -> UpstreamAuth:
    """What our language server calls the upstream with; another one's account is its own affair."""
    if settings.LANGUAGE_SERVER_API_KEY:
        return UpstreamAuth("api_key", settings.LANGUAGE_SERVER_API_KEY)
    installation = environment_ref() or (SIMULATOR if settings.UPSTREAM_SIMULATED else None)
    if installation is not None:
        return load_auth(installation)
    raise CredentialUnavailable("No account is set for the language server.")


def failure_of(error: CredentialUnavailable) -> UpstreamFailed:
    """What the client is told when there is no credential to send the request with."""
    if error.retry_after is None:
        return UpstreamFailed(
            http_status=401,
            type="authentication_error",
            code="credential_unavailable",
            message="The upstream credential of this API key cannot be used. Ask this gateway's operator.",
            upstream_status="CREDENTIAL_UNAVAILABLE",
        )
    return UpstreamFailed(
        http_status=503,
        type="server_error",
        code="server_error",
        message="The access token of this API key's upstream credential cannot be renewed at the moment.",
        retry_after=float(math.ceil(error.retry_after)),
        upstream_status="CREDENTIAL_NOT_RENEWED",
    )


def _load_row(reference: Reference) -> UpstreamAuth:
    credential = Credential.objects.filter(pk=reference.credential_id).first()
    if credential is None:
        raise CredentialUnavailable("The upstream credential has been deleted.")
    try:
        secret = unseal(credential)
    except SecretUnreadable as unreadable:
        raise CredentialUnavailable(str(unreadable)) from None
    now = timezone.now()
    _check(credential, reference.number or 0, now)
    if credential.last_used_at is None or credential.last_used_at <= now - LAST_USED_STEP:
        Credential.objects.filter(pk=credential.pk).update(last_used_at=now)
    if isinstance(secret, ApiKeySecret):
        return UpstreamAuth("api_key", secret.key, credential.quota_project, expires_at=credential.expires_at)
    return UpstreamAuth(
        "bearer",
        secret.token,
        credential.quota_project,
        credential.token_number,
        credential.expires_at,
        _is_due(credential, now),
    )


def _check(credential: Credential, number: int, now: datetime) -> None:
    """That the secret of ``credential`` may be used now, and is not older than the token ``number``."""
    runs_out = credential.expires_at
    if (runs_out is None or runs_out > now) and credential.token_number >= number:
        return
    if not credential.renewable:
        raise CredentialUnavailable("The upstream credential has expired.")
    if credential.retry_at is None or credential.retry_at <= now:
        raise TokenTooOld(credential.pk, max(number, credential.token_number + 1))
    if credential.refused_at is not None:
        raise CredentialUnavailable("The upstream credential is refused: it has to be signed in again.")
    wait = (credential.retry_at - now).total_seconds()
    raise CredentialUnavailable("The access token of the upstream credential cannot be renewed now.", wait)


def _is_due(credential: Credential, now: datetime) -> bool:
    if not credential.renewable or credential.expires_at is None:
        return False
    may_be_tried = credential.retry_at is None or credential.retry_at <= now
    return may_be_tried and credential.expires_at - now < timedelta(seconds=settings.CREDENTIAL_RENEW_BEFORE)
