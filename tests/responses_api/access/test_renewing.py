"""Tokens that are renewed: ahead of time, once, and not against the will of the server."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from interceptor.simulator.tls import TlsFiles
from responses_api.access import renewing
from responses_api.access.credentials import CredentialUnavailable, ref_of
from responses_api.access.renewing import renew_now, upstream_auth
from responses_api.access.stored_secrets import OAuthSecret, put_secret, unseal
from responses_api.models import Credential
from responses_api.runtime import database
from tests.authorization_server import AuthorizationServer
from tests.responses_api.oauth_fixtures import SignIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]

PROCESSES = 20


async def settled() -> None:
    """Wait until this loop's renewals are done."""
    running = renewing._running.get(asyncio.get_running_loop(), {})
    await asyncio.gather(*running.values())


async def read(credential: Credential) -> Credential:
    await database.run(credential.refresh_from_db)
    return credential


async def test_an_expired_token_is_renewed_once_for_all_who_wait(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = await database.run(signed_in)
    accounts.pause = 0.2
    auths = await asyncio.gather(*(upstream_auth(ref_of(credential)) for _ in range(30)))
    assert len(accounts.requests) == 1
    assert {(auth.secret, auth.number) for auth in auths} == {(accounts.access_tokens[0], 2)}
    await read(credential)
    assert credential.renewed_at is not None
    assert credential.renewing_until is None


async def test_one_that_will_expire_soon_is_used_while_it_is_renewed(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = await database.run(signed_in, lasts=timedelta(minutes=4))
    accounts.pause = 0.3
    ref = ref_of(credential)
    assert [(await upstream_auth(ref)).secret for _ in range(3)] == ["old"] * 3
    await settled()
    assert (await upstream_auth(ref)).secret == accounts.access_tokens[0]
    assert len(accounts.requests) == 1


async def test_a_new_refresh_token_is_stored(accounts: AuthorizationServer, signed_in: SignIn) -> None:
    accounts.rotates, accounts.lifetime = True, 1
    credential = await database.run(signed_in)
    for number in (2, 3, 4):
        assert (await upstream_auth(f"credential:{credential.pk}@{number}")).number == number
    assert len(accounts.refresh_tokens) == 1
    secret = unseal(await read(credential))
    assert isinstance(secret, OAuthSecret)
    assert {secret.refresh_token} == accounts.refresh_tokens


async def test_a_newer_token_than_the_refused_one_is_had_once(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    """The upstream refused number 1, which has an hour to go yet; everybody asks for number 2."""
    credential = await database.run(signed_in, lasts=timedelta(hours=1))
    auths = await asyncio.gather(*(upstream_auth(f"credential:{credential.pk}@2") for _ in range(10)))
    assert {auth.number for auth in auths} == {2}
    assert (await upstream_auth(f"credential:{credential.pk}@2")).number == 2
    assert len(accounts.requests) == 1


async def test_a_refusal_is_kept_and_not_asked_for_again(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = await database.run(signed_in)
    accounts.refresh_tokens.clear()
    for _ in range(3):
        with pytest.raises(CredentialUnavailable, match="signed in again"):
            await upstream_auth(ref_of(credential))
    assert len(accounts.requests) == 1
    await read(credential)
    assert credential.refused_at is not None
    assert credential.renewal_error.startswith("invalid_grant")
    assert credential.retry_at is not None
    assert timedelta(seconds=50) < credential.retry_at - timezone.now() <= timedelta(minutes=1)


async def test_a_refusal_in_spite_of_which_the_old_token_is_good(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = await database.run(signed_in, lasts=timedelta(minutes=4))
    accounts.refresh_tokens.clear()
    for _ in range(3):
        assert (await upstream_auth(ref_of(credential))).secret == "old"
        await settled()
    assert len(accounts.requests) == 1


async def test_a_token_that_both_refuse_is_not_used_any_more(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = await database.run(signed_in, lasts=timedelta(hours=1))
    accounts.refresh_tokens.clear()
    for ref in (f"credential:{credential.pk}@2", ref_of(credential)):
        with pytest.raises(CredentialUnavailable):
            await upstream_auth(ref)
    assert len(accounts.requests) == 1


async def test_a_failing_server_does_not_stop_a_good_token(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = await database.run(signed_in, lasts=timedelta(minutes=4))
    accounts.fault = "garbage"
    for _ in range(3):
        assert (await upstream_auth(ref_of(credential))).secret == "old"
        await settled()
    assert len(accounts.requests) == 1
    await database.run(Credential.objects.update, expires_at=timezone.now())
    with pytest.raises(CredentialUnavailable, match="cannot be renewed now") as caught:
        await upstream_auth(ref_of(credential))
    assert caught.value.retry_after is not None
    # The server is well again, and the pause over.
    accounts.fault = ""
    await database.run(Credential.objects.update, retry_at=timezone.now())
    assert (await upstream_auth(ref_of(credential))).secret == accounts.access_tokens[0]
    await read(credential)
    assert (credential.renewal_error, credential.renewal_failures, credential.retry_at) == ("", 0, None)


async def test_pauses_get_longer(accounts: AuthorizationServer, signed_in: SignIn) -> None:
    credential = await database.run(signed_in)
    accounts.fault = "garbage"
    pauses = []
    for _ in range(6):
        await database.run(Credential.objects.update, retry_at=None)
        with pytest.raises(CredentialUnavailable):
            await upstream_auth(ref_of(credential))
        await read(credential)
        assert credential.retry_at is not None
        pauses.append(round((credential.retry_at - timezone.now()).total_seconds()))
    assert pauses == [5, 10, 20, 40, 60, 60]


async def test_a_slow_server_is_waited_for_as_long_as_is_set(
    accounts: AuthorizationServer, signed_in: SignIn, settings: Settings
) -> None:
    settings.OAUTH_TIMEOUT = 0.5
    accounts.fault = "stall"
    credential = await database.run(signed_in)
    async with asyncio.timeout(10):
        with pytest.raises(CredentialUnavailable, match="cannot be renewed now"):
            await upstream_auth(ref_of(credential))
    assert (await read(credential)).renewing_until is None


async def test_slow_servers_do_not_hold_up_the_database(
    accounts: AuthorizationServer, signed_in: SignIn, settings: Settings
) -> None:
    accounts.pause = 1.5
    credentials = [await database.run(signed_in) for _ in range(12)]
    waiting = [asyncio.ensure_future(upstream_auth(ref_of(credential))) for credential in credentials]
    await asyncio.sleep(0.3)
    async with asyncio.timeout(1):
        assert await database.run(Credential.objects.count) == 12
    assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)


async def test_a_client_that_leaves_does_not_lose_the_tokens(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    accounts.rotates, accounts.pause = True, 0.3
    credential = await database.run(signed_in)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await upstream_auth(ref_of(credential))
    await settled()
    assert (await read(credential)).token_number == 2


async def test_a_sign_in_while_a_renewal_is_under_way_wins(
    accounts: AuthorizationServer, signed_in: SignIn, oauth_secret: OAuthSecret
) -> None:
    accounts.pause = 0.3
    credential = await database.run(signed_in)
    waiting = asyncio.ensure_future(upstream_auth(ref_of(credential)))
    while not accounts.requests:
        await asyncio.sleep(0.01)
    await read(credential)
    put_secret(credential, oauth_secret, timezone.now() + timedelta(hours=1))
    await database.run(credential.save)
    assert (await waiting).secret == "old"
    assert (await read(credential)).token_number == 2


async def test_the_claim_of_a_process_that_died_runs_out(
    accounts: AuthorizationServer, signed_in: SignIn
) -> None:
    credential = await database.run(signed_in)
    await database.run(Credential.objects.update, renewing_until=timezone.now() + timedelta(seconds=0.5))
    assert (await upstream_auth(ref_of(credential))).secret == accounts.access_tokens[0]


def test_a_command_renews_here_and_now(accounts: AuthorizationServer, signed_in: SignIn) -> None:
    credential = signed_in(lasts=timedelta(hours=1))
    renew_now(credential.pk, 1)
    assert accounts.requests == []
    renew_now(credential.pk, 2)
    credential.refresh_from_db()
    assert credential.token_number == 2


def test_twenty_processes_renew_once(
    accounts: AuthorizationServer, signed_in: SignIn, tls_files: TlsFiles, settings: Settings
) -> None:
    """The server replaces the refresh token, so that a second renewal would be refused."""
    accounts.rotates, accounts.pause = True, 0.5
    credential = signed_in()
    params = connection.get_connection_params()
    url = f"postgres://{params['user']}@/{params['dbname']}?host={params['host']}"
    command = (sys.executable, "-m", "tests.responses_api.access.renewing_processes")
    done = subprocess.run(
        (*command, url, ref_of(credential), str(PROCESSES), str(tls_files.ca)),
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "zgproject.settings",
            "CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS),
        },
        capture_output=True,
        check=False,
        text=True,
        timeout=110,
    )
    assert done.stdout.split() == ["2"] * PROCESSES, done.stderr
    assert len(accounts.requests) == 1
