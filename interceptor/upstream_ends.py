"""The ends of upstream connections: now, where an answer is cancelled, and without remains."""

import asyncio
from dataclasses import dataclass

from mitmproxy import ctx, http
from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import events, layer, server
from mitmproxy.proxy.layers import http as http_layers
from mitmproxy.proxy.layers.http._events import ErrorCode, RequestProtocolError, ResponseProtocolError

from interceptor.event_lock import PatientLock
from responses_api.runtime.tasks import spawn

_REASON = "cancelled by the gateway"


def close_upstream(flow: http.HTTPFlow) -> None:
    """Close the upstream connection of ``flow`` now, also in the middle of a streamed body.

    ``flow.kill()`` takes effect at the next hook only: a streamed body has none, and a model may
    think for long before its head comes. Nor is what is still to be sent waited for: the socket
    goes, as if the upstream had closed it. Over HTTP/2 only the flow's own stream is ended: others
    share the connection.
    """
    handler = ctx.master.addons.get("proxyserver").connections.get(flow.client_conn.id)
    if handler is None:
        return
    upstream = handler.transports.get(flow.server_conn)
    if flow.client_conn.alpn == b"h2" and (upstream is None or flow.server_conn.alpn == b"h2"):
        spawn(handler.server_event(EndStream(flow)), name="end upstream stream")
    elif upstream is not None and isinstance(upstream.writer, asyncio.StreamWriter):
        upstream.writer.transport.abort()
    elif upstream is not None:
        handler.close_connection(flow.server_conn)
    elif (client := handler.transports.get(handler.client)) is not None and client.handler is not None:
        # The connection is still to be made; without its client it will not be.
        client.handler.cancel(_REASON)


@dataclass
class EndStream(events.Event):
    """To the layers of one client connection: end the stream that carries ``flow``, on both sides."""

    flow: http.HTTPFlow


class HttpLayer(http_layers.HttpLayer):
    """mitmproxy's HTTP layer, which can also end one stream of several on a connection.

    mitmproxy keeps what it knew of an upstream connection for as long as the client's connection
    lasts. An HTTP/2 client whose upstream speaks HTTP/1.1 has a new one for each request.
    """

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not isinstance(event, EndStream):
            yield from super()._handle_event(event)
            if isinstance(event, events.ConnectionClosed):
                self._forget(event.connection)
            return
        for stream in list(self.streams.values()):
            if stream.child_layer is not None:
                # A CONNECT: the flow is inside.
                yield from self.event_to_child(stream, event)
            elif stream.flow is event.flow:
                yield from self._end(stream)

    def _forget(self, connection: Connection) -> None:
        used = any(stream.context.server is connection for stream in self.streams.values())
        own = connection in (self.context.client, self.context.server)
        if connection.state is ConnectionState.CLOSED and not used and not own:
            self.connections.pop(connection, None)

    def _end(self, stream: http_layers.HttpStream) -> layer.CommandGenerator[None]:
        # To the upstream as if the client had left; if the stream waits for its connection, it does so then.
        left = RequestProtocolError(stream.stream_id, _REASON, ErrorCode.CANCEL)
        yield from self.event_to_child(stream, left)
        # The client has not, so it has to be told.
        broken = ResponseProtocolError(stream.stream_id, _REASON, ErrorCode.CANCEL)
        yield from self.event_to_child(self.connections[self.context.client], broken)


class EndableStreams:
    """mitmproxy's addon that puts our HTTP layer in place of its own. It comes after ``NextLayer``."""

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """A layer has been chosen."""
        chosen = nextlayer.layer
        if type(chosen) is http_layers.HttpLayer:
            # It has no state yet, and is a member of its context already.
            chosen.__class__ = HttpLayer

    def client_connected(self, client: object) -> None:
        """A language server has connected: its streams may all have an upstream connection of their own.

        mitmproxy allows five to each host, and lets the sixth wait until one of them is closed.
        """
        handler = ctx.master.addons.get("proxyserver").connections.get(getattr(client, "id", None))
        if isinstance(handler, server.ConnectionHandler):
            handler._server_event_lock = PatientLock()
            handler.max_conns.default_factory = lambda: asyncio.Semaphore(_UPSTREAMS_PER_CLIENT)


_UPSTREAMS_PER_CLIENT = 1_000
