"""TLS of the interceptor's connections: as mitmproxy does it, for less memory a connection.

A stream that waits for its model keeps a connection to the upstream open here, and one of the
language server's or a part of one; what they hold decides how many streams fit.
"""

from functools import lru_cache, partial
from typing import Any, cast
from weakref import WeakKeyDictionary

from mitmproxy import certs, http, tls
from mitmproxy.addons import tlsconfig
from mitmproxy.connection import Connection
from mitmproxy.net import tls as net_tls
from OpenSSL import SSL

_IN_A_TUNNEL = (b"h2", b"http/1.1")
_TO_THE_PROXY = (b"http/1.1",)


class TlsConfig(tlsconfig.TlsConfig):
    """mitmproxy's addon, with one context per certificate on the language server's side.

    mitmproxy parses certificate and key anew for each connection, which keeps 13 KB. How
    upstreams are verified is mitmproxy's, unchanged.
    """

    def __init__(self) -> None:
        self._established: WeakKeyDictionary[Connection, SSL.Connection] = WeakKeyDictionary()

    def tls_start_client(self, tls_start: tls.TlsData) -> None:
        """A language server begins TLS, behind its CONNECT request."""
        entry = self.get_cert(tls_start.context)
        # mitmproxy speaks HTTP/2 within a tunnel; a tunnel itself is asked for over HTTP/1.1.
        protocols = _TO_THE_PROXY if len(tls_start.context.layers) == 2 else _IN_A_TUNNEL
        context = _server_context(entry.cert, entry.privatekey, entry.chain_file, protocols)
        tls_start.ssl_conn = SSL.Connection(context)
        tls_start.ssl_conn.set_accept_state()

    def tls_start_server(self, tls_start: tls.TlsData) -> None:
        """The interceptor begins TLS with an upstream."""
        super().tls_start_server(tls_start)
        # On the connection itself, with pyOpenSSL's innards as mitmproxy does: the context is shared
        # with connections made before, and may not be changed any more.
        connection: Any = tls_start.ssl_conn
        SSL._lib.SSL_set_mode(connection._ssl, SSL.MODE_RELEASE_BUFFERS)  # type: ignore[attr-defined]

    def tls_established_client(self, tls_established: tls.TlsData) -> None:
        """TLS with a language server stands."""
        self._stands(tls_established)

    def tls_established_server(self, tls_established: tls.TlsData) -> None:
        """TLS with an upstream stands: it is verified, and nobody asks for its certificates again."""
        self._stands(tls_established)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """A request has been sent, and its answer may take long."""
        for connection in (flow.client_conn, flow.server_conn):
            if (tls_connection := self._established.get(connection)) is not None:
                renew_buffers(tls_connection)

    def _stands(self, established: tls.TlsData) -> None:
        established.conn.certificate_list = ()
        if established.ssl_conn is not None:
            self._established[established.conn] = established.ssl_conn


def renew_buffers(connection: SSL.Connection) -> None:
    """Replace the buffers between TLS and the network, if they are empty.

    They stay as large as what went through them once: a handshake, or a request with pictures.
    With pyOpenSSL's innards, since it offers no way.
    """
    inner, lib = cast(Any, connection), cast(Any, SSL)._lib
    nothing = cast(Any, SSL)._ffi.new("char **")
    if any(lib.BIO_get_mem_data(buffer, nothing) for buffer in (inner._into_ssl, inner._from_ssl)):
        return
    inner._into_ssl, inner._from_ssl = lib.BIO_new(lib.BIO_s_mem()), lib.BIO_new(lib.BIO_s_mem())
    # From here on they are OpenSSL's, which frees the former ones.
    lib.SSL_set_bio(inner._ssl, inner._into_ssl, inner._from_ssl)


@lru_cache(maxsize=256)
def _server_context(cert: certs.Cert, key: Any, chain_file: Any, protocols: tuple[bytes, ...]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(net_tls.DEFAULT_MIN_VERSION.value)
    context.set_options(net_tls.DEFAULT_OPTIONS)
    # OpenSSL keeps two buffers, together 34 KB, for a connection that waits, unless told otherwise.
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_alpn_select_callback(partial(_select_protocol, protocols))
    if chain_file is not None:
        context.load_verify_locations(str(chain_file))
    context.use_certificate(cert.to_cryptography())
    context.use_privatekey(key)
    return context


def _select_protocol(ours: tuple[bytes, ...], _: SSL.Connection, offered: list[bytes]) -> Any:
    """The first of theirs that we speak, since theirs are in the order of their liking."""
    return next((protocol for protocol in offered if protocol in ours), SSL.NO_OVERLAPPING_PROTOCOLS)
