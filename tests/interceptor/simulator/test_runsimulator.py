import asyncio
import signal
import ssl
import sys
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).parents[3]
RUN = (
    "import django; from django.conf import settings; settings.configure(); django.setup();"
    "import sys; from django.core.management import call_command;"
    "from interceptor.management.commands.runsimulator import Command; call_command(Command(), *sys.argv[1:])"
)


async def running(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_is_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process = await running("--data-dir", str(tmp_path), "--ca-out", str(tmp_path / "copy.pem"))
    assert process.stdout is not None
    try:
        words = (await process.stdout.readline()).decode().split()
        assert words[:2] == ["simulator", "ready"]
        assert words[3] == f"ca={tmp_path / 'ca.pem'}"
        trust = ssl.create_default_context(cafile=tmp_path / "copy.pem")
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{words[2]}/simulator/stats", ssl=trust) as response,
        ):
            assert (await response.json())["requests"] == 0
        process.send_signal(number)
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_plain_http_and_a_port_in_use() -> None:
    process = await running("--no-tls")
    assert process.stdout is not None
    try:
        address = (await process.stdout.readline()).decode().split()[2]
        assert address.startswith("http://127.0.0.1:")
        second = await running("--no-tls", "--port", address.rsplit(":", 1)[1])
        _, errors = await second.communicate()
        assert second.returncode == 1 and b"cannot listen on 127.0.0.1:" in errors
    finally:
        process.terminate()
        await process.communicate()
