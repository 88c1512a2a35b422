"""One HTTP/2 connection to the model's endpoint, through the interceptor, for the calls of a crowd."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

LARGEST_BODY = 16 * 1024
"""Bytes of a request: one frame, and far below the windows of flow control."""
_WINDOW = 2**31 - 1
"""Bytes that may come in unacknowledged: what arrives is read at once, so nothing piles up."""
_LARGEST_REFUSAL = 64 * 1024

type Headers = Sequence[tuple[str, str]]


class CallBrokeOff(Exception):
    """A call ended before its answer did.

    Attributes:
        repeatable: whether the call can be made once more: the other side has not begun it, or nothing
            of an answer has come on a connection that may have died while it was idle.
    """

    def __init__(self, *, repeatable: bool) -> None:
        super().__init__("the connection broke off")
        self.repeatable = repeatable


@dataclass(slots=True, eq=False)
class _Call:
    """One stream of the connection."""

    on_data: Callable[[bytes], None]
    ended: asyncio.Future[None]
    status: int = 0
    refusal: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> None:
        """A piece of the answer."""
        if self.status == 200:
            self.on_data(data)
        elif len(self.refusal) < _LARGEST_REFUSAL:
            self.refusal += data

    def end(self, error: Exception | None = None) -> None:
        """Let whoever made the call go on."""
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


class SharedConnection(asyncio.Protocol):
    """Carries several calls at once; made by ``SharedConnections``.

    Args:
        on_lost: called when it takes no more calls, perhaps again.
    """

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._calls: dict[int, _Call] = {}
        self._transport: asyncio.Transport | None = None
        self._worked = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the other side has said what it allows."""
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding=False)
        )

    def begin(self, transport: asyncio.Transport) -> None:
        """TLS stands."""
        self._transport = transport
        settings = self._h2.local_settings
        settings.enable_push, settings.initial_window_size = 0, _WINDOW
        # Now, not when the other side has: the first frame is to say so.
        settings.acknowledge()
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW - self._h2.inbound_flow_control_window)
        self._flush()

    async def stream(
        self, headers: Headers, body: bytes, on_data: Callable[[bytes], None]
    ) -> tuple[int, bytes]:
        """Make a request of up to ``LARGEST_BODY``; return when its answer is over.

        Cancelling it ends its stream at once, and no other.

        Args:
            headers: with HTTP/2's own in front.
            body: of the request.
            on_data: gets the answer's bytes as they arrive, unless it is a refusal; what it raises
                ends the call.

        Returns:
            The answer's status; for one other than 200 also the beginning of its body.

        Raises:
            CallBrokeOff: the connection or the stream broke off.
        """
        worked = self._worked
        stream_id = self._h2.get_next_available_stream_id()
        call = self._calls[stream_id] = _Call(on_data, asyncio.get_running_loop().create_future())
        try:
            self._h2.send_headers(stream_id, headers)
            self._h2.send_data(stream_id, body, end_stream=True)
            self._flush()
            await call.ended
        except h2.exceptions.H2Error:
            # Closed, or the other side allows less than we want; it has not got the whole request.
            raise CallBrokeOff(repeatable=True) from None
        except CallBrokeOff as end:
            raise CallBrokeOff(repeatable=(end.repeatable or worked) and not call.status) from None
        finally:
            self._forget(stream_id)
        self._worked = True
        return call.status, bytes(call.refusal)

    def close(self) -> None:
        """Close it now; calls that are open break off."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ---

    def data_received(self, data: bytes) -> None:
        """Frames, cut anywhere."""
        try:
            for event in self._h2.receive_data(data):
                self._take(event)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._give_up()
            return
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by whomever."""
        self._on_lost()
        if not self.ready.done():
            self.ready.set_exception(ConnectionResetError())
        for stream_id in list(self._calls):
            self._end(stream_id, repeatable=False)

    def _take(self, event: h2.events.Event) -> None:
        stream_id: int = getattr(event, "stream_id", 0) or 0
        call = self._calls.get(stream_id)
        match event:
            case h2.events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, stream_id)
                if call is not None:
                    self._give(call, event.data)
            case h2.events.ResponseReceived() if call is not None:
                call.status = int(dict(event.headers)[b":status"])
            case h2.events.StreamEnded() if call is not None:
                self._end(stream_id)
            case h2.events.StreamReset() if call is not None:
                self._end(stream_id, repeatable=event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM)
            case h2.events.ConnectionTerminated():
                # What was not begun can be said again. The rest is lost: h2 reads nothing any more.
                for other in list(self._calls):
                    self._end(other, repeatable=other > (event.last_stream_id or 0))
                self._give_up()
            case h2.events.RemoteSettingsChanged() if not self.ready.done():
                self.ready.set_result(None)

    def _end(self, stream_id: int, *, repeatable: bool | None = None) -> None:
        """Its stream is over: with ``repeatable`` before the end of its answer."""
        self._calls.pop(stream_id).end(None if repeatable is None else CallBrokeOff(repeatable=repeatable))

    @staticmethod
    def _give(call: _Call, data: bytes) -> None:
        if call.ended.done():
            return
        try:
            call.take(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is that call's
            call.end(error)

    def _forget(self, stream_id: int) -> None:
        """A call is over; if its answer is not, nobody wants the rest."""
        if self._calls.pop(stream_id, None) is not None:
            with contextlib.suppress(h2.exceptions.H2Error):
                self._h2.reset_stream(stream_id, h2.errors.ErrorCodes.CANCEL)
            self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _give_up(self) -> None:
        self._on_lost()
        self.close()
