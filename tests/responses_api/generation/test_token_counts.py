"""Counting by the upstream: what it is asked, with whose credential, and what becomes of its refusals."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from pytest_django import Settings

from interceptor.simulator.server import RunningSimulator, start
from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import UpstreamFault
from responses_api.gemini.models import ModelCatalogue
from responses_api.gemini.overlay import Overlay, build_overlay
from responses_api.generation import token_counts
from responses_api.generation.token_counts import close_current_counter, count_tokens, current_counter


def overlay(text: str = "Hello, you.", model: str = "gemini-3.8-flash", **body: object) -> Overlay:
    request = parse_create_request({"input": text, **body})
    items = [ConversationItem(item) for item in request.input]
    return build_overlay(request, items, ModelCatalogue().resolve(model))


@pytest.fixture
async def upstream(settings: Settings) -> AsyncIterator[RunningSimulator]:
    running = await start()
    settings.UPSTREAM_URL, settings.UPSTREAM_CA_FILE = running.url, None
    settings.GEMINI_API_KEY = "canary"
    yield running
    await close_current_counter()
    await running.close()


async def test_text_instructions_and_tools_are_counted(upstream: RunningSimulator) -> None:
    bare = await count_tokens(overlay(), "environment")
    tools = [{"type": "function", "name": "get_weather", "parameters": {"type": "object"}}]
    whole = await count_tokens(overlay(instructions="Be nice.", tools=tools), "environment")
    assert bare == 3
    assert whole > bare + 2
    seen = upstream.record.history[-1].to_json()
    assert seen["path"] == "/v1beta/models/gemini-3.8-flash:countTokens"
    assert seen["auth"] == "api_key"
    assert "canary" not in str(seen)


async def test_connections_are_pooled_and_closed(upstream: RunningSimulator) -> None:
    await count_tokens(overlay(), "environment")
    counter = current_counter()
    assert current_counter() is counter
    await close_current_counter()
    assert current_counter() is not counter


async def test_a_refusal_is_passed_on(upstream: RunningSimulator, settings: Settings) -> None:
    settings.GEMINI_API_KEY = "invalid-key"
    with pytest.raises(UpstreamFault) as caught:
        await count_tokens(overlay(), "environment")
    assert (caught.value.http_status, caught.value.type) == (401, "authentication_error")


async def test_a_model_that_does_not_count_is_said_so(upstream: RunningSimulator) -> None:
    with pytest.raises(UpstreamFault) as caught:
        await count_tokens(overlay(model="gemini-9-neon"), "environment")
    assert (caught.value.http_status, caught.value.code) == (400, "model_not_found")


async def test_an_upstream_that_is_not_there_is_a_502(upstream: RunningSimulator) -> None:
    await upstream.close()
    with pytest.raises(UpstreamFault) as caught:
        await count_tokens(overlay(), "environment")
    assert caught.value.http_status == 502
    assert "could not be reached" in caught.value.message


async def test_a_credential_that_is_gone_is_a_401(upstream: RunningSimulator, settings: Settings) -> None:
    settings.GEMINI_API_KEY = ""
    with pytest.raises(UpstreamFault) as caught:
        await count_tokens(overlay(), "environment")
    assert (caught.value.http_status, caught.value.code) == (401, "credential_unavailable")


async def test_a_connection_that_was_just_closed_is_made_again(
    upstream: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = current_counter()
    asked = counter._ask
    faults = [aiohttp.ServerDisconnectedError()]

    async def ask(address: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if faults:
            raise faults.pop()
        return await asked(address, body, headers)

    monkeypatch.setattr(counter, "_ask", ask)
    assert await count_tokens(overlay(), "environment") == 3
    faults += [aiohttp.ServerDisconnectedError(), aiohttp.ServerDisconnectedError()]
    with pytest.raises(UpstreamFault):
        await count_tokens(overlay(), "environment")


async def test_another_upstream_may_be_started_with_the_gateway(
    upstream: RunningSimulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPSTREAM_URL = "https://never.invalid"
    monkeypatch.setattr(token_counts, "_upstream", None)
    token_counts.upstream_is_at(upstream.url, None)
    assert await count_tokens(overlay(), "environment") == 3
