"""The gateway's side of the exchange protocol: who waits for which cascade.

One ``ExchangeDesk`` per process. It owns the inbox, sends claims and events to the
exchange they are for, and watches over the interceptors.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from responses_api.core.errors import UpstreamFault
from responses_api.exchanges.channel_messages import (
    GATEWAYS,
    INTERCEPTORS,
    Acknowledgement,
    Cancel,
    ChannelMessage,
    Claim,
    Events,
    Heartbeat,
    Inbox,
    Parcel,
    Ping,
    Pong,
    Refusal,
    Resend,
    send,
    send_soon,
    send_to_group,
)
from responses_api.exchanges.envelopes import VERSION
from responses_api.exchanges.exchange import INTERCEPTOR_LOST, SHUTTING_DOWN, Exchange, OverlayContent
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.exchange")

INTERCEPTOR_SILENCE = 5.0
"""Seconds without a sign of life after which an interceptor counts as dead."""
_WATCH_INTERVAL = 1.0
_REMEMBERED_ENDS = 10_000


class ChannelLayerFault(UpstreamFault):
    """Redis is away: no interceptor can be asked for anything."""

    http_status = 503
    code = "channel_layer_unavailable"


class ExchangeDesk:
    """All exchanges of this process, and its inbox on the channel layer."""

    def __init__(self) -> None:
        self._inbox = Inbox(self._handle, groups=[GATEWAYS])
        self._by_cascade: dict[str, Exchange] = {}
        self._by_id: dict[str, Exchange] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._last_sign: dict[str, float] = {}
        self._pings: dict[str, asyncio.Event] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._watcher: asyncio.Task[None] | None = None

    @property
    def channel(self) -> str:
        """Name of this process's inbox."""
        return self._inbox.channel

    @property
    def why_unclaimed(self) -> str | None:
        """What probably keeps interceptors from claiming, if this process knows of anything."""
        if (theirs := self._inbox.other_version) is None:
            return None
        return (
            f"There is an interceptor of another version: it speaks version {theirs} of the exchange "
            f"protocol, this gateway version {VERSION}. Start both in the same version."
        )

    async def open(self) -> None:
        """Begin to receive."""
        await self._inbox.open()

    async def close(self) -> None:
        """Stop receiving; exchanges in flight get nothing more."""
        if self._watcher is not None:
            self._watcher.cancel()
        await self._inbox.close()

    def register(self, exchange_id: str, cascade_id: str, overlay: OverlayContent) -> Exchange:
        """Make a claimable exchange. Call it before the marker is sent."""
        exchange = Exchange(exchange_id, cascade_id, overlay, inbox=self.channel, on_close=self.forget)
        self._by_cascade[cascade_id] = exchange
        self._by_id[exchange_id] = exchange
        self._idle.clear()
        if self._watcher is None or self._watcher.done():
            self._watcher = spawn(self._watch(), name="interceptor watch")
        return exchange

    def forget(self, exchange: Exchange) -> None:
        """Drop a closed exchange, remembering that its marker was ours."""
        self._by_id.pop(exchange.id, None)
        if not self._by_id:
            self._idle.set()
        if self._by_cascade.pop(exchange.cascade_id, None) is not None:
            self._ended[exchange.cascade_id] = None
            if len(self._ended) > _REMEMBERED_ENDS:
                self._ended.popitem(last=False)

    async def finish_all(self, patience: float) -> None:
        """The process is about to stop: fail what is running and wait until it has been booked.

        Every stream gets its terminal event this way.
        """
        for exchange in list(self._by_id.values()):
            exchange.fail(SHUTTING_DOWN)
        try:
            async with asyncio.timeout(patience):
                await self._idle.wait()
        except TimeoutError:
            logger.error("%d responses did not end in time", len(self._by_id))

    async def interceptor_answers(self, patience: float) -> bool:
        """True if any interceptor answers over the channel layer within ``patience`` seconds."""
        return await self._pong_comes(
            patience, lambda token: send_to_group(INTERCEPTORS, Ping(self.channel, token))
        )

    async def layer_answers(self, patience: float) -> bool:
        """True if a message to ourselves arrives within ``patience`` seconds."""
        return await self._pong_comes(patience, lambda token: send(self.channel, Pong(token)))

    async def _pong_comes(self, patience: float, ask: Callable[[str], Awaitable[None]]) -> bool:
        token = f"{self.channel}:{time.monotonic_ns()}"
        answered = self._pings[token] = asyncio.Event()
        try:
            async with asyncio.timeout(patience):
                await ask(token)
                await answered.wait()
        except TimeoutError:
            return False
        finally:
            del self._pings[token]
        return True

    def _handle(self, message: ChannelMessage) -> None:
        match message:
            case Events():
                self._on_events(message)
            case Parcel():
                for batch in message.batches:
                    self._on_events(batch)
            case Claim():
                self._on_claim(message)
            case Heartbeat():
                self._on_heartbeat(message)
            case Pong():
                if (answered := self._pings.get(message.token)) is not None:
                    answered.set()
            case _:
                logger.warning("a gateway got a message for interceptors: %s", type(message).__name__)

    def _on_events(self, message: Events) -> None:
        exchange = self._by_id.get(message.exchange_id)
        if exchange is None:
            return
        resend = exchange.accept_events(message)
        if resend is not None and exchange.call is not None:
            send_soon(exchange.call.interceptor, resend)

    def _on_claim(self, claim: Claim) -> None:
        # Neither here nor there: another gateway's, or nobody's.
        if (exchange := self._by_cascade.get(claim.cascade_id)) is not None:
            self._last_sign[claim.reply_to] = time.monotonic()
            exchange.accept_claim(claim)
        elif claim.cascade_id in self._ended:
            send_soon(claim.reply_to, Refusal(claim.call_id, "the exchange is over"))

    def _on_heartbeat(self, heartbeat: Heartbeat) -> None:
        self._last_sign[heartbeat.reply_to] = time.monotonic()
        calls = {e.call.id: e.call for e in self._by_id.values() if e.call is not None}
        received: dict[str, int] = {}
        gone: list[str] = []
        for call_id, last_sent in heartbeat.calls.items():
            call = calls.get(call_id)
            if call is None:
                gone.append(call_id)
                continue
            received[call_id] = call.received
            if last_sent > call.received:
                send_soon(heartbeat.reply_to, Resend(call_id, call.received + 1))
            if call.cancelled and not call.ended:
                # The interceptor goes on: it has not got the first one.
                send_soon(heartbeat.reply_to, Cancel(call_id))
        send_soon(heartbeat.reply_to, Acknowledgement(received, tuple(gone)))

    async def _watch(self) -> None:
        """Fail the exchanges whose interceptor has died; runs while there are exchanges."""
        while self._by_id:
            before = time.monotonic()
            await asyncio.sleep(_WATCH_INTERVAL)
            # What this process itself stood still is not the interceptors' silence.
            stood_still = time.monotonic() - before - _WATCH_INTERVAL
            for channel in self._last_sign:
                self._last_sign[channel] += stood_still
            deadline = time.monotonic() - INTERCEPTOR_SILENCE
            for exchange in list(self._by_id.values()):
                call = exchange.open_call
                if call is not None and self._last_sign.get(call.interceptor, 0) < deadline:
                    logger.error("interceptor lost: exchange %s", exchange.id)
                    exchange.fail(INTERCEPTOR_LOST)
            for channel, seen in list(self._last_sign.items()):
                if seen < deadline - 60:
                    del self._last_sign[channel]


_desks: dict[asyncio.AbstractEventLoop, ExchangeDesk] = {}
_opening: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}


async def current_desk() -> ExchangeDesk:
    """This process's desk, opened on first use. One per running event loop.

    Raises:
        ChannelLayerFault: the channel layer cannot be reached now.
    """
    loop = asyncio.get_running_loop()
    desk = _desks.get(loop)
    if desk is not None:
        return desk
    async with _opening.setdefault(loop, asyncio.Lock()):
        if loop not in _desks:
            desk = ExchangeDesk()
            try:
                await desk.open()
            except Exception as error:
                raise ChannelLayerFault("The channel layer cannot be reached. Please try again.") from error
            _desks[loop] = desk
        return _desks[loop]


async def close_current_desk() -> None:
    """Close this process's desk, if it was opened."""
    loop = asyncio.get_running_loop()
    _opening.pop(loop, None)
    desk = _desks.pop(loop, None)
    if desk is not None:
        await desk.close()
