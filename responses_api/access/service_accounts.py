"""Service accounts: their key files, checked before they are stored."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from google.oauth2.service_account import Credentials

from responses_api.access.stored_secrets import ServiceAccountSecret


class KeyFileUnusable(Exception):
    """No tokens can be had with this file; the text says why and quotes nothing of it."""


def read_key_file(document: str | bytes, scopes: Sequence[str]) -> ServiceAccountSecret:
    """The secret in the JSON key file of a service account.

    Args:
        document: the file's content.
        scopes: what its tokens are to be good for.

    Raises:
        KeyFileUnusable: it is none.
    """
    try:
        key_file: dict[str, Any] = msgspec.json.decode(document, type=dict[str, Any])
    except msgspec.DecodeError:
        raise KeyFileUnusable("This is no JSON object.") from None
    if key_file.get("type") != "service_account":
        raise KeyFileUnusable("This is no key file of a service account.")
    address = urlsplit(str(key_file.get("token_uri")))
    if address.scheme != "https" or not address.hostname:
        raise KeyFileUnusable("Its token_uri must be an https URL.")
    try:
        Credentials.from_service_account_info(key_file)
    except (ValueError, TypeError):
        raise KeyFileUnusable("Its members are incomplete, or its private key cannot be read.") from None
    return ServiceAccountSecret(key_file, tuple(scopes))
