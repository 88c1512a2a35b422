"""The joints of the path: a language server that never calls, parts that die, traffic that is not ours."""

import asyncio
import signal
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from aiohttp import web

from tests.e2e.broken_streams import fails_once
from tests.e2e.processes import Process
from tests.e2e.stacks import MODEL, Stack, further_gateway, further_parts
from tests.e2e.streams import types

type StartSilentServer = Callable[[], Awaitable[tuple[str, list[str]]]]
_GENERATE = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"


@pytest.fixture
async def silent_language_server() -> Any:
    """Takes every message and never calls the model; its URL, and the texts it was sent."""
    texts: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        texts.extend(item["text"] for item in body.get("items", ()))
        return web.json_response({"cascadeId": body["cascadeId"]} if "cascadeId" in body else {})

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", texts
    await runner.cleanup()


@contextmanager
def running(process: Process) -> Iterator[Process]:
    """``process`` until the end of the block, which it may also see killed."""
    try:
        yield process
    finally:
        process.kill()


async def call_the_model(stack: Stack, text: str) -> tuple[int, str]:
    """What a language server gets that sends ``text`` through the interceptor."""
    trusted = ssl.create_default_context(cafile=stack.environment["INTERCEPTOR_CA_FILE"])
    body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            stack.simulator.url + _GENERATE,
            json=body,
            headers={"x-goog-api-key": "the language server's own"},
            proxy=stack.environment["INTERCEPTOR_URL"],
            ssl=trusted,
        ) as answer,
    ):
        return answer.status, await answer.text()


async def test_a_call_that_is_never_made_and_one_that_comes_too_late(
    split_stack: Stack, silent_language_server: tuple[str, list[str]], folder: Path
) -> None:
    url, texts = silent_language_server
    gateway, process = further_gateway(split_stack, folder, LANGUAGE_SERVER_URL=url, GATE_TIMEOUT="0.5")
    with running(process):
        async with gateway.async_client() as client:
            for stream in (False, True):
                with pytest.raises(openai.InternalServerError) as caught:
                    await client.responses.create(model=MODEL, input="secret-of-late-call", stream=stream)
                assert (caught.value.status_code, caught.value.code) == (502, "mitm_timeout")
                booked = await asyncio.to_thread(gateway.latest_booking)
                assert (booked["outcome"], booked["source"]) == ("mitm_timeout", "none")

        assert len(texts) == 2
        status, answer = await call_the_model(split_stack, texts[0])
        assert status == 200
        assert '"finishReason":"STOP"' in answer
        assert not await asyncio.to_thread(split_stack.simulator.saw, texts[0])
        assert not await asyncio.to_thread(split_stack.simulator.saw, "secret-of-late-call")


async def test_a_language_server_that_is_not_there(split_stack: Stack, folder: Path) -> None:
    gateway, process = further_gateway(split_stack, folder, LANGUAGE_SERVER_URL="http://127.0.0.1:9")
    with running(process):
        async with gateway.async_client() as client:
            with pytest.raises(openai.InternalServerError) as caught:
                await client.responses.create(model=MODEL, input="anybody?")
        assert (caught.value.status_code, caught.value.code) == (502, "language_server_error")
        booked = await asyncio.to_thread(gateway.latest_booking)
        assert booked["outcome"] == "upstream_error"
        with gateway.http() as http:
            ready = await asyncio.to_thread(http.get, "/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["language_server"] == "unavailable"
        assert ready.json()["checks"]["interceptor"] == "ok"


@pytest.mark.parametrize(
    "text",
    [
        "no marker at all",
        "before .<cid:0b5a3bdb-4b3f-4cf5-a8b4-3f5a6f3ad4e7> after",
        ".<cid:../../etc/passwd>",
    ],
)
async def test_traffic_without_a_marker_passes_untouched(split_stack: Stack, text: str) -> None:
    status, answer = await call_the_model(split_stack, text)

    assert status == 200
    assert "You said" in answer
    seen = await asyncio.to_thread(split_stack.simulator.request_with, text)
    assert seen["auth"] == "api_key"
    assert seen["body"] == {"contents": [{"role": "user", "parts": [{"text": text}]}]}


async def test_a_marker_that_is_nobodys_is_answered_locally(split_stack: Stack) -> None:
    marker = ".<cid:00000000-0000-4000-8000-000000000000>"
    status, answer = await call_the_model(split_stack, marker)

    assert status == 200
    assert '"finishReason":"STOP"' in answer
    assert not await asyncio.to_thread(split_stack.simulator.saw, marker)


def test_a_killed_gateway_takes_its_upstream_with_it(split_stack: Stack, folder: Path) -> None:
    gateway, process = further_gateway(split_stack, folder)
    with running(process), split_stack.simulator.stream_is_closed(within=10):
        body = {"model": MODEL, "input": "[[chunks=9]] [[stall=3]]", "stream": True}
        with gateway.http() as http, http.stream("POST", "/v1/responses", json=body) as answer:
            lines = answer.iter_lines()  # kept: an iterator that is thrown away closes the connection
            next(line for line in lines if "output_text.delta" in line)
            process.send_signal(signal.SIGKILL)


def test_a_gateway_that_is_stopped_ends_its_streams(split_stack: Stack, folder: Path) -> None:
    """daphne's own command, SIGTERM in mid-stream."""
    gateway, process = further_gateway(split_stack, folder)
    with running(process), split_stack.simulator.stream_is_closed():
        fails_once(gateway, lambda: process.send_signal(signal.SIGTERM))


def test_a_killed_interceptor_fails_the_response_and_nothing_hangs(split_stack: Stack, folder: Path) -> None:
    parts = further_parts(split_stack, folder)
    gateway, process = further_gateway(split_stack, folder, **parts.settings)
    with running(process), running(parts.interceptor), running(parts.language_server):
        fails_once(gateway, lambda: parts.interceptor.send_signal(signal.SIGKILL))


def test_two_gateways_share_one_interceptor_and_one_history(split_stack: Stack, folder: Path) -> None:
    gateway, process = further_gateway(split_stack, folder)
    with running(process):
        first = split_stack.client().responses.create(model=MODEL, input="one")
        second = gateway.client().responses.create(model=MODEL, input="two", previous_response_id=first.id)

        assert second.output_text == "You said: two\nThere were 2 earlier turns."
        assert types(gateway.stream("hi"))[-1] == "response.completed"
