import asyncio.sslproto
import contextlib
import ssl

import pytest

from interceptor.language_server.config import LanguageServerConfig
from interceptor.language_server.tls import (
    READ_BUFFER,
    client_context,
    release_write_buffer,
    shrink_read_buffers,
)

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


class _Transport(asyncio.BaseTransport):
    """A transport that has nothing but its TLS object."""

    def __init__(self, ssl_object: ssl.SSLObject | None) -> None:
        super().__init__({"ssl_object": ssl_object} if ssl_object is not None else {})


class _Pair:
    """Two ends of a TLS connection, joined by memory buffers."""

    def __init__(self, certificates: Certificates) -> None:
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(certificates.server)
        trusting = ssl.create_default_context(cafile=certificates.ca)
        self.up, self.down = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = trusting.wrap_bio(self.down, self.up, server_hostname="127.0.0.1")
        self.server = serving.wrap_bio(self.up, self.down, server_side=True)
        for end in (self.client, self.server, self.client, self.server):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()


def test_releasing_the_write_buffer_sends_nothing(certificates: Certificates) -> None:
    pair = _Pair(certificates)
    release_write_buffer(_Transport(pair.client))
    assert pair.up.pending == 0

    pair.client.write(b"question")
    assert pair.server.read() == b"question"
    pair.server.write(b"answer")
    assert pair.client.read() == b"answer"


def test_a_closing_connection_is_left_alone(certificates: Certificates) -> None:
    pair = _Pair(certificates)
    with contextlib.suppress(ssl.SSLWantReadError):
        pair.client.unwrap()
    with pytest.raises(ssl.SSLError):
        pair.client.write(b"too late")
    release_write_buffer(_Transport(pair.client))


def test_a_connection_without_tls_has_no_buffer_to_release() -> None:
    release_write_buffer(_Transport(None))
