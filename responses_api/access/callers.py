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
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from responses_api.access import api_keys
from responses_api.access.credential_choice import KeyWithChoice, chosen_ref, with_choice
from responses_api.access.failed_keys import failed_keys
from responses_api.access.limits.rules import Allowance, allowances, key_scope, limits_of, user_scope
from responses_api.core.errors import AuthenticationFailed
from responses_api.models import ApiKey, UserLimits

if TYPE_CHECKING:
    from django.db.models import QuerySet

REMEMBERED_SECONDS = 2.0
REMEMBERED_CALLERS = 4096
LAST_USED_STEP = timedelta(minutes=1)

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using "
    "Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated client.

    Attributes:
        api_key_id: primary key of the API key.
        owner_id: primary key of the user who owns the key and what its calls make.
        credential_ref: the upstream account to use, for ``credentials.load_auth``.
        models: names of the models that it may use, with ``*``; empty = all.
        allowances: the limits of the key and of its user.
        capture: what is kept of the content of its requests: "inherit" or a mode.
    """

    api_key_id: int
    owner_id: int
    credential_ref: str
    models: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    capture: str = "inherit"


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


def authenticate(authorization_header: str | None, address: str = "") -> Caller:
    """The caller behind the value of an ``Authorization`` header.

    Args:
        authorization_header: the value, if there is one.
        address: where the request comes from; empty if nobody knows.

    Raises:
        AuthenticationFailed: no key, a wrong, expired or revoked one, an inactive user (the same
            text for all of these), or no upstream credential for it.
        RateLimited: too many wrong keys came from there.
    """
    key = key_behind(authorization_header, address)
    now = timezone.now()
    caller = _caller(key)
    if key.last_used_at is None or key.last_used_at <= now - LAST_USED_STEP:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    memory.put(key.hash, caller)
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
    return _caller(key)


def allowances_of(owner_id: int, api_key_id: int | None) -> tuple[Allowance, ...]:
    """The limits of a key, which may be unusable by now, and of its user, as ``Caller`` has them."""
    key = None if api_key_id is None else _keys().filter(pk=api_key_id).first()
    if key is not None:
        return _allowances(key)
    limits = UserLimits.objects.filter(user=owner_id).first()
    return allowances((user_scope(owner_id), limits_of(limits, settings.USER_LIMITS)))


def key_behind(authorization_header: str | None, address: str = "") -> "KeyWithChoice":
    """The API key behind the value of an ``Authorization`` header, with or without a credential for it.

    Raises:
        AuthenticationFailed, RateLimited: as ``authenticate``.
    """
    plain = _bearer(authorization_header)
    if not plain:
        raise AuthenticationFailed(_NO_KEY)
    hashed = api_keys.hash_key(plain)
    failed_keys.check(address, hashed)
    key = _find(plain)
    if key is None or not api_keys.matches(key.hash, hashed) or not _is_usable(key):
        failed_keys.note_failure(address)
        raise AuthenticationFailed(f"Incorrect API key provided: {api_keys.masked(plain)}.")
    failed_keys.note_success(hashed)
    return key


def _bearer(authorization_header: str | None) -> str:
    scheme, _, key = (authorization_header or "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _find(plain: str) -> "KeyWithChoice | None":
    """The key with the prefix of ``plain``, with the credentials it could use, in one query."""
    prefix = api_keys.prefix_of(plain)
    return None if prefix is None else _keys().filter(prefix=prefix).first()


def _keys() -> "QuerySet[ApiKey, KeyWithChoice]":
    """All keys, with the credentials they could use."""
    return with_choice(ApiKey.objects.select_related("owner__limits"))


def _caller(key: "KeyWithChoice") -> Caller:
    return Caller(
        key.pk,
        key.owner_id,
        chosen_ref(key),
        models=tuple(key.allowed_models),
        allowances=_allowances(key),
        capture=key.capture,
    )


def _allowances(key: ApiKey) -> tuple[Allowance, ...]:
    """Of the key, with those that it was rotated from, and of all keys of its user."""
    owners: UserLimits | None = getattr(key.owner, "limits", None)
    return allowances(
        (key_scope(key.pk, key.line), limits_of(key, settings.KEY_LIMITS)),
        (user_scope(key.owner_id), limits_of(owners, settings.USER_LIMITS)),
    )


def _is_usable(key: ApiKey) -> bool:
    """Whether the key may be used now, by whoever holds it."""
    return (
        key.revoked_at is None
        and (key.expires_at is None or key.expires_at > timezone.now())
        and key.owner.is_active
    )
