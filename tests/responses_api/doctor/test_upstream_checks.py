"""The checks of what is asked over HTTP: upstream and language server, on real sockets."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from pytest_django import Settings

from interceptor.simulator.server import RunningSimulator, start
from responses_api.doctor.credential_checks import check_credentials
from responses_api.doctor.findings import State
from responses_api.doctor.language_server_checks import check_language_server
from responses_api.doctor.upstream_checks import check_upstream
from responses_api.exchanges.language_server import close_current_client
from tests.interceptor.language_server.certificates import make_certificates
from tests.responses_api.exchanges.scripted_server import says, scripted_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_threads")]


@pytest.fixture
async def upstream(settings: Settings) -> AsyncIterator[RunningSimulator]:
    running = await start()
    settings.UPSTREAM_URL, settings.UPSTREAM_CA_FILE = running.url, None
    settings.UPSTREAM_SIMULATED, settings.GEMINI_API_KEY = False, "canary-key"
    yield running
    await running.close()


@pytest.fixture
async def scripted_upstream(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """An upstream whose status and date a test says."""
    said: dict[str, object] = {"status": 200, "skew": 0}

    async def answer(request: web.Request) -> web.Response:
        date = datetime.now(UTC) + timedelta(seconds=int(str(said["skew"])))
        return web.json_response({}, status=int(str(said["status"])), headers={"Date": format_datetime(date)})

    app = web.Application()
    app.router.add_get("/v1beta/models", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings.UPSTREAM_URL = f"http://127.0.0.1:{runner.addresses[0][1]}"
    settings.UPSTREAM_SIMULATED, settings.GEMINI_API_KEY = False, "canary-key"
    yield said
    await runner.cleanup()


async def test_an_upstream_that_takes_the_credential(upstream: RunningSimulator) -> None:
    found = await check_upstream()
    assert [(each.joint, each.state) for each in found] == [("upstream", State.OK), ("clock", State.OK)]


async def test_a_certificate_that_is_not_trusted(
    upstream: RunningSimulator, settings: Settings, tmp_path: Path
) -> None:
    settings.UPSTREAM_URL = upstream.url.replace("http://", "https://")
    settings.UPSTREAM_CA_FILE = make_certificates(tmp_path).ca
    (finding,) = await check_upstream()
    assert finding.state is State.FAILED
    assert "certificate" in finding.says or "reached" in finding.says


@pytest.mark.parametrize(
    ("url", "part"),
    [("http://127.0.0.1:9", "cannot be reached"), ("https://upstream.invalid", "host name")],
)
async def test_an_upstream_that_is_not_there(
    upstream: RunningSimulator, settings: Settings, url: str, part: str
) -> None:
    settings.UPSTREAM_URL = url
    (finding,) = await check_upstream()
    assert finding.state is State.FAILED
    assert part in finding.says


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (401, State.FAILED),
        (400, State.FAILED),
        (403, State.FAILED),
        (429, State.WARNING),
        (500, State.FAILED),
    ],
)
async def test_what_the_upstream_says(
    scripted_upstream: dict[str, object], status: int, state: State
) -> None:
    scripted_upstream["status"] = status
    found = await check_upstream()
    assert found[0].state is state
    assert "canary" not in str(found)


@pytest.mark.parametrize(("skew", "state"), [(0, State.OK), (-120, State.WARNING), (900, State.FAILED)])
async def test_clocks_that_disagree(scripted_upstream: dict[str, object], skew: int, state: State) -> None:
    scripted_upstream["skew"] = skew
    _, clock = await check_upstream()
    assert (clock.joint, clock.state) == ("clock", state)


async def test_without_a_credential_the_upstream_is_only_looked_at(
    scripted_upstream: dict[str, object], settings: Settings
) -> None:
    settings.GEMINI_API_KEY = ""
    scripted_upstream["status"] = 401
    found = await check_upstream()
    assert found[0].state is State.WARNING
    (default,) = await check_credentials()
    assert default.state is State.WARNING


async def test_answers_that_are_simulated_are_pointed_out(settings: Settings) -> None:
    settings.UPSTREAM_SIMULATED, settings.UPSTREAM_URL = True, settings.PUBLIC_GEMINI_URL
    (finding,) = await check_upstream()
    assert finding.state is State.WARNING


async def test_a_default_credential_in_the_environment(settings: Settings) -> None:
    settings.GEMINI_API_KEY = "canary-key"
    (finding,) = await check_credentials()
    assert finding.state is State.OK
    assert "canary" not in finding.says


async def test_the_language_server_and_its_token(settings: Settings) -> None:
    async with scripted_server() as server:
        settings.LANGUAGE_SERVER_URL = server.url
        (good,) = await check_language_server()
        server.scripts["Heartbeat"] = says(401, b'{"code": "unauthenticated", "message": "wrong"}')
        (refused,) = await check_language_server()
        await close_current_client()
    settings.LANGUAGE_SERVER_URL = "http://user:pa55@127.0.0.1:9"
    (gone,) = await check_language_server()
    await close_current_client()
    assert [each.state for each in (good, refused, gone)] == [State.OK, State.FAILED, State.FAILED]
    assert "LANGUAGE_SERVER_CSRF_TOKEN" in refused.advice
    assert "pa55" not in str(gone)
