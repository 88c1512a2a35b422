"""Upstream accounts through the whole gateway: whose is used, tokens that are renewed, tokens that are set."""

import asyncio
import hashlib
import re
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import psycopg
import pytest
import requests

from interceptor.simulator.tls import ensure_tls_files
from tests.authorization_server import AuthorizationServer, authorization_server
from tests.e2e import canaries
from tests.e2e.processes import MANAGE
from tests.e2e.stacks import MODEL, Simulator, Stack, copy_database, serve, wait_until
from tests.e2e.streams import text_of

MAPPING_SECONDS = 2.0
"""How soon a changed mapping counts."""


@pytest.fixture(scope="module")
def authority(work_folder: Path) -> Iterator[AuthorizationServer]:
    tls = ensure_tls_files(work_folder / "authority")
    with authorization_server(tls) as running:
        yield running


@pytest.fixture(scope="module")
def accounts_stack(
    work_folder: Path, database_template: Path, simulator: Simulator, authority: AuthorizationServer
) -> Iterator[Stack]:
    """A gateway without an account of its own."""
    folder = work_folder / "accounts"
    copy_database(database_template, folder / "data" / "postgres")
    settings = {"UPSTREAM_SIMULATED": "false", "GEMINI_API_KEY": "", "OAUTH_CA_BUNDLE": str(authority.tls.ca)}
    running = serve(folder, simulator, **settings)
    yield running
    assert "canary" not in running.output
    assert canaries.in_database(running.conninfo, {"a canary": re.compile("canary")}) == []
    assert running.stop() == [0]


@pytest.fixture
def gateway(accounts_stack: Stack, authority: AuthorizationServer) -> Stack:
    """The same, with neither accounts nor faults left over."""
    with psycopg.connect(accounts_stack.conninfo) as connection:
        connection.execute("UPDATE responses_api_apikey SET credential_id = NULL")
        connection.execute("DELETE FROM responses_api_credential")
    authority.fault, authority.pause, authority.rotates, authority.lifetime = "", 0.0, False, 3600
    authority.next_token = ""
    authority.requests.clear()
    authority.access_tokens.clear()
    # Of a user of its own: what was known of the last key's account is remembered for a while.
    return replace(accounts_stack, api_key=accounts_stack.make_api_key(f"user-{uuid.uuid4().hex[:8]}"))


def manage(stack: Stack, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        (*MANAGE, *arguments),
        env=stack.environment,
        input=stdin,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def sign_in(stack: Stack, authority: AuthorizationServer, folder: Path, *options: str) -> None:
    """As an operator does: ``addcredential`` prints an address, a browser opens it and comes back."""
    file = folder / "client_secret.json"
    file.write_text(authority.client_json())
    command = ("addcredential", "--name", "me", "--client", str(file), "--no-browser", *options)
    with subprocess.Popen(
        (*MANAGE, *command),
        env={**stack.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = next(found[1] for line in process.stdout if (found := re.search(r"(https://\S+)", line)))
        away = requests.get(address, verify=str(authority.tls.ca), allow_redirects=False, timeout=10)
        requests.get(away.headers["Location"], timeout=10)
        assert "is stored" in process.stdout.read()


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def used_for(stack: Stack, text: str) -> list[str]:
    """The credentials that requests with ``text`` came with, by their fingerprints."""
    return [seen["credential"] for seen in stack.simulator.requests if text in str(seen["body"])]


def test_a_refused_token_is_renewed_and_the_client_notices_nothing(
    gateway: Stack, authority: AuthorizationServer, tmp_path: Path
) -> None:
    authority.next_token = "expired-token"  # the simulator refuses it
    sign_in(gateway, authority, tmp_path, "--default")
    events = gateway.stream("[[text=hello]] with a stale token")
    assert text_of(events) == "hello"
    stale, fresh = used_for(gateway, "with a stale token")
    assert (stale, fresh) == tuple(fingerprint(token) for token in authority.access_tokens)
    assert len(authority.requests) == 2
    remedies = gateway.booking(events[-1]["response"]["id"])["response_summary"]["remedies"]
    assert remedies == ["the upstream refused the access token: it was asked again with a new one"]

    assert gateway.client().responses.create(model=MODEL, input="[[text=again]]").output_text == "again"
    assert len(authority.requests) == 2


async def test_many_whose_token_is_refused_renew_it_once(
    gateway: Stack, authority: AuthorizationServer, tmp_path: Path
) -> None:
    authority.next_token = "expired-token"
    authority.rotates = True
    await asyncio.to_thread(sign_in, gateway, authority, tmp_path, "--default")
    async with gateway.async_client(timeout=60) as client:
        answers = await asyncio.gather(
            *(client.responses.create(model=MODEL, input=f"[[text=answer {n}]]") for n in range(20))
        )
    assert [answer.output_text for answer in answers] == [f"answer {n}" for n in range(20)]
    assert len(authority.requests) == 2


def test_a_revoked_account_is_a_401_and_then_nothing_is_started(
    gateway: Stack, authority: AuthorizationServer, tmp_path: Path
) -> None:
    authority.next_token = "expired-token"
    sign_in(gateway, authority, tmp_path, "--default")
    authority.refresh_tokens.clear()
    with pytest.raises(openai.AuthenticationError) as caught:
        gateway.client().responses.create(model=MODEL, input="with a revoked account")
    assert caught.value.code == "credential_unavailable"
    time.sleep(MAPPING_SECONDS)
    traces = gateway.query("SELECT count(*) FROM responses_api_trace")
    with pytest.raises(openai.AuthenticationError) as caught:
        gateway.client().responses.create(model=MODEL, input="with a revoked account")
    assert caught.value.code == "no_upstream_credential"
    assert gateway.query("SELECT count(*) FROM responses_api_trace") == traces
    (row,) = gateway.query("SELECT renewal_error, refused_at FROM responses_api_credential")
    assert row["renewal_error"].startswith("invalid_grant")
    assert row["refused_at"] is not None
    assert len(authority.requests) == 2


def test_an_api_key_that_is_refused_is_not_tried_again(gateway: Stack) -> None:
    manage(gateway, "addcredential", "--name", "k", "--default", "--api-key-stdin", stdin="invalid-key\n")
    with pytest.raises(openai.AuthenticationError, match="own credential"):
        gateway.client().responses.create(model=MODEL, input="with a refused key")
    assert len(used_for(gateway, "with a refused key")) == 1
    (row,) = gateway.query("SELECT upstream_refusal, upstream_refused_at FROM responses_api_credential")
    assert row["upstream_refused_at"] is not None
    assert "API key not valid" in row["upstream_refusal"]


def test_a_used_up_quota_is_noted(gateway: Stack) -> None:
    manage(gateway, "addcredential", "--name", "k", "--default", "--api-key-stdin", stdin="canary-quota\n")
    with pytest.raises(openai.RateLimitError):
        gateway.client().responses.create(model=MODEL, input="[[status=429 quota=day]]")

    def noted() -> bool:
        (row,) = gateway.query("SELECT upstream_refused_at FROM responses_api_credential")
        return row["upstream_refused_at"] is not None

    wait_until(noted, within=5)


def test_what_the_gateway_knows_nothing_of_is_not_sent_along(gateway: Stack) -> None:
    """The language server's own key is replaced, wherever it was."""
    manage(gateway, "addcredential", "--name", "k", "--default", "--api-key-stdin", stdin="canary-own\n")
    gateway.client().responses.create(model=MODEL, input="only one credential")
    assert used_for(gateway, "only one credential") == [fingerprint("canary-own")]
    seen = gateway.simulator.request_with("only one credential")
    assert seen["auth"] == "api_key"
    assert "key=" not in seen["path"]


USERS = ("ada", "ben", "cleo")


async def test_nobodys_request_is_made_with_anothers_account(gateway: Stack) -> None:
    """Three users and one without an account, at the same time, over and over."""
    keys = {user: gateway.make_api_key(user) for user in (*USERS, "dan")}
    for user in USERS:
        options = ("addcredential", "--name", user, "--user", user, "--api-key-stdin")
        await asyncio.to_thread(manage, gateway, *options, stdin=f"canary-of-{user}\n")
    shared = ("addcredential", "--name", "shared", "--default", "--api-key-stdin")
    await asyncio.to_thread(manage, gateway, *shared, stdin="canary-shared\n")

    async def ask(user: str, number: int) -> None:
        async with gateway.async_client(api_key=keys[user], timeout=60) as client:
            for turn in range(3):
                await client.responses.create(model=MODEL, input=f"from {user} {number} {turn} end")

    await asyncio.gather(*(ask(user, number) for user in keys for number in range(4)))
    for user in keys:
        expected = fingerprint(f"canary-of-{user}" if user in USERS else "canary-shared")
        assert used_for(gateway, f"from {user} ") == [expected] * 12


def test_a_changed_mapping_counts_within_two_seconds(gateway: Stack) -> None:
    key = gateway.make_api_key("eve")
    for name in ("first", "second"):
        manage(gateway, "addcredential", "--name", name, "--api-key-stdin", stdin=f"canary-{name}\n")
    client = gateway.client(api_key=key)
    for name in ("first", "second"):
        with psycopg.connect(gateway.conninfo) as connection:
            connection.execute(
                "UPDATE responses_api_apikey SET credential_id ="
                " (SELECT id FROM responses_api_credential WHERE name = %s) WHERE prefix = %s",
                [name, key[:11]],
            )
        time.sleep(MAPPING_SECONDS)
        client.responses.create(model=MODEL, input=f"mapped to the {name}")
        assert used_for(gateway, f"mapped to the {name}") == [fingerprint(f"canary-{name}")]


def test_a_client_sets_its_own_token(gateway: Stack) -> None:
    key = gateway.make_api_key("fay")
    client = gateway.client(api_key=key)
    with pytest.raises(openai.AuthenticationError, match="No usable upstream credential"):
        client.responses.create(model=MODEL, input="too early")

    def token(method: str, json: dict[str, Any] | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return requests.request(
            method, f"{gateway.base_url}/v1/token", json=json, headers=headers, timeout=10
        )

    answer = token("POST", {"access_token": "canary-of-fay", "expires_in": 600})
    assert answer.status_code == 200, answer.text
    assert "canary" not in answer.text
    client.responses.create(model=MODEL, input="with my token")
    assert used_for(gateway, "with my token") == [fingerprint("canary-of-fay")]
    assert token("DELETE").json()["deleted"] is True
    time.sleep(MAPPING_SECONDS)
    with pytest.raises(openai.AuthenticationError):
        client.responses.create(model=MODEL, input="too late")
