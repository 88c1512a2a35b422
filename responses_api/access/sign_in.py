"""Signing in to an upstream account: OAuth's authorization code flow with PKCE, by google-auth-oauthlib.

The client is the operator's own: none comes with this program. Two ways lead through it: a
browser that comes back to the admin (``begin`` and ``finish``, in two requests), and a command
that waits on this machine for it (``sign_in_here``).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
from django.conf import settings
from google_auth_oauthlib.flow import InstalledAppFlow, WSGITimeoutError
from oauthlib.oauth2 import OAuth2Error

from responses_api.access.oauth_client import OAuthClient, SignInFailed
from responses_api.access.stored_secrets import OAuthSecret
from responses_api.gemini.redaction import redact

_LOOPBACK = "127.0.0.1"
_DONE = "You are signed in. This window can be closed."


class PendingSignIn(msgspec.Struct, frozen=True):
    """A sign-in whose browser is away; to be kept out of everybody else's sight."""

    client: OAuthClient
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in gives: the secret to store, and when its access token runs out."""

    secret: OAuthSecret
    expires_at: datetime


def begin(client: OAuthClient, scopes: Sequence[str], redirect_uri: str) -> tuple[str, PendingSignIn]:
    """Where to send the browser, and what ``finish`` needs when it comes back to ``redirect_uri``."""
    flow = _flow(client, scopes)
    flow.redirect_uri = redirect_uri
    # Asked for its consent again, Google gives a refresh token also at a second sign-in.
    url, state = flow.authorization_url(prompt="consent")
    return url, PendingSignIn(client, tuple(scopes), redirect_uri, state, flow.code_verifier)


def finish(pending: PendingSignIn, query: str) -> SignedIn:
    """Exchange the code that the browser came back with for tokens.

    Args:
        pending: from ``begin``.
        query: of the URL that it came back to.

    Raises:
        SignInFailed: the account's owner declined, the state is not ours, or the server refused.
    """
    flow = _flow(pending.client, pending.scopes, state=pending.state, code_verifier=pending.code_verifier)
    flow.redirect_uri = pending.redirect_uri
    # The address is the browser's way to us, perhaps through a proxy that ends TLS; only its query counts.
    came_back = f"https://{urlsplit(pending.redirect_uri).netloc}/?{query}"

    def fetch() -> Any:
        return flow.fetch_token(authorization_response=came_back)

    return _attempt(pending.client, pending.scopes, fetch)


def sign_in_here(
    client: OAuthClient,
    scopes: Sequence[str],
    *,
    port: int,
    open_browser: bool,
    prompt: str,
    patience: float,
) -> SignedIn:
    """Sign in with a browser on this machine, which comes back to a port of ours on the loopback.

    Args:
        client: of kind *desktop app*.
        scopes: what to ask for.
        port: 0 takes a free one.
        open_browser: else its user opens the address that is printed.
        prompt: what to print; ``{url}`` is the address.
        patience: seconds that the user gets.

    Raises:
        SignInFailed: as ``finish``, or nobody came back in time.
    """
    flow = _flow(client, scopes)

    def wait() -> Any:
        flow.run_local_server(
            host=_LOOPBACK,
            port=port,
            authorization_prompt_message=prompt,
            success_message=_DONE,
            open_browser=open_browser,
            timeout_seconds=patience,
            prompt="consent",
        )
        return flow.oauth2session.token

    return _attempt(client, scopes, wait)


def _attempt(client: OAuthClient, scopes: Sequence[str], fetch: Callable[[], Any]) -> SignedIn:
    try:
        token = fetch()
    except WSGITimeoutError:
        raise SignInFailed("Nobody signed in in time.") from None
    except OAuth2Error as error:
        said = f"{error.error}: {error.description}" if error.description else str(error.error)
        raise SignInFailed(_without(client, f"The authorization server refused: {said}.")) from None
    except requests.RequestException as error:
        raise SignInFailed(f"The token endpoint could not be reached ({type(error).__name__}).") from None
    except (KeyError, ValueError, TypeError):
        raise SignInFailed("The authorization server gave an answer that cannot be understood.") from None
    return _signed_in(client, scopes, token)


def _signed_in(client: OAuthClient, scopes: Sequence[str], token: Any) -> SignedIn:
    access, refresh = token.get("access_token"), token.get("refresh_token")
    if not isinstance(access, str) or not isinstance(refresh, str):
        raise SignInFailed("The authorization server gave no refresh token: access would end soon.")
    granted = token.get("scope")
    secret = OAuthSecret(
        client.client_id,
        client.client_secret,
        client.auth_uri,
        client.token_uri,
        tuple(granted if isinstance(granted, list) else scopes),
        refresh,
        access,
    )
    return SignedIn(secret, datetime.fromtimestamp(token["expires_at"], UTC))


def _without(client: OAuthClient, text: str) -> str:
    return redact(text.replace(client.client_secret, "[redacted]") if client.client_secret else text)


class _Flow(InstalledAppFlow):  # type: ignore[misc]  # google-auth-oauthlib is not annotated
    """The flow with our bounds on the request for the tokens."""

    def fetch_token(self, **kwargs: Any) -> Any:
        """As the library does, except that the account's owner may grant other scopes than asked for."""
        kwargs.pop("audience", None)
        verify = True if settings.OAUTH_CA_BUNDLE is None else str(settings.OAUTH_CA_BUNDLE)
        try:
            super().fetch_token(timeout=settings.OAUTH_TIMEOUT, verify=verify, **kwargs)
        except Warning as changed:
            # oauthlib's way of saying that the scopes differ; the tokens come with it.
            self.oauth2session.token = changed.token  # type: ignore[attr-defined]  # set by oauthlib
        token = self.oauth2session.token
        # RFC 6749 leaves the lifetime to the server's documentation where it is not said.
        token.setdefault("expires_at", time.time() + _USUAL_LIFETIME)
        return token


_USUAL_LIFETIME = 3600.0


def _flow(client: OAuthClient, scopes: Sequence[str], **options: Any) -> _Flow:
    config = {"installed": msgspec.to_builtins(client)}
    flow: _Flow = _Flow.from_client_config(config, scopes=list(scopes), **options)
    flow.oauth2session.trust_env = False
    return flow
