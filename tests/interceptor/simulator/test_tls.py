import datetime as dt
import ssl
from pathlib import Path

from interceptor.simulator.tls import ensure_tls_files


def test_keys_are_private_and_the_chain_loads(tmp_path: Path) -> None:
    tls = ensure_tls_files(tmp_path / "deep" / "er")
    folder = tls.ca.parent
    assert {path.name for path in folder.iterdir()} == {"ca.pem", "ca.key", "server.pem", "server.key"}
    assert {(folder / name).stat().st_mode & 0o777 for name in ("ca.key", "server.key")} == {0o600}
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.certificate, tls.key)


def test_good_files_are_kept(tmp_path: Path) -> None:
    before = ensure_tls_files(tmp_path).certificate.read_bytes()
    assert ensure_tls_files(tmp_path).certificate.read_bytes() == before


def test_old_damaged_or_foreign_files_are_replaced(tmp_path: Path) -> None:
    tls = ensure_tls_files(tmp_path)
    first = tls.certificate.read_bytes()
    ensure_tls_files(tmp_path, dt.datetime.now(dt.UTC) + dt.timedelta(days=360))
    second = tls.certificate.read_bytes()
    assert second != first
    tls.certificate.write_bytes(b"not a certificate")
    ensure_tls_files(tmp_path)
    assert b"BEGIN CERTIFICATE" in tls.certificate.read_bytes()
    other = ensure_tls_files(tmp_path / "other")
    tls.ca.write_bytes(other.ca.read_bytes())
    replaced = tls.certificate.read_bytes()
    assert ensure_tls_files(tmp_path).certificate.read_bytes() != replaced
