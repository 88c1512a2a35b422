"""API keys: what a client sends us. The text is shown once; a prefix and a keyed hash are kept.

A key is ``zg-PPPPPPPP-SSSS…``: eight letters and digits to find it by, 43 characters of secret
(256 random bits). The hash is an HMAC, so a stolen table alone does not allow to test guesses.
"""

import hashlib
import hmac
import re
import secrets
import string
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from responses_api.models import ApiKey

_OF_ONE_KEY = frozenset({"id", "prefix", "hash", "line", "created_at", "revoked_at", "last_used_at"})
"""The fields that a key does not leave to its successor."""
_PREFIX_LENGTH = len("zg-") + 8
_FORM = re.compile(r"zg-[A-Za-z0-9]{8}-[A-Za-z0-9_-]{43}", re.ASCII)


def new_key() -> tuple[str, str, str]:
    """A fresh random key: its text, the prefix to find it by, and its hash to store."""
    name = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8))
    plain = f"zg-{name}-{secrets.token_urlsafe(32)}"
    return plain, plain[:_PREFIX_LENGTH], hash_key(plain)


def hash_key(plain: str) -> str:
    """The HMAC-SHA256 of a key's text under ``API_KEY_HASH_KEY``, as 64 hex digits."""
    return hmac.new(settings.API_KEY_HASH_KEY.encode(), plain.encode(), hashlib.sha256).hexdigest()


def prefix_of(plain: str) -> str | None:
    """The prefix to look a key up by; None if the text does not have the form of a key."""
    return plain[:_PREFIX_LENGTH] if _FORM.fullmatch(plain) else None


def matches(stored_hash: str, hashed: str) -> bool:
    """Whether two hashes are equal, in constant time."""
    return hmac.compare_digest(stored_hash, hashed)


def masked(plain: str) -> str:
    """What may be shown of a text that a client sent as its key, for its user to recognise it."""
    return f"{plain[:6]}***{plain[-4:]}" if len(plain) >= 20 else "***"


def create_api_key(name: str, owner: User, **fields: Any) -> tuple[ApiKey, str]:
    """Store a new key; return it with its text, which cannot be had again.

    Args:
        name: for people.
        owner: the user whose responses its calls make and see.
        fields: further fields of ``ApiKey``.
    """
    plain, prefix, hashed = new_key()
    return ApiKey.objects.create(name=name, owner=owner, prefix=prefix, hash=hashed, **fields), plain


def rotate(key: ApiKey, overlap: timedelta) -> tuple[ApiKey, str]:
    """Make a successor of a key; return it with its text, which cannot be had again.

    It has the same settings, and shares with the old key what both have used of their limits. The
    old one goes on being accepted for ``overlap``, or until it expires if that is sooner.

    Raises:
        ValueError: the key is not accepted any more, or the overlap is negative.
    """
    now = timezone.now()
    if overlap < timedelta(0):
        raise ValueError("The overlap cannot be negative.")
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            raise ValueError(f"The key {old.prefix} is revoked or has expired.")
        same = {
            field.attname: getattr(old, field.attname)
            for field in ApiKey._meta.concrete_fields
            if field.name not in _OF_ONE_KEY
        }
        plain, prefix, hashed = new_key()
        made = ApiKey.objects.create(**same, prefix=prefix, hash=hashed, line=old.line or old.pk)
        ends = now + overlap
        old.expires_at = ends if old.expires_at is None else min(ends, old.expires_at)
        old.save(update_fields=["expires_at"])
    return made, plain
