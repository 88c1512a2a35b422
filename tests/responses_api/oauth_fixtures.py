"""An authorization server, and accounts that are signed in there: for several rooms of tests."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from django.utils import timezone
from pytest_django import Settings

from interceptor.simulator.tls import TlsFiles, ensure_tls_files
from responses_api.access.stored_secrets import OAuthSecret, put_secret
from responses_api.models import Credential
from tests.authorization_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    SCOPES,
    AuthorizationServer,
    authorization_server,
)


class SignIn(Protocol):
    def __call__(self, *, lasts: timedelta | None = timedelta(0), token: str = "old") -> Credential: ...


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    folder: Path = tmp_path_factory.mktemp("tls")
    return ensure_tls_files(folder)


@pytest.fixture
def accounts(tls_files: TlsFiles, settings: Settings) -> Iterator[AuthorizationServer]:
    """A running authorization server that this process trusts."""
    settings.OAUTH_CA_BUNDLE = tls_files.ca
    with authorization_server(tls_files) as running:
        yield running


@pytest.fixture
def oauth_secret(accounts: AuthorizationServer) -> OAuthSecret:
    """A sign-in there, with a refresh token that is good."""
    return OAuthSecret(
        CLIENT_ID,
        CLIENT_SECRET,
        accounts.auth_uri,
        accounts.token_uri,
        tuple(SCOPES),
        accounts.new_refresh_token(),
        "old",
    )


@pytest.fixture
def signed_in(oauth_secret: OAuthSecret) -> SignIn:
    """Stores that sign-in, with a token that lasts for so long yet."""

    def make(*, lasts: timedelta | None = timedelta(0), token: str = "old") -> Credential:
        credential = Credential(name="signed in")
        expires_at = None if lasts is None else timezone.now() + lasts
        put_secret(credential, msgspec.structs.replace(oauth_secret, token=token), expires_at)
        credential.save()
        return credential

    return make
