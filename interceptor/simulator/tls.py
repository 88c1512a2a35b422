"""A certificate authority of our own and a server certificate for this machine, as PEM files."""

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_LIFE = dt.timedelta(days=3650)
_SERVER_LIFE = dt.timedelta(days=365)
_RENEW_BEFORE = dt.timedelta(days=7)
_NAMES: list[x509.GeneralName] = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
]


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of PEM files: what a client must trust (``ca``), and what the server shows."""

    ca: Path
    certificate: Path
    key: Path


def ensure_tls_files(folder: Path, now: dt.datetime | None = None) -> TlsFiles:
    """``ca.pem``, ``server.pem`` and ``server.key`` in ``folder``, made anew unless they are still good.

    Args:
        folder: made if missing. It also holds ``ca.key``; both keys are readable by their owner only.
        now: the time that counts, aware; the clock's by default.

    Raises:
        OSError: the folder cannot be written.
    """
    now = now or dt.datetime.now(dt.UTC)
    tls = TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    if not _is_good(tls, now):
        folder.mkdir(parents=True, exist_ok=True)
        _make(tls, folder / "ca.key", now)
    return tls


def _is_good(tls: TlsFiles, now: dt.datetime) -> bool:
    """Whether the files exist, belong together and stay valid for a week."""
    try:
        ca = x509.load_pem_x509_certificate(tls.ca.read_bytes())
        server = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
        key = serialization.load_pem_private_key(tls.key.read_bytes(), password=None)
        server.verify_directly_issued_by(ca)
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature):
        return False
    if key.public_key() != server.public_key():
        return False
    return all(
        one.not_valid_before_utc <= now < one.not_valid_after_utc - _RENEW_BEFORE for one in (ca, server)
    )


def _make(tls: TlsFiles, ca_key_path: Path, now: dt.datetime) -> None:
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("Gemini simulator CA")
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), now, _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        _builder(_name("Gemini simulator"), ca_name, server_key.public_key(), now, _SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_NAMES), critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write(ca_key_path, _private_pem(ca_key), 0o600)
    _write(tls.key, _private_pem(server_key), 0o600)
    _write(tls.certificate, server.public_bytes(serialization.Encoding.PEM), 0o644)
    _write(tls.ca, ca.public_bytes(serialization.Encoding.PEM), 0o644)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: CertificatePublicKeyTypes,
    now: dt.datetime,
    life: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    """Replace ``path`` in one step, with its final mode from the first byte on."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
    draft.replace(path)
