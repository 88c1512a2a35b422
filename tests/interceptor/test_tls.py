"""TLS on both sides of the interceptor, without a socket: handshakes over memory buffers."""

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import connection, tls
from mitmproxy.proxy import context
from mitmproxy.test import taddons, tflow
from OpenSSL import SSL

from interceptor.proxy import CA_CERTIFICATE
from interceptor.tls import TlsConfig, renew_buffers

from .language_server.certificates import Certificates, make_certificates

HOST = "upstream.test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the interceptor's certificate authority."""
    return tmp_path_factory.mktemp("interceptor")


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificate of an upstream at 127.0.0.1."""
    return make_certificates(tmp_path_factory.mktemp("upstream"))


@pytest.fixture
def addons(folder: Path) -> Iterator[taddons.context]:
    with taddons.context() as addons:
        yield addons


@pytest.fixture
def config(addons: taddons.context, folder: Path, upstream: Certificates) -> TlsConfig:
    config = TlsConfig()
    addons.master.addons.add(config)
    addons.configure(
        config, confdir=str(folder), upstream_cert=False, ssl_verify_upstream_trusted_ca=str(upstream.ca)
    )
    return config


@pytest.fixture
def language_server(config: TlsConfig, folder: Path) -> ssl.SSLContext:
    """A language server's settings: it trusts the interceptor's authority and nobody else."""
    trusting = ssl.create_default_context(cafile=folder / CA_CERTIFICATE)
    trusting.set_alpn_protocols(["http/1.1"])
    return trusting


def tls_data(addons: taddons.context, server: tuple[str, int]) -> context.Context:
    layers = context.Context(tflow.tclient_conn(), addons.options)
    layers.client.sni = server[0]
    layers.server = connection.Server(address=server)
    return layers


def towards_language_server(
    config: TlsConfig, addons: taddons.context, host: str = HOST
) -> tuple[tls.TlsData, SSL.Connection]:
    layers = tls_data(addons, (host, 443))
    data = tls.TlsData(layers.client, layers)
    config.tls_start_client(data)
    assert data.ssl_conn is not None
    return data, data.ssl_conn


def shake_hands(accepting: SSL.Connection, trusting: ssl.SSLContext, host: str = HOST) -> ssl.SSLObject:
    """Both ends' handshake; raises what either end raises."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(incoming, outgoing, server_hostname=host)
    pump(client, incoming, outgoing, accepting)
    return client


def pump(
    here: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, there: SSL.Connection
) -> None:
    done = [False, False]
    for _ in range(10):
        try:
            here.do_handshake()
            done[0] = True
        except ssl.SSLWantReadError:
            pass
        if outgoing.pending:
            there.bio_write(outgoing.read())
        try:
            there.do_handshake()
            done[1] = True
        except SSL.WantReadError:
            pass
        try:
            incoming.write(there.bio_read(65536))
        except SSL.WantReadError:
            pass
        if all(done):
            return
    raise AssertionError("the handshake does not end")


def test_a_language_server_sees_a_trusted_certificate_with_the_upstreams_name(
    config: TlsConfig, addons: taddons.context, language_server: ssl.SSLContext
) -> None:
    client = shake_hands(towards_language_server(config, addons)[1], language_server)

    assert ("DNS", HOST) in client.getpeercert()["subjectAltName"]  # type: ignore[index]
    assert client.selected_alpn_protocol() == "http/1.1"
    assert client.version() == "TLSv1.3"


@pytest.mark.parametrize(
    ("offered", "spoken"),
    [
        (["h2", "http/1.1"], "h2"),
        (["http/1.1", "h2"], "http/1.1"),
        (["h2"], "h2"),
        (["spdy/3", "http/1.1"], "http/1.1"),
        (["spdy/3"], None),
    ],
)
def test_the_first_protocol_that_both_speak_is_spoken(
    config: TlsConfig,
    addons: taddons.context,
    language_server: ssl.SSLContext,
    offered: list[str],
    spoken: str | None,
) -> None:
    language_server.set_alpn_protocols(offered)
    client = shake_hands(towards_language_server(config, addons)[1], language_server)
    assert client.selected_alpn_protocol() == spoken


def test_connections_share_what_belongs_to_their_host(
    config: TlsConfig, addons: taddons.context, language_server: ssl.SSLContext
) -> None:
    first, second, other = (
        towards_language_server(config, addons, host)[1] for host in (HOST, HOST, "other.test")
    )
    assert first.get_context() is second.get_context()
    assert first.get_context() is not other.get_context()
    for connection_, host in ((first, HOST), (second, HOST), (other, "other.test")):
        shake_hands(connection_, language_server, host)


def towards_upstream(
    config: TlsConfig, addons: taddons.context, host: str
) -> tuple[tls.TlsData, SSL.Connection]:
    layers = tls_data(addons, (host, 443))
    data = tls.TlsData(layers.server, layers)
    config.tls_start_server(data)
    assert data.ssl_conn is not None
    return data, data.ssl_conn


def answer_as(upstream: Certificates, calling: SSL.Connection) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(upstream.server)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    pump(serving.wrap_bio(incoming, outgoing, server_side=True), incoming, outgoing, calling)


def test_an_upstream_with_a_trusted_certificate_is_spoken_to(
    config: TlsConfig, addons: taddons.context, upstream: Certificates
) -> None:
    _, calling = towards_upstream(config, addons, "127.0.0.1")
    answer_as(upstream, calling)
    assert calling.get_protocol_version_name() == "TLSv1.3"


def test_an_upstream_under_another_name_is_refused(
    config: TlsConfig, addons: taddons.context, upstream: Certificates
) -> None:
    _, calling = towards_upstream(config, addons, "127.0.0.2")
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        answer_as(upstream, calling)


def test_an_upstream_of_an_unknown_authority_is_refused(
    config: TlsConfig, addons: taddons.context, tmp_path: Path
) -> None:
    _, calling = towards_upstream(config, addons, "127.0.0.1")
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        answer_as(make_certificates(tmp_path), calling)


def test_certificates_are_not_kept_once_the_connection_stands(
    config: TlsConfig, addons: taddons.context
) -> None:
    for data, _ in (towards_language_server(config, addons), towards_upstream(config, addons, HOST)):
        data.conn.certificate_list = [config.get_cert(data.context).cert]
        (
            config.tls_established_server
            if data.conn is data.context.server
            else config.tls_established_client
        )(data)
        assert list(data.conn.certificate_list) == []


def test_new_buffers_lose_nothing(
    config: TlsConfig, addons: taddons.context, language_server: ssl.SSLContext
) -> None:
    here = towards_language_server(config, addons)[1]
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = language_server.wrap_bio(incoming, outgoing, server_hostname=HOST)
    pump(client, incoming, outgoing, here)

    def say(text: bytes) -> None:
        client.write(text)
        here.bio_write(outgoing.read())

    def hear() -> bytes:
        incoming.write(here.bio_read(65536))
        return client.read(65536)

    for _ in range(3):
        renew_buffers(here)
        say(b"asked")
        renew_buffers(here)  # there is something in it now
        assert here.recv(65536) == b"asked"
        here.sendall(b"answered")
        renew_buffers(here)
        assert hear() == b"answered"


def test_a_large_message_leaves_no_large_buffer(
    config: TlsConfig, addons: taddons.context, upstream: Certificates
) -> None:
    data, calling = towards_upstream(config, addons, "127.0.0.1")
    answer_as(upstream, calling)
    data.ssl_conn = calling
    config.tls_established_server(data)
    calling.sendall(b"x" * 1_000_000)
    with contextlib.suppress(SSL.WantReadError):
        while calling.bio_read(65536):
            pass
    with contextlib.suppress(SSL.WantReadError):
        calling.recv(65536)  # the session tickets behind the handshake
    inner: Any = calling
    large = inner._from_ssl
    flow = tflow.tflow()
    flow.client_conn, flow.server_conn = data.context.client, data.context.server
    config.responseheaders(flow)
    assert inner._from_ssl != large
