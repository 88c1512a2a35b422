import asyncio
import struct
from typing import Any

import aiohttp
import msgspec
import pytest

from interceptor.language_server.connect import END_OF_STREAM, envelope

from . import wire
from .certificates import Certificates
from .rig import TOKEN, Rig, becomes_true, running_rig, sends

METHOD = "StreamCascadeReactiveUpdates"


def watch(rig: Rig, cascade_id: str) -> Any:
    return rig.http.post(
        f"{rig.server.url}/exa.language_server_pb.LanguageServerService/{METHOD}",
        data=envelope({"protocolVersion": 1, "id": cascade_id, "subscriberId": "s"}),
        headers={"Content-Type": "application/connect+json", "x-codeium-csrf-token": TOKEN},
    )


async def next_envelope(response: aiohttp.ClientResponse) -> tuple[int, Any]:
    flags, length = struct.unpack(">BI", await response.content.readexactly(5))
    return flags, msgspec.json.decode(await response.content.readexactly(length))


def changed_steps(update: Any) -> list[int]:
    for diff in update["diff"]["fieldDiffs"]:
        if diff["fieldNumber"] == 2:
            indices: list[int] = diff["updateRepeated"]["updateIndices"]
            return indices
    return []


def status(update: Any) -> str:
    value: str = update["diff"]["fieldDiffs"][0]["updateSingular"]["stringValue"]
    return value.removeprefix("CASCADE_RUN_STATUS_")


async def test_updates_come_until_the_run_is_over(rig: Rig) -> None:
    go_on = asyncio.Event()
    rig.upstream.scripts.append(sends(wire.frame(wire.text("a", finish="STOP")), then=go_on))
    cascade_id = await rig.start_cascade()
    async with watch(rig, cascade_id) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/connect+json"
        flags, update = await next_envelope(response)
        assert (flags, status(update)) == (0, "IDLE")
        await rig.send(cascade_id, "hi")
        seen: set[int] = set()
        versions = [int(update["version"])]
        while 1 not in seen:
            flags, update = await next_envelope(response)
            assert (flags, status(update)) == (0, "RUNNING")
            seen.update(changed_steps(update))
            versions.append(int(update["version"]))
        go_on.set()
        while flags == 0:
            last = update
            flags, update = await next_envelope(response)
        assert (flags, update) == (END_OF_STREAM, {})
        assert status(last) == "IDLE"
        assert versions == sorted(set(versions))
        assert await response.content.read() == b""


async def test_a_cascade_that_is_over_gets_one_update_and_the_end(rig: Rig) -> None:
    trajectory = await rig.ask("hi")
    async with watch(rig, trajectory["trajectory"]["cascadeId"]) as response:
        _, update = await next_envelope(response)
        assert changed_steps(update) == [0, 1]
        assert await next_envelope(response) == (END_OF_STREAM, {})


async def test_an_unknown_cascade_is_told_inside_the_stream(rig: Rig) -> None:
    async with watch(rig, "nowhere") as response:
        assert response.status == 200
        flags, end = await next_envelope(response)
        assert flags == END_OF_STREAM
        assert end["error"] == {"code": "unknown", "message": "trajectory not found: nowhere"}


async def test_a_broken_request_envelope_is_told_inside_the_stream(rig: Rig) -> None:
    headers = {"Content-Type": "application/connect+json", "x-codeium-csrf-token": TOKEN}
    url = f"{rig.server.url}/exa.language_server_pb.LanguageServerService/{METHOD}"
    async with rig.http.post(url, data=b"{}", headers=headers) as response:
        flags, end = await next_envelope(response)
        assert (flags, end["error"]["code"]) == (END_OF_STREAM, "invalid_argument")


async def test_it_must_be_called_as_a_stream(rig: Rig) -> None:
    status_code, answer = await rig.call(METHOD, id="x")
    assert status_code == 500
    assert "connect+json" in answer["message"]


@pytest.mark.parametrize("gone", [0, 1])
async def test_a_client_that_leaves_is_forgotten(rig: Rig, gone: int) -> None:
    """Seen from outside: the server still answers, and a second watcher gets its updates."""
    cascade_id = await rig.start_cascade()
    watchers = [await watch(rig, cascade_id) for _ in range(2)]
    for each in watchers:
        await next_envelope(each)
    watchers[gone].close()
    await rig.send(cascade_id, "hi")
    other = watchers[1 - gone]
    flags = 0
    while flags == 0:
        flags, end = await next_envelope(other)
    assert (flags, end) == (END_OF_STREAM, {})
    other.close()


async def test_closing_the_server_ends_the_streams(rig: Rig) -> None:
    rig.upstream.scripts.append(sends(wire.frame(wire.text("a")), then=asyncio.Event()))
    cascade_id = await rig.start_cascade()
    await rig.send(cascade_id, "hi")
    await becomes_true(lambda: rig.upstream.open_calls == 1)
    async with watch(rig, cascade_id) as response:
        await next_envelope(response)
        await rig.server.close()
        flags = 0
        while flags == 0:
            flags, _ = await next_envelope(response)
        assert flags == END_OF_STREAM


async def test_updates_that_are_switched_off_are_refused_inside_the_stream(
    certificates: Certificates,
) -> None:
    async with running_rig(certificates, reactive_updates=False) as rig:
        async with watch(rig, "any") as response:
            assert response.status == 200
            flags, end = await next_envelope(response)
    assert flags == END_OF_STREAM
    assert end["error"]["message"] == "reactive state is disabled"
