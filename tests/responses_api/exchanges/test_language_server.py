"""The client against servers on real sockets: what it sends, and what it makes of failures."""

import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import Settings

from responses_api.core.generation_events import UsageReported
from responses_api.exchanges.connect_protocol import LanguageServerFault, LanguageServerUnreachable
from responses_api.exchanges.language_server import close_current_client, current_client
from tests.interceptor.language_server.certificates import Certificates, make_certificates

from .scripted_server import ScriptedServer, hangs, resets, says, scripted_server, updates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("language-server-certificates"))


@pytest.fixture
async def tls_server(settings: Settings, certificates: Certificates) -> AsyncIterator[ScriptedServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server)
    async with scripted_server(context) as running:
        settings.LANGUAGE_SERVER_URL = running.url
        yield running
        await close_current_client()


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


async def fault_of_a_heartbeat() -> LanguageServerFault:
    with pytest.raises(LanguageServerFault) as caught:
        await current_client().heartbeat()
    await close_current_client()
    fault = caught.value
    assert (fault.http_status, fault.type, fault.code) == (502, "server_error", "language_server_error")
    return fault


async def test_every_call_carries_the_token_and_speaks_connect(
    server: ScriptedServer, settings: Settings
) -> None:
    settings.LANGUAGE_SERVER_CSRF_TOKEN = "the-token"
    client = current_client()
    await client.send_message("c", "hello", "MODEL_X", thinking_budget=128)
    assert [tick async for tick in client.updates("c")] == []
    assert [headers["x-codeium-csrf-token"] for headers in server.headers] == ["the-token"] * 2
    assert [headers["Connect-Protocol-Version"] for headers in server.headers] == ["1"] * 2
    (sent,) = server.messages
    assert sent["items"] == [{"text": "hello"}]
    planner = sent["cascadeConfig"]["plannerConfig"]
    assert planner["requestedModel"] == {"model": "MODEL_X"}
    assert planner["thinkingBudget"] == 128


async def test_nobody_there(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with closed_port() as port, caplog.at_level(logging.DEBUG):
        settings.LANGUAGE_SERVER_URL = f"http://user:pa55word@127.0.0.1:{port}"
        fault = await fault_of_a_heartbeat()
    assert fault.message == "The language server cannot be reached."
    assert isinstance(fault, LanguageServerUnreachable)
    assert "pa55word" not in caplog.text


async def test_a_name_that_does_not_exist(settings: Settings) -> None:
    settings.LANGUAGE_SERVER_URL = "http://language-server.invalid:1"
    assert "host name" in (await fault_of_a_heartbeat()).message


async def test_a_server_that_does_not_answer_in_time(server: ScriptedServer, settings: Settings) -> None:
    settings.LANGUAGE_SERVER_TIMEOUT = 0.2
    server.scripts["Heartbeat"] = hangs()
    assert "in time" in (await fault_of_a_heartbeat()).message


async def test_a_connection_that_breaks_off(server: ScriptedServer) -> None:
    server.scripts["Heartbeat"] = resets()
    assert "broke off" in (await fault_of_a_heartbeat()).message


async def test_a_certificate_that_is_not_trusted(tls_server: ScriptedServer) -> None:
    assert "certificate" in (await fault_of_a_heartbeat()).message


async def test_plain_text_where_tls_was_expected(server: ScriptedServer, settings: Settings) -> None:
    settings.LANGUAGE_SERVER_URL = server.url.replace("http:", "https:")
    assert "TLS" in (await fault_of_a_heartbeat()).message


async def test_a_certificate_of_the_named_authority(
    tls_server: ScriptedServer, certificates: Certificates, settings: Settings
) -> None:
    settings.LANGUAGE_SERVER_CA_FILE = certificates.ca
    await current_client().heartbeat()
    assert await current_client().answers()


async def test_a_token_that_is_not_accepted(server: ScriptedServer) -> None:
    server.scripts["Heartbeat"] = says(
        401, b'{"code": "unauthenticated", "message": "missing or wrong CSRF token"}'
    )
    fault = await fault_of_a_heartbeat()
    assert "token" in fault.message
    assert not isinstance(fault, LanguageServerUnreachable)
    assert not await current_client().answers()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"\xff"])
async def test_an_answer_that_is_no_json_object(server: ScriptedServer, body: bytes) -> None:
    server.scripts["Heartbeat"] = says(200, body)
    assert "cannot be read" in (await fault_of_a_heartbeat()).message


async def test_steps_that_are_not_of_the_form(server: ScriptedServer) -> None:
    server.scripts["GetCascadeTrajectorySteps"] = says(200, b'{"steps": [{"type": 5}]}')
    with pytest.raises(LanguageServerFault, match="cannot be read"):
        await current_client().steps("c")


async def test_updates_that_are_refused(server: ScriptedServer) -> None:
    refused = {"code": "unimplemented", "message": "reactive state is disabled"}
    server.scripts["StreamCascadeReactiveUpdates"] = updates(error=refused)
    with pytest.raises(LanguageServerFault, match="reactive state is disabled"):
        [tick async for tick in current_client().updates("c")]
    server.scripts["StreamCascadeReactiveUpdates"] = says(404, b"{}")
    with pytest.raises(LanguageServerFault, match="HTTP status 404"):
        [tick async for tick in current_client().updates("c")]


async def test_an_id_of_the_servers_own_counts(server: ScriptedServer) -> None:
    assert await current_client().start_cascade("mine") == "mine"
    server.scripts["StartCascade"] = says(200, b'{"cascadeId": "theirs"}')
    assert await current_client().start_cascade("mine") == "theirs"


async def test_usage_is_the_sum_over_the_models_steps(server: ScriptedServer) -> None:
    assert await current_client().usage("c") is None
    counted = {"modelUsage": {"inputTokens": "5", "outputTokens": "4", "thinkingOutputTokens": "1"}}
    planner = {"type": "CORTEX_STEP_TYPE_PLANNER_RESPONSE", "metadata": counted}
    server.steps = [planner, {"type": "CORTEX_STEP_TYPE_CHECKPOINT", "metadata": counted}, planner]
    assert await current_client().usage("c") == UsageReported(10, 0, 8, 2)


async def test_a_bundle_that_cannot_be_used(settings: Settings, tmp_path: Path) -> None:
    settings.LANGUAGE_SERVER_CA_FILE = tmp_path / "none.pem"
    with pytest.raises(OSError, match="No such file"):
        current_client()
