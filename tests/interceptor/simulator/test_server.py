import ssl
from pathlib import Path

import aiohttp
import pytest

from interceptor.simulator.server import start
from interceptor.simulator.tls import ensure_tls_files

from .bodies import G3, ask


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_https_with_its_own_authority(tmp_path: Path, host: str) -> None:
    tls = ensure_tls_files(tmp_path)
    running = await start(tls=tls)
    try:
        assert running.url == f"https://127.0.0.1:{running.port}"
        trust = ssl.create_default_context(cafile=tls.ca)
        async with (
            aiohttp.ClientSession(headers={"Authorization": "Bearer t"}) as session,
            session.post(
                f"https://{host}:{running.port}/v1beta/models/{G3}:generateContent", json=ask("hi"), ssl=trust
            ) as response,
        ):
            assert response.status == 200
    finally:
        await running.close()


async def test_a_port_in_use(tmp_path: Path) -> None:
    running = await start()
    try:
        with pytest.raises(OSError):
            await start(port=running.port)
    finally:
        await running.close()


async def test_closing_ends_open_streams() -> None:
    running = await start()
    url = f"{running.url}/v1beta/models/{G3}:streamGenerateContent?alt=sse"
    async with (
        aiohttp.ClientSession(headers={"x-goog-api-key": "k"}) as session,
        session.post(url, json=ask("[[chunks=5]] [[stall=1]]")) as response,
    ):
        await response.content.readuntil(b"\r\n\r\n")
        await running.close()
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    assert running.record.open_streams == 0
