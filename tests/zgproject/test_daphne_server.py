"""What we add to daphne, as far as no socket is needed; the end-to-end tests have the rest."""

import asyncio

from pytest_django import Settings

from zgproject.daphne_server import Server, WebSocketProtocol


def server() -> Server:
    made = Server(application=None, endpoints=["tcp:0"])
    made.connections = {}
    return made


def open_connection() -> tuple[Server, WebSocketProtocol, list[bytes]]:
    """A server with an open connection, and what is written to that."""
    made, protocol, written = server(), WebSocketProtocol(), list[bytes]()
    made.connections[protocol] = {}
    protocol.state = WebSocketProtocol.STATE_OPEN
    protocol.client_addr = []
    protocol.sendMessage = lambda payload, *rest: written.append(payload)  # type: ignore[method-assign]
    return made, protocol, written


def test_a_message_may_be_as_large_as_a_request(settings: Settings) -> None:
    settings.MAX_REQUEST_BYTES = 5
    protocol = WebSocketProtocol()
    assert (protocol.maxMessagePayloadSize, protocol.maxFramePayloadSize) == (5, 5)


async def test_sending_waits_while_the_client_does_not_read() -> None:
    made, protocol, written = open_connection()
    message = {"type": "websocket.send", "text": "x"}
    await asyncio.wait_for(made.handle_reply(protocol, message), 5)

    protocol.pauseProducing()
    sending = asyncio.ensure_future(made.handle_reply(protocol, message))
    await asyncio.sleep(0)
    assert not sending.done()
    protocol.resumeProducing()
    await asyncio.wait_for(sending, 5)
    assert written == [b"x", b"x"]


async def test_sending_does_not_wait_for_a_client_that_has_gone() -> None:
    made, protocol, _ = open_connection()
    protocol.pauseProducing()
    sending = asyncio.ensure_future(made.handle_reply(protocol, {"type": "websocket.send", "text": "x"}))
    await asyncio.sleep(0)
    protocol.stopProducing()
    await asyncio.wait_for(sending, 5)


async def test_a_stop_reaches_every_application_also_just_after_an_upgrade() -> None:
    """The HTTP side of the upgraded connection is still listed, and has no application."""
    made = server()
    application = asyncio.ensure_future(asyncio.Event().wait())
    made.connections = {"upgraded": {"disconnected": 1.0}, "open": {"application_instance": application}}
    all_ended = made.kill_all_applications()
    await asyncio.wait_for(all_ended.asFuture(asyncio.get_running_loop()), timeout=5)

    assert application.cancelled()
