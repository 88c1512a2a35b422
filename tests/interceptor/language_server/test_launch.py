import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from interceptor.language_server import LanguageServerConfig
from interceptor.language_server.launch import CaFileMissing, serve

from .certificates import Certificates

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
from pathlib import Path
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["interceptor"],
    LANGUAGE_SERVER_HOST="127.0.0.1", LANGUAGE_SERVER_PORT=1, LANGUAGE_SERVER_CSRF_TOKEN="t",
    LANGUAGE_SERVER_MODELS={"gemini-a": "MODEL_A"}, LANGUAGE_SERVER_REACTIVE_UPDATES=True,
    UPSTREAM_URL="https://127.0.0.1:1", UPSTREAM_API_VERSION="v1beta",
    INTERCEPTOR_ENABLED=True, INTERCEPTOR_PROXY_USER="", INTERCEPTOR_PROXY_PASSWORD="", INTERCEPTOR_URL="http://127.0.0.1:1", INTERCEPTOR_CA_FILE=Path(sys.argv[1]),
)
import django
django.setup()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "runlanguageserver", "--port", "0"])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_waits_for_the_ca_serves_and_ends_on_a_signal(
    certificates: Certificates, tmp_path: Path, number: signal.Signals
) -> None:
    ca_file = tmp_path / "late.pem"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(ca_file), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert b"waiting for the interceptor's CA" in await process.stdout.readline()
        ca_file.write_bytes(certificates.ca.read_bytes())
        ready = (await process.stdout.readline()).decode().split()
        assert ready[:3] == ["language", "server", "ready"]
        async with aiohttp.ClientSession() as http:
            url = f"{ready[3]}/exa.language_server_pb.LanguageServerService/GetCascadeModelConfigData"
            async with http.post(url, json={}, headers={"x-codeium-csrf-token": "t"}) as response:
                configs = (await response.json())["clientModelConfigs"]
        assert configs[0]["label"] == "gemini-a"
        process.send_signal(number)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def config(ca_file: Path) -> LanguageServerConfig:
    return LanguageServerConfig(
        upstream_url="https://127.0.0.1:1", csrf_token="t", proxy_url="http://127.0.0.1:1", ca_file=ca_file
    )


async def test_a_ca_that_never_comes_is_a_clear_error(tmp_path: Path) -> None:
    ca_file = tmp_path / "half.pem"
    ca_file.write_text("-----BEGIN CERTIFICATE-----\n")
    lines: list[str] = []
    with pytest.raises(CaFileMissing, match="half.pem"):
        await serve(config(ca_file), lines.append, ca_patience=0)
    assert len(lines) == 1


async def test_a_signal_ends_the_waiting_too(tmp_path: Path) -> None:
    def announce(line: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    await serve(config(tmp_path / "none.pem"), announce)


async def test_a_signal_ends_the_serving(certificates: Certificates) -> None:
    lines: list[str] = []

    def announce(line: str) -> None:
        lines.append(line)
        os.kill(os.getpid(), signal.SIGINT)

    await serve(config(certificates.ca), announce)
    assert lines[0].startswith("language server ready http://127.0.0.1:")
