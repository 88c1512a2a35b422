import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from responses_api.doctor.findings import State
from responses_api.doctor.interceptor_checks import check_certificate, check_interceptor, check_proxy


def write_certificate(path: Path, begins: timedelta, ends: timedelta) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def write(path: Path, text: str, mode: int) -> None:
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def ca(tmp_path: Path, settings: Settings) -> Path:
    settings.INTERCEPTOR_DIR = tmp_path
    settings.INTERCEPTOR_CA_FILE = tmp_path / "mitmproxy-ca-cert.pem"
    return tmp_path / "mitmproxy-ca-cert.pem"


@pytest.mark.parametrize(
    ("begins", "ends", "state", "part"),
    [
        (-1, 365, State.OK, "valid until"),
        (-1, 10, State.WARNING, "valid until"),
        (-10, -1, State.FAILED, "expired"),
        (1, 365, State.FAILED, "not valid yet"),
    ],
)
async def test_how_long_a_certificate_is_valid(
    ca: Path, begins: int, ends: int, state: State, part: str
) -> None:
    write_certificate(ca, timedelta(days=begins), timedelta(days=ends))
    (finding,) = await check_certificate()
    assert finding.state is state
    assert part in finding.says


async def test_a_certificate_that_is_not_there(ca: Path) -> None:
    (finding,) = await check_certificate()
    assert finding.state is State.FAILED
    assert "does not exist" in finding.says


async def test_a_certificate_that_is_none(ca: Path) -> None:
    write(ca, "nonsense", 0o644)
    (finding,) = await check_certificate()
    assert finding.state is State.FAILED
    assert "no certificate" in finding.says


async def test_a_key_that_others_can_read(ca: Path) -> None:
    write_certificate(ca, timedelta(days=-1), timedelta(days=365))
    key = ca.with_name("mitmproxy-ca.pem")
    write(key, "k", 0o640)
    (finding,) = await check_certificate()
    assert finding.state is State.FAILED
    assert "chmod 600" in finding.advice


async def test_a_port_that_is_open_and_one_that_is_not(settings: Settings) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        settings.INTERCEPTOR_URL = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        (finding,) = await check_proxy()
        assert finding.state is State.OK
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        settings.INTERCEPTOR_URL = f"http://user:pa55@127.0.0.1:{holder.getsockname()[1]}"
        (finding,) = await check_proxy()
    assert finding.state is State.FAILED
    assert "pa55" not in finding.says + finding.advice


async def test_without_an_interceptor_there_is_nothing_to_be_looked_at(settings: Settings) -> None:
    settings.INTERCEPTOR_ENABLED = False
    (finding,) = await check_interceptor()
    assert finding.state is State.OK
    assert await check_proxy() == await check_certificate() == []
