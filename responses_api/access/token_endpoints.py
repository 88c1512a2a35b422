"""Asks an authorization server for an access token, by google-auth, within a bounded time.

Synchronous HTTP without any database: for a thread of its own.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import requests
import urllib3
from django.conf import settings
from google.auth import exceptions, transport
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from responses_api.access.stored_secrets import OAuthSecret, RenewableSecret, ServiceAccountSecret
from responses_api.gemini.redaction import redact

_LONGEST_ANSWER = 256 * 1024
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class NewToken:
    """The secret with its new access token, and with the new refresh token if there was one."""

    secret: RenewableSecret
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server gives no token, and says why: somebody has to do something about it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The server could not be reached, was too slow, failed, or talked nonsense."""

    reason: str


type TokenAnswer = NewToken | Refused | Unanswered


def ask_for_token(secret: RenewableSecret) -> TokenAnswer:
    """A new access token for ``secret``; never raises for what the other side does.

    Takes ``OAUTH_TIMEOUT`` seconds at most.
    """
    try:
        with BoundedTransport(settings.OAUTH_TIMEOUT) as request:
            return _ask(secret, request)
    except exceptions.RefreshError as error:
        return _refusal(error, secret)
    except exceptions.TransportError as error:
        return Unanswered(_reason(str(error), secret))
    except (exceptions.GoogleAuthError, ValueError, TypeError, OverflowError):
        return Unanswered("The token endpoint gave an answer that cannot be understood.")


def _ask(secret: RenewableSecret, request: "BoundedTransport") -> NewToken:
    match secret:
        case OAuthSecret():
            account = Credentials(
                token=None,
                refresh_token=secret.refresh_token,
                token_uri=secret.token_uri,
                client_id=secret.client_id,
                client_secret=secret.client_secret,
            )
            account.refresh(request)
            renewed: RenewableSecret = msgspec.structs.replace(
                secret, token=_text(account.token), refresh_token=_text(account.refresh_token)
            )
        case ServiceAccountSecret():
            account = ServiceAccount.from_service_account_info(secret.key_file, scopes=list(secret.scopes))
            account.refresh(request)
            renewed = msgspec.structs.replace(secret, token=_text(account.token))
    expires_at: datetime | None = account.expiry
    return NewToken(renewed, expires_at.replace(tzinfo=UTC) if expires_at is not None else None)


def _text(token: object) -> str:
    """A token, which goes into an HTTP header: printable ASCII in one piece.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(token, str) or not token or not all("!" <= character <= "~" for character in token):
        raise ValueError("no token")
    return token


def _refusal(error: exceptions.RefreshError, secret: RenewableSecret) -> Refused | Unanswered:
    answer = error.args[1] if len(error.args) > 1 else None
    said = answer.get("error") if isinstance(answer, Mapping) else None
    if error.retryable or not isinstance(said, str):
        return Unanswered("The token endpoint failed to answer.")
    description = answer.get("error_description") if isinstance(answer, Mapping) else None
    return Refused(_reason(f"{said}: {description}" if isinstance(description, str) else said, secret))


def _reason(text: str, secret: RenewableSecret) -> str:
    """``text`` for people, without what the server may have quoted of the secret."""
    for hidden in _hidden(secret):
        text = text.replace(hidden, "[redacted]")
    return redact(text)[:_LONGEST_REASON]


def _hidden(secret: RenewableSecret) -> list[str]:
    match secret:
        case OAuthSecret():
            parts = [secret.client_secret, secret.refresh_token, secret.token]
        case ServiceAccountSecret():
            parts = [str(secret.key_file.get("private_key", "")), secret.token]
    return [part for part in parts if part]


@dataclass(frozen=True, slots=True)
class _Answer(transport.Response):
    """An answer as google-auth reads it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class BoundedTransport(transport.Request):
    """google-auth's way out: one deadline for all its requests, no redirects, no endless bodies.

    Args:
        seconds: for everything that is asked through it, google-auth's repeats included.
    """

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._session = requests.Session()
        self._session.trust_env = False
        if settings.OAUTH_CA_BUNDLE is not None:
            self._session.verify = str(settings.OAUTH_CA_BUNDLE)

    def __enter__(self) -> "BoundedTransport":
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> _Answer:
        """Ask; ``timeout`` beyond the deadline is not granted.

        Raises:
            TransportError: no whole answer in time, or none that a token endpoint gives.
        """
        try:
            with self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=self._left(),
                stream=True,
                allow_redirects=False,
            ) as answer:
                data = self._read(answer)
                status, said = answer.status_code, dict(answer.headers)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise exceptions.TransportError("The token endpoint did not answer in time.") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # The texts of these exceptions quote the whole URL.
            raise exceptions.TransportError(
                f"The token endpoint could not be reached ({type(error).__name__})."
            ) from None
        if status == 200 and not _is_object(data):
            raise exceptions.TransportError("The token endpoint gave an answer that cannot be understood.")
        return _Answer(status, said, data)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise exceptions.TransportError("The token endpoint did not answer in time.")
        return left

    def _read(self, answer: requests.Response) -> bytes:
        data = b""
        # Not ``iter_content``: it goes on waiting for a slow body until a piece is full.
        while piece := answer.raw.read1(4096, decode_content=True):
            data += piece
            self._left()
            if len(data) > _LONGEST_ANSWER:
                raise exceptions.TransportError("The token endpoint's answer is too long.")
        return data


def _is_object(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False
