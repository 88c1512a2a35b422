import asyncio.sslproto
import ssl

import pytest

from interceptor.language_server.config import LanguageServerConfig
from interceptor.language_server.tls import READ_BUFFER, client_context, shrink_read_buffers

from .certificates import Certificates


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:1"])
def test_the_given_ca_is_trusted_and_names_are_checked(certificates: Certificates, proxy: str | None) -> None:
    context = client_context(
        LanguageServerConfig(
            upstream_url="https://u", csrf_token="t", ca_file=certificates.ca, proxy_url=proxy
        )
    )
    authority = ssl.PEM_cert_to_DER_cert(certificates.ca.read_text())
    trusted = context.get_ca_certs(binary_form=True)
    assert authority in trusted
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    if proxy:
        assert trusted == [authority]


def test_a_missing_ca_file_is_an_error(certificates: Certificates) -> None:
    config = LanguageServerConfig(
        upstream_url="https://u",
        csrf_token="t",
        ca_file=certificates.ca.with_name("none.pem"),
        proxy_url="http://p",
    )
    with pytest.raises(OSError, match="No such file"):
        client_context(config)


def test_tls_connections_start_with_a_small_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.sslproto.SSLProtocol, "max_size", 256 * 1024)
    shrink_read_buffers()
    loop = asyncio.new_event_loop()
    try:
        protocol = asyncio.sslproto.SSLProtocol(
            loop,
            asyncio.Protocol(),
            ssl.create_default_context(),
            loop.create_future(),
            server_hostname="localhost",
        )
        assert len(protocol.get_buffer(-1)) == READ_BUFFER
        protocol.connection_lost(None)
    finally:
        loop.close()


def test_a_smaller_buffer_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.sslproto.SSLProtocol, "max_size", 1024)
    shrink_read_buffers()
    assert asyncio.sslproto.SSLProtocol.max_size == 1024
