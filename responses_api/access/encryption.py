"""Encrypts what is secret in the database with ``CREDENTIAL_KEYS``: the newest key encrypts, all decrypt."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadable(Exception):
    """None of ``CREDENTIAL_KEYS`` decrypts it."""

    def __init__(self) -> None:
        super().__init__("It was encrypted with a key that is not in CREDENTIAL_KEYS.")


def encrypt(secret: str | bytes) -> bytes:
    """Encrypt with the newest of ``CREDENTIAL_KEYS``."""
    return _fernet().encrypt(secret.encode() if isinstance(secret, str) else secret)


def decrypt(encrypted: bytes) -> str:
    """Decrypt what any of ``CREDENTIAL_KEYS`` encrypted.

    Raises:
        SecretUnreadable: none of them did.
    """
    try:
        return _fernet().decrypt(encrypted).decode()
    except InvalidToken:
        raise SecretUnreadable from None


def encrypted_anew(encrypted: bytes) -> bytes | None:
    """The same under the newest of ``CREDENTIAL_KEYS``; None if it is already.

    Raises:
        SecretUnreadable: none of the keys decrypts it.
    """
    try:
        Fernet(settings.CREDENTIAL_KEYS[0]).decrypt(encrypted)
    except InvalidToken:
        return encrypt(decrypt(encrypted))
    return None


def _fernet() -> MultiFernet:
    return _with_keys(tuple(settings.CREDENTIAL_KEYS))


@lru_cache(maxsize=4)
def _with_keys(keys: tuple[str | bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
