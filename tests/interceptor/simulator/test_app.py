import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from interceptor.simulator.app import SimulatorOptions
from interceptor.simulator.server import RunningSimulator, start

from .bodies import G2, G3, WEATHER, ask, assert_fits, texts, tools

KEY = {"x-goog-api-key": "k"}


@pytest.fixture
async def simulator() -> AsyncIterator[RunningSimulator]:
    running = await start(options=SimulatorOptions(history=5))
    yield running
    await running.close()


@pytest.fixture
async def client(simulator: RunningSimulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(simulator.url, headers=KEY) as session:
        yield session


def url(method: str, model: str = G3, version: str = "v1beta") -> str:
    return f"/{version}/models/{model}:{method}"


STREAM = url("streamGenerateContent") + "?alt=sse"


def chunks_of(raw: bytes) -> list[dict[str, Any]]:
    frames = raw.split(b"\r\n\r\n")
    assert frames.pop() == b""
    return [msgspec.json.decode(frame.removeprefix(b"data: ")) for frame in frames]


async def until_stats(simulator: RunningSimulator, **expected: int) -> None:
    for _ in range(2_000):
        if expected.items() <= simulator.record.stats().items():
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"expected {expected}, got {simulator.record.stats()}")


@pytest.mark.parametrize("version", ["v1", "v1beta"])
async def test_a_stream_of_sse_frames(client: aiohttp.ClientSession, version: str) -> None:
    path = url("streamGenerateContent", version=version) + "?alt=sse"
    async with client.post(path, json=ask("[[chunks=7]] [[delay_ms=1]]")) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["x-simulated"] == "gemini"
        chunks = chunks_of(await response.read())
    assert len(texts(chunks)) == 7


async def test_a_stream_as_an_array(client: aiohttp.ClientSession) -> None:
    async with client.post(url("streamGenerateContent"), json=ask("hi")) as response:
        assert texts(await response.json()) == ["You said: hi"]


async def test_one_whole_answer(client: aiohttp.ClientSession) -> None:
    async with client.post(url("generateContent"), json=ask("weather", tools=tools(WEATHER))) as response:
        body = await response.json()
    assert_fits("GenerateContentResponse", body)
    assert body["candidates"][0]["content"]["parts"][0]["functionCall"]["name"] == "get_weather"


async def test_count_tokens(client: aiohttp.ClientSession) -> None:
    async with client.post(url("countTokens"), json=ask("abcd")) as response:
        assert (await response.json())["totalTokens"] == 1


@pytest.mark.parametrize(
    ("path", "wrapped"),
    [(url("generateContent"), False), (STREAM, False), (url("streamGenerateContent"), True)],
)
async def test_only_the_array_form_wraps_its_errors(
    client: aiohttp.ClientSession, path: str, wrapped: bool
) -> None:
    async with client.post(path, json={"contents": []}) as response:
        body = await response.json()
    assert response.status == 400
    assert_fits("ErrorBodyOrArray", body)
    assert isinstance(body, list) is wrapped


async def test_the_models_can_be_listed_in_pages(client: aiohttp.ClientSession) -> None:
    names: list[str] = []
    token: str | None = "0"
    while token is not None:
        async with client.get(f"/v1beta/models?pageSize=4&pageToken={token}") as response:
            page = await response.json()
        assert_fits("ListModelsResponse", page)
        names += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken")
    assert len(names) == len(set(names)) > 4
    async with client.get(f"/v1beta/{names[0]}") as response:
        assert (await response.json())["name"] == names[0]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1beta/models/nothing", 404),
        ("GET", "/v1beta/models?pageToken=x", 400),
        ("POST", url("generateContent", "nothing"), 404),
        ("POST", url("embedContent"), 404),
        ("GET", "/elsewhere", 404),
    ],
)
async def test_wrong_addresses(client: aiohttp.ClientSession, method: str, path: str, status: int) -> None:
    async with client.request(method, path, json=None) as response:
        assert response.status == status
        assert_fits("ErrorBody", await response.json())


@pytest.mark.parametrize("path", ["/v1beta/models", f"/v1beta/models/{G3}"])
async def test_lists_need_a_caller_too(simulator: RunningSimulator, path: str) -> None:
    async with aiohttp.ClientSession(simulator.url) as anonymous, anonymous.get(path) as response:
        assert response.status == 403


async def test_what_it_has_seen_holds_no_secret(simulator: RunningSimulator) -> None:
    async with aiohttp.ClientSession(simulator.url) as session:
        for headers, query in (
            ({"x-goog-api-key": "s3cret"}, ""),
            ({"Authorization": "Bearer s3cret"}, ""),
            ({}, "&key=s3cret"),
            ({}, ""),
        ):
            await (await session.post(STREAM + query, json=ask("hi"), headers=headers)).read()
        async with session.get("/simulator/requests") as response:
            text = await response.text()
        async with session.get("/simulator/stats") as response:
            stats = await response.json()
    seen = msgspec.json.decode(text)
    assert "s3cret" not in text
    assert [request["auth"] for request in seen] == ["api_key", "bearer", "api_key", "none"]
    assert {request["path"] for request in seen} == {STREAM}
    assert seen[0]["body"] == ask("hi")
    assert stats == {"requests": 4, "open_streams": 0, "finished_streams": 3, "aborted_streams": 0}


@pytest.mark.parametrize("text", ["[[chunks=50]] [[delay_ms=10000]]", "[[chunks=50]] [[stall=1]]"])
async def test_a_client_that_leaves_ends_its_stream(
    simulator: RunningSimulator, client: aiohttp.ClientSession, text: str
) -> None:
    async with client.post(STREAM, json=ask(text)) as response:
        assert await response.content.readuntil(b"\r\n\r\n")
        await until_stats(simulator, open_streams=1)
        response.close()
    await until_stats(simulator, open_streams=0, aborted_streams=1, finished_streams=0)


async def received_before_the_break(client: aiohttp.ClientSession, text: str) -> bytes:
    received = b""
    async with client.post(STREAM, json=ask(text)) as response:
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
            async for data in response.content.iter_any():
                received += data
    return received


@pytest.mark.parametrize("name", ["cut", "reset"])
async def test_a_stream_that_breaks_off(
    simulator: RunningSimulator, client: aiohttp.ClientSession, name: str
) -> None:
    received = await received_before_the_break(client, f"[[chunks=9]] [[delay_ms=20]] [[{name}=3]]")
    assert len(chunks_of(received)) == 3
    await until_stats(simulator, finished_streams=1)


async def test_a_stream_cut_in_a_line(client: aiohttp.ClientSession) -> None:
    received = await received_before_the_break(client, "[[chunks=9]] [[cut_line=3]]")
    whole, _, begun = received.rpartition(b"\r\n\r\n")
    assert len(chunks_of(whole + b"\r\n\r\n")) == 3
    assert begun.startswith(b'data: {"candidates":')


async def test_a_stream_cut_in_the_transfer_coding(simulator: RunningSimulator) -> None:
    """Off the wire: a client's library would hide what is announced."""
    body = msgspec.json.encode(ask("[[chunks=9]] [[cut_transfer=3]]"))
    reader, writer = await asyncio.open_connection(simulator.host, simulator.port)
    head = f"POST {STREAM} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: k\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    assert answer.count(b"data: ") == 4
    before, _, sent = answer.rpartition(b"\r\n")
    announced = int(before.rpartition(b"\r\n")[2], 16)
    assert sent.startswith(b"data: ")
    assert len(sent) == announced // 2


async def test_a_cut_answer(client: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post(url("generateContent"), json=ask("[[cut=0]]"))


async def test_a_scripted_error(client: aiohttp.ClientSession) -> None:
    async with client.post(STREAM, json=ask("[[status=429 retry=7]]")) as response:
        assert response.status == 429
        assert "Please retry in 7s." in (await response.json())["error"]["message"]


async def test_an_error_inside_a_stream(client: aiohttp.ClientSession) -> None:
    async with client.post(STREAM, json=ask("[[chunks=5]] [[error_mid=2]]")) as response:
        chunks = chunks_of(await response.read())
    assert len(chunks) == 3 and chunks[-1]["error"]["code"] == 503


async def test_connections_are_kept(simulator: RunningSimulator) -> None:
    reused: list[object] = []

    async def note(session: aiohttp.ClientSession, context: object, params: object) -> None:
        reused.append(params)

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(note)
    async with aiohttp.ClientSession(simulator.url, headers=KEY, trace_configs=[trace]) as client:
        for path in (STREAM, url("streamGenerateContent"), url("generateContent", G2)):
            async with client.post(path, json=ask("hi")) as response:
                await response.read()
    assert len(reused) == 2
