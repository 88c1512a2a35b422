"""The operator's own OAuth client, with which accounts sign in: none comes with this program."""

from urllib.parse import urlsplit

import msgspec
from django.conf import settings


class SignInFailed(Exception):
    """The sign-in came to nothing; the text says why and holds no secret."""


class OAuthClient(msgspec.Struct, frozen=True):
    """The operator's client, as it is registered with the authorization server."""

    client_id: str
    client_secret: str
    auth_uri: str = "https://accounts.google.com/o/oauth2/auth"
    token_uri: str = "https://oauth2.googleapis.com/token"

    def __repr__(self) -> str:
        return f"OAuthClient({self.client_id!r})"


class _ClientFile(msgspec.Struct, frozen=True):
    """A ``client_secret.json``, of a desktop or of a web client."""

    installed: OAuthClient | None = None
    web: OAuthClient | None = None


def read_client(document: str | bytes) -> OAuthClient:
    """The client in a ``client_secret.json``.

    Raises:
        SignInFailed: it is none, or names an endpoint without TLS.
    """
    try:
        file = msgspec.json.decode(document, type=_ClientFile)
    except msgspec.DecodeError:
        file = _ClientFile()
    client = file.installed or file.web
    if client is None or not client.client_id:
        raise SignInFailed("This is no client_secret.json of a desktop or web application.")
    return checked_client(client)


def checked_client(client: OAuthClient) -> OAuthClient:
    """``client``, whose endpoints are reached over TLS.

    Raises:
        SignInFailed: they are not.
    """
    for uri in (client.auth_uri, client.token_uri):
        parts = urlsplit(uri)
        if parts.scheme != "https" or not parts.hostname:
            raise SignInFailed("The client's auth_uri and token_uri must be https URLs.")
    return client


def client_of_installation() -> OAuthClient | None:
    """The client in ``OAUTH_CLIENT``, if that is set.

    Raises:
        SignInFailed: it cannot be used.
    """
    return read_client(settings.OAUTH_CLIENT) if settings.OAUTH_CLIENT else None
