"""A small upstream over TLS that speaks HTTP/1.1 and HTTP/2, and answers as a test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from .language_server.certificates import Certificates

type Script = Callable[["Exchange"], Awaitable[None]]


@dataclass(eq=False)
class Exchange:
    """One request, as it arrived, and the way to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    protocol: str
    """h2 or http/1.1."""
    _transport: "_Http1 | _Http2Stream"
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has given up on it: its stream was reset, or its connection closed."""

    async def head(self, status: int = 200, **headers: str) -> None:
        await self._transport.head(status, {name.replace("_", "-"): text for name, text in headers.items()})

    async def data(self, data: bytes) -> None:
        await self._transport.data(data)

    async def end(self) -> None:
        await self._transport.end()

    async def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        await self.head(status, content_length=str(len(body)), **headers)
        if body:
            await self.data(body)
        await self.end()

    async def break_off(self) -> None:
        """End it in the middle: an HTTP/1.1 connection is cut, an HTTP/2 stream is reset."""
        await self._transport.break_off()

    @property
    def http2(self) -> "_Http2":
        """The HTTP/2 connection that it came on."""
        assert isinstance(self._transport, _Http2Stream)
        return self._transport.connection

    async def stream(self, *pieces: bytes) -> None:
        """Server-sent events, piece by piece."""
        await self.head(content_type="text/event-stream")
        for piece in pieces:
            await self.data(piece)
            await asyncio.sleep(0.005)
        await self.end()


@dataclass
class Upstream:
    port: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    connections: int = 0
    script: Script = lambda exchange: exchange.answer(b"{}")

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def running_upstream(certificates: Certificates, protocols: list[str]) -> AsyncIterator[Upstream]:
    upstream = Upstream()
    running: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    def begin(exchange: Exchange) -> None:
        upstream.exchanges.append(exchange)
        task = asyncio.ensure_future(_perform(upstream.script, exchange))
        running.add(task)
        task.add_done_callback(running.discard)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.connections += 1
        writers.add(writer)
        try:
            protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            await (_serve_http2 if protocol == "h2" else _serve_http1)(reader, writer, begin)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writers.discard(writer)
            writer.transport.abort()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server)
    context.set_alpn_protocols(protocols)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        for writer in list(writers):
            writer.transport.abort()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()


async def _perform(script: Script, exchange: Exchange) -> None:
    try:
        await script(exchange)
    except (OSError, h2.exceptions.ProtocolError):
        exchange.gone.set()


class _Http1:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._chunked = False
        self.done = asyncio.Event()

    async def head(self, status: int, headers: dict[str, str]) -> None:
        self._chunked = "content-length" not in headers
        lines = [f"HTTP/1.1 {status} -", *(f"{name}: {text}" for name, text in headers.items())]
        lines += ["transfer-encoding: chunked"] if self._chunked else []
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        await self._writer.drain()

    async def data(self, data: bytes) -> None:
        self._writer.write(b"%x\r\n%s\r\n" % (len(data), data) if self._chunked else data)
        await self._writer.drain()

    async def end(self) -> None:
        if self._chunked:
            self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()
        self.done.set()

    async def break_off(self) -> None:
        self._writer.transport.abort()


async def _serve_http1(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begin: Callable[[Exchange], None]
) -> None:
    while head := await reader.readuntil(b"\r\n\r\n"):
        first, *lines = head.decode().strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): text for name, text in (line.split(": ", 1) for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        transport = _Http1(writer)
        exchange = Exchange(method, path, headers, body, "http/1.1", transport)
        begin(exchange)
        done = asyncio.ensure_future(transport.done.wait())
        left = asyncio.ensure_future(reader.read(1))
        await asyncio.wait([done, left], return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            done.cancel()
            exchange.gone.set()
            return
        # One request after the other: what has been read ahead is the first byte of the next.
        byte = await left
        if not byte:
            return
        reader._buffer[:0] = byte  # type: ignore[attr-defined] # the only way to put it back


class _Http2Stream:
    def __init__(self, connection: "_Http2", stream_id: int) -> None:
        self.connection = connection
        self._id = stream_id

    async def head(self, status: int, headers: dict[str, str]) -> None:
        self.connection.h2.send_headers(self._id, [(":status", str(status)), *headers.items()])
        await self.connection.flush()

    async def data(self, data: bytes) -> None:
        for start in range(0, len(data), 16_000):
            self.connection.h2.send_data(self._id, data[start : start + 16_000])
        await self.connection.flush()

    async def end(self) -> None:
        self.connection.h2.end_stream(self._id)
        await self.connection.flush()

    async def break_off(self) -> None:
        self.connection.h2.reset_stream(self._id, h2.errors.ErrorCodes.INTERNAL_ERROR)
        await self.connection.flush()


class _Http2:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )

    async def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()


async def _serve_http2(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begin: Callable[[Exchange], None]
) -> None:
    connection = _Http2(writer)
    connection.h2.initiate_connection()
    await connection.flush()
    open_exchanges: dict[int, Exchange] = {}
    while data := await reader.read(65536):
        for event in connection.h2.receive_data(data):
            match event:
                case h2.events.RequestReceived():
                    headers = {str(name): str(text) for name, text in event.headers}
                    open_exchanges[event.stream_id] = Exchange(
                        *(headers.pop(":method"), headers.pop(":path"), headers, b"", "h2"),
                        _Http2Stream(connection, event.stream_id),
                    )
                case h2.events.DataReceived():
                    open_exchanges[event.stream_id].body += event.data
                    connection.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded():
                    begin(open_exchanges[event.stream_id])
                case h2.events.StreamReset():
                    open_exchanges[event.stream_id].gone.set()
        await connection.flush()
    for exchange in open_exchanges.values():
        exchange.gone.set()
