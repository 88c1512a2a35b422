"""daphne, with what its WebSockets lack for an API.

* An upgrade can be refused with an HTTP answer of the application's (ASGI's extension
  ``websocket.http.response``); daphne knows only 403 without a body.
* A message may be as large as a request body (``MAX_REQUEST_BYTES``); daphne's limit is 1 MiB
  unless its command line says otherwise.
* ``send`` waits while the client does not read; daphne takes everything and keeps it in memory.
* A connection may be closed with any code that a server may send; daphne fails on all but 1000.
* A stop reaches every application and waits for all of them; daphne reaches none if a connection
  was upgraded within its last second, and waits for the first one only.

``serve`` runs this server; ``install`` makes the ``daphne`` command run it.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from daphne import cli, server, ws_protocol  # isort: skip - before anything else that imports Twisted
from autobahn.websocket.types import ConnectionDeny
from django.conf import settings
from twisted.internet import defer

from responses_api.runtime.memory import settle_down
from responses_api.runtime.tasks import spawn

_LAST_WORDS = 0.05
"""Seconds from the end of the last application to that of the process."""


class WebSocketProtocol(ws_protocol.WebSocketProtocol):
    """One connection. Also the Twisted producer of what is written to it."""

    transport: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.maxMessagePayloadSize = self.maxFramePayloadSize = settings.MAX_REQUEST_BYTES
        # A client that sends too much is told so by a close frame.
        self.failByDrop = False
        self.writable = asyncio.Event()
        """Set unless the client is slower than what is sent to it."""
        self.writable.set()
        self._refusal: dict[str, Any] = {}
        self._refusal_body = b""

    def onOpen(self) -> None:
        """The upgrade is done: be told when the client does not read."""
        # The HTTP channel that took the connection is still registered.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        super().onOpen()  # type: ignore[no-untyped-call]

    def pauseProducing(self) -> None:
        """What was written has not gone out yet."""
        self.writable.clear()

    def resumeProducing(self) -> None:
        """Everything has gone out."""
        self.writable.set()

    def stopProducing(self) -> None:
        """The connection is gone: nobody need wait."""
        self.writable.set()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Do what the application says."""
        match message["type"]:
            case "websocket.http.response.start":
                self._refusal = message
            case "websocket.http.response.body":
                self._refusal_body += message.get("body", b"")
                if not message.get("more_body", False):
                    self._refuse()
            case _:
                super().handle_reply(message)  # type: ignore[no-untyped-call]

    def _refuse(self) -> None:
        status = HTTPStatus(self._refusal["status"])
        self.handshake_deferred.errback(ConnectionDeny(code=status.value, reason=status.phrase))
        del self.handshake_deferred
        self.server.protocol_disconnected(self)

    def sendHttpErrorResponse(self, code: int, reason: str, responseHeaders: Any = None) -> None:
        """Refuse the upgrade; autobahn calls this, and ends the connection afterwards."""
        headers = [
            *self._refusal.get("headers", ()),
            (b"content-length", str(len(self._refusal_body)).encode("ascii")),
            (b"connection", b"close"),
        ]
        lines = [f"HTTP/1.1 {code} {reason}".encode("latin-1"), *(b"%b: %b" % header for header in headers)]
        self.sendData(b"\r\n".join([*lines, b"", self._refusal_body]))

    def serverClose(self, code: int | None = None) -> None:
        """Close the connection; autobahn's ``sendClose`` allows a server hardly any code."""
        self.sendCloseFrame(code=1000 if code is None else code)


class Server(server.Server):
    """daphne's server with these connections."""

    def run(self) -> None:
        """Serve until the reactor stops."""
        settle_down()
        super().run()  # type: ignore[no-untyped-call]

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application of one request or connection."""
        if scope["type"] == "websocket":
            scope["extensions"] = {"websocket.http.response": {}}
        return super().create_application(protocol, scope)  # type: ignore[no-untyped-call]

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """The application's ``send``."""
        if message["type"] == "http.response.start":
            # It has read the body, of which the request would keep a copy for as long as the answer takes.
            protocol.content.close()
        await super().handle_reply(protocol, message)  # type: ignore[no-untyped-call]
        if message["type"] == "websocket.send" and isinstance(protocol, WebSocketProtocol):
            await protocol.writable.wait()

    def kill_all_applications(self) -> Any:
        """Cancel the applications when the server stops; a deferred of the last one's end."""
        # The HTTP side of a connection that was upgraded a moment ago has none.
        found = [entry.get("application_instance") for entry in self.connections.values()]
        running = [application for application in found if application is not None and not application.done()]
        for application in running:
            application.cancel()
        return defer.Deferred.fromFuture(spawn(_ended(running), name="applications end"))


async def _ended(applications: list[asyncio.Future[Any]]) -> None:
    if applications:
        await asyncio.wait(applications)
        # What they wrote last goes out in the loop's next rounds.
        await asyncio.sleep(_LAST_WORDS)


def install() -> None:
    """Have the ``daphne`` command use it; call this while the command loads the application."""
    cli.CommandLineInterface.server_class = Server


ws_protocol.WebSocketFactory.protocol = WebSocketProtocol
