"""The proxy's start and end."""

from pathlib import Path

import pytest

from interceptor import proxy
from interceptor.hosts import HostRules


def config(folder: Path, port: int = 0) -> proxy.ProxyConfig:
    return proxy.ProxyConfig(
        host="127.0.0.1",
        port=port,
        folder=folder,
        upstream_ca=None,
        claim_patience=1,
        hosts=HostRules.parse(["example.com"]),
    )


async def test_once_it_serves_its_certificate_is_there(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b", tmp_path / "c"):
        running = await proxy.start(config(folder))
        assert (folder / proxy.CA_CERTIFICATE).read_text().rstrip().endswith("-----END CERTIFICATE-----")
        await running.close()


async def test_a_taken_port_is_said(tmp_path: Path) -> None:
    running = await proxy.start(config(tmp_path))
    try:
        with pytest.raises(proxy.ProxyFailed, match=f"cannot listen on 127.0.0.1:{running.port}"):
            await proxy.start(config(tmp_path, running.port))
    finally:
        await running.close()


async def test_a_broken_certificate_authority_is_said(tmp_path: Path) -> None:
    (tmp_path / "mitmproxy-ca.pem").write_text("nonsense")

    with pytest.raises(proxy.ProxyFailed, match="certificate authority"):
        await proxy.start(config(tmp_path))
