"""Tokens from a real authorization server over TLS, and from one that fails in every way."""

import datetime as dt

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from responses_api.access.stored_secrets import OAuthSecret, ServiceAccountSecret
from responses_api.access.token_endpoints import NewToken, Refused, Unanswered, ask_for_token
from tests.authorization_server import CLIENT_SECRET, SCOPES, AuthorizationServer


def test_a_new_access_token(accounts: AuthorizationServer, oauth_secret: OAuthSecret) -> None:
    answer = ask_for_token(oauth_secret)
    assert isinstance(answer, NewToken)
    (token,) = accounts.access_tokens
    assert answer.secret == msgspec.structs.replace(oauth_secret, token=token)
    assert answer.expires_at is not None
    left = answer.expires_at - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=55) < left <= dt.timedelta(hours=1)


def test_a_refresh_token_that_is_replaced_is_kept(
    accounts: AuthorizationServer, oauth_secret: OAuthSecret
) -> None:
    accounts.rotates = True
    secret = oauth_secret
    for _ in range(2):
        answer = ask_for_token(secret)
        assert isinstance(answer, NewToken)
        assert isinstance(answer.secret, OAuthSecret)
        assert answer.secret.refresh_token != secret.refresh_token
        secret = answer.secret
    assert isinstance(ask_for_token(oauth_secret), Refused)


def test_a_server_that_does_not_say_how_long_a_token_lasts(
    accounts: AuthorizationServer, oauth_secret: OAuthSecret
) -> None:
    accounts.lifetime = 0
    answer = ask_for_token(oauth_secret)
    assert isinstance(answer, NewToken)
    assert answer.expires_at is None


def test_a_revoked_sign_in_says_why_and_quotes_no_secret(
    accounts: AuthorizationServer, oauth_secret: OAuthSecret
) -> None:
    accounts.refresh_tokens.clear()
    answer = ask_for_token(oauth_secret)
    assert answer == Refused("invalid_grant: Token [redacted] has been expired or revoked.")
    wrong = msgspec.structs.replace(oauth_secret, client_secret="another")
    assert ask_for_token(wrong) == Refused("invalid_client: The OAuth client was not found.")
    assert len(accounts.requests) == 2


@pytest.mark.parametrize("fault", ["500", "garbage", "nonsense"])
def test_a_server_that_fails(fault: str, accounts: AuthorizationServer, oauth_secret: OAuthSecret) -> None:
    accounts.fault = fault
    answer = ask_for_token(oauth_secret)
    assert isinstance(answer, Unanswered)
    assert CLIENT_SECRET not in answer.reason


@pytest.mark.parametrize("fault", ["stall", "drip"])
def test_a_slow_server_is_not_waited_for(
    fault: str, accounts: AuthorizationServer, oauth_secret: OAuthSecret, settings: Settings
) -> None:
    settings.OAUTH_TIMEOUT = 0.7
    accounts.fault = fault
    assert ask_for_token(oauth_secret) == Unanswered("The token endpoint did not answer in time.")


def test_a_server_that_is_not_there_or_not_trusted(
    accounts: AuthorizationServer, oauth_secret: OAuthSecret, settings: Settings
) -> None:
    gone = msgspec.structs.replace(oauth_secret, token_uri="https://127.0.0.1:9/token")
    settings.OAUTH_TIMEOUT = 5
    answer = ask_for_token(gone)
    assert isinstance(answer, Unanswered)
    assert "could not be reached" in answer.reason
    settings.OAUTH_CA_BUNDLE = None
    answer = ask_for_token(oauth_secret)
    assert isinstance(answer, Unanswered)
    assert "SSLError" in answer.reason
    assert accounts.requests == []


def test_a_service_account(accounts: AuthorizationServer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    accounts.public_certificate = certificate(key)
    answer = ask_for_token(service_account(key, accounts))
    assert isinstance(answer, NewToken)
    assert answer.secret.token == accounts.access_tokens[0]
    assert isinstance(answer.secret, ServiceAccountSecret)
    assert answer.expires_at is not None


def test_a_key_file_that_is_none_is_no_crash(accounts: AuthorizationServer) -> None:
    broken = ServiceAccountSecret({"private_key": "x", "client_email": "a@b", "token_uri": "c"}, ())
    assert isinstance(ask_for_token(broken), Unanswered)


def test_secrets_are_not_in_the_repr(oauth_secret: OAuthSecret) -> None:
    assert oauth_secret.refresh_token not in repr(oauth_secret)
    assert CLIENT_SECRET not in repr(NewToken(oauth_secret, None))


def service_account(key: rsa.RSAPrivateKey, accounts: AuthorizationServer) -> ServiceAccountSecret:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_file = {
        "type": "service_account",
        "client_email": "gateway@project.example",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "token_uri": accounts.token_uri,
    }
    return ServiceAccountSecret(key_file, tuple(SCOPES))


def certificate(key: rsa.RSAPrivateKey) -> str:
    """The account's public half, as Google publishes it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()
