"""Who calls, and whose upstream account the call uses.

``authenticate`` asks the database, with one indexed query; ``authenticate_cached`` answers
from the memory of the last two seconds, for the event loop. So a revoked key, a deactivated
user or a changed credential is noticed within two seconds.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypedDict

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from responses_api.access import api_keys, credentials
from responses_api.core.errors import AuthenticationFailed
from responses_api.models import ApiKey, Credential

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

REMEMBERED_SECONDS = 2.0
REMEMBERED_CALLERS = 4096
LAST_USED_STEP = timedelta(minutes=1)

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using "
    "Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
)
_NO_CREDENTIAL = (
    "No usable upstream credential is set for this API key. The operator of this gateway can give one to "
    "the key or to its user, or mark one as the default."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated client.

    Attributes:
        api_key_id: primary key of the API key.
        owner_id: primary key of the user who owns the key and what its calls make.
        credential_ref: the upstream account to use, for ``credentials.load_auth``.
    """

    api_key_id: int
    owner_id: int
    credential_ref: str


class CallerMemory:
    """The callers of the last seconds by the hash of their key; bounded, safe across threads."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = REMEMBERED_SECONDS,
        capacity: int = REMEMBERED_CALLERS,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Caller]] = {}

    def get(self, hashed: str) -> Caller | None:
        """The caller, unless it was put too long ago."""
        kept = self._kept.get(hashed)
        return kept[1] if kept is not None and kept[0] > self._clock() else None

    def put(self, hashed: str, caller: Caller) -> None:
        """Remember a caller from now on, instead of the one that was put first if there are too many."""
        with self._lock:
            self._kept.pop(hashed, None)
            while len(self._kept) >= self._capacity:
                del self._kept[next(iter(self._kept))]
            self._kept[hashed] = (self._clock() + self._seconds, caller)

    def __len__(self) -> int:
        return len(self._kept)


memory = CallerMemory()


def authenticate_cached(authorization_header: str | None) -> Caller | None:
    """The caller, if ``authenticate`` has accepted this header in the last two seconds. No I/O."""
    plain = _bearer(authorization_header)
    return memory.get(api_keys.hash_key(plain)) if plain else None


def authenticate(authorization_header: str | None) -> Caller:
    """The caller behind the value of an ``Authorization`` header.

    Raises:
        AuthenticationFailed: no key, a wrong, expired or revoked one, an inactive user (the same
            text for all of these), or no upstream credential for it.
    """
    plain = _bearer(authorization_header)
    if not plain:
        raise AuthenticationFailed(_NO_KEY)
    hashed = api_keys.hash_key(plain)
    key = _find(plain)
    if key is None or not api_keys.matches(key.hash, hashed) or not _is_usable(key):
        raise AuthenticationFailed(f"Incorrect API key provided: {api_keys.masked(plain)}.")
    now = timezone.now()
    caller = Caller(key.pk, key.owner_id, _credential_ref(key))
    if key.last_used_at is None or key.last_used_at <= now - LAST_USED_STEP:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    memory.put(hashed, caller)
    return caller


def caller_of(api_key_id: int) -> Caller:
    """The caller behind a stored key, as if it called now. For what was asked for before.

    Raises:
        AuthenticationFailed: the key is gone, expired or revoked, its user inactive, or there is
            no upstream credential for it.
    """
    key = _keys().filter(pk=api_key_id).first()
    if key is None or not _is_usable(key):
        raise AuthenticationFailed("The API key of this request cannot be used any more.")
    return Caller(key.pk, key.owner_id, _credential_ref(key))


class _CredentialChoice(TypedDict):
    owner_credential_id: int | None
    default_credential_id: int | None


def _bearer(authorization_header: str | None) -> str:
    scheme, _, key = (authorization_header or "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _find(plain: str) -> "WithAnnotations[ApiKey, _CredentialChoice] | None":
    """The key with the prefix of ``plain``, with the credentials it could use, in one query."""
    prefix = api_keys.prefix_of(plain)
    return None if prefix is None else _keys().filter(prefix=prefix).first()


def _keys() -> "QuerySet[ApiKey, WithAnnotations[ApiKey, _CredentialChoice]]":
    """All keys, with the credentials they could use."""
    usable = _usable_credentials()
    return ApiKey.objects.select_related("owner", "credential").annotate(
        owner_credential_id=Subquery(usable.filter(owner=OuterRef("owner")).values("pk")[:1]),
        default_credential_id=Subquery(usable.filter(is_default=True).values("pk")[:1]),
    )


def _is_usable(key: ApiKey) -> bool:
    """Whether the key may be used now, by whoever holds it."""
    return (
        key.revoked_at is None
        and (key.expires_at is None or key.expires_at > timezone.now())
        and key.owner.is_active
    )


def _usable_credentials() -> QuerySet[Credential]:
    """Those that have not expired, newest first."""
    usable = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return Credential.objects.filter(usable).order_by("-created_at", "-pk")


def _credential_ref(key: "WithAnnotations[ApiKey, _CredentialChoice]") -> str:
    """The key's own credential, else its owner's newest, else the installation's.

    A key's own credential is binding: when it has expired, the call is refused, and not made
    with an account that nobody chose for it.
    """
    own = key.credential
    if own is not None:
        if own.expires_at is None or own.expires_at > timezone.now():
            return credentials.ref_of(own.pk)
        raise _no_credential()
    for stored in (key.owner_credential_id, key.default_credential_id):
        if stored is not None:
            return credentials.ref_of(stored)
    if (environment := credentials.environment_ref()) is not None:
        return environment
    if settings.UPSTREAM_SIMULATED:
        return credentials.SIMULATOR
    raise _no_credential()


def _no_credential() -> AuthenticationFailed:
    return AuthenticationFailed(_NO_CREDENTIAL, type="authentication_error", code="no_upstream_credential")
