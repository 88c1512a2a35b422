"""Keys for what a client keeps for us: derived from ``CREDENTIAL_KEYS``, one set for each purpose.

Rotating ``CREDENTIAL_KEYS`` rotates them: the newest seals, all of them open.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def fernet(purpose: bytes) -> MultiFernet:
    """Seals and opens for one purpose; what it sealed, that of another purpose cannot open."""
    return _fernet(purpose, tuple(settings.CREDENTIAL_KEYS))


@lru_cache(maxsize=8)
def _fernet(purpose: bytes, keys: tuple[str | bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str | bytes, purpose: bytes) -> bytes:
    material = base64.urlsafe_b64decode(key)
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(material)
    return base64.urlsafe_b64encode(derived)
