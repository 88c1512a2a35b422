"""One certificate authority for all interceptors of a folder."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.certs import CertStore

from interceptor.authority import ensure_authority


def test_of_many_that_start_together_one_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    real = CertStore.create_store

    def create_store(path: Path, *args: Any, **kwargs: Any) -> None:
        made.append(path)
        real(path, *args, **kwargs)

    monkeypatch.setattr(CertStore, "create_store", create_store)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ensure_authority, [tmp_path] * 8))

    assert made == [tmp_path]
    store = CertStore.from_store(tmp_path, "mitmproxy", 2048)
    assert store.default_ca.to_pem() in (tmp_path / "mitmproxy-ca-cert.pem").read_bytes()


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    ensure_authority(tmp_path)
    before = (tmp_path / "mitmproxy-ca.pem").read_bytes()
    ensure_authority(tmp_path)
    assert (tmp_path / "mitmproxy-ca.pem").read_bytes() == before
