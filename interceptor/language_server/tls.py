"""TLS towards the upstream: whom to trust, and how little memory a connection may take."""

import asyncio.sslproto
import contextlib
import ssl

from .config import LanguageServerConfig

READ_BUFFER = 4 * 1024
"""Bytes per connection; more than any usual frame of an event stream."""


def client_context(config: LanguageServerConfig, protocol: str = "http/1.1") -> ssl.SSLContext:
    """The TLS settings for all calls to the upstream that speak ``protocol``.

    CPython sets ``SSL_MODE_RELEASE_BUFFERS`` on every context, so OpenSSL gives its buffers back
    when they are empty, with the exception that ``release_write_buffer`` takes care of.

    Raises:
        OSError: ``ca_file`` cannot be read, or is not a PEM bundle (``ssl.SSLError``).
    """
    behind_proxy = config.proxy_url is not None
    context = ssl.create_default_context(cafile=config.ca_file if behind_proxy else None)
    if config.ca_file is not None and not behind_proxy:
        context.load_verify_locations(config.ca_file)
    context.set_alpn_protocols([protocol])
    return context


def shrink_read_buffers() -> None:
    """Let each new TLS connection of this process allocate ``READ_BUFFER`` for reading, not 256 KiB.

    ``asyncio.sslproto.SSLProtocol`` allocates and zeroes ``max_size`` bytes per connection, which
    for many open streams is most of the memory. The size is only that of one ``recv`` and of one
    step of the decryption loop, which goes on until OpenSSL has nothing more; a smaller value
    costs more system calls on bulk transfers and nothing on event streams. The attribute is not a
    documented interface, hence the guard.
    """
    protocol = asyncio.sslproto.SSLProtocol
    current = getattr(protocol, "max_size", None)
    if isinstance(current, int) and current > READ_BUFFER:
        setattr(protocol, "max_size", READ_BUFFER)  # noqa: B010


def release_write_buffer(transport: asyncio.BaseTransport) -> None:
    """Have OpenSSL give back 16 KiB that it keeps on a new connection until the next write.

    Reading the session tickets that a server sends after the handshake allocates the write
    buffer, and only a write releases it. A write of nothing does that, and sends nothing.

    Args:
        transport: of the connection; one without TLS, or that is closing, is left alone.
    """
    ssl_object: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if ssl_object is not None:
        with contextlib.suppress(ssl.SSLError):
            ssl_object.write(b"")
