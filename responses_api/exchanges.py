"""The gateway's side of the exchange protocol: who waits for which cascade, and what has arrived.

One ``ExchangeDesk`` per process. It owns the inbox, answers claims with overlays, puts
the events of each call in order and hands them to the exchange that waits for them.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from responses_api.channel_messages import (
    GATEWAYS,
    INTERCEPTORS,
    Acknowledgement,
    Cancel,
    ChannelMessage,
    Claim,
    Events,
    Heartbeat,
    Inbox,
    Overlay,
    Ping,
    Pong,
    Refusal,
    Resend,
    send,
    send_to_group,
)
from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
from responses_api.tasks import spawn

logger = logging.getLogger("zg.exchange")

INTERCEPTOR_SILENCE = 5.0
"""Seconds without a sign of life after which an interceptor counts as dead."""
_WATCH_INTERVAL = 1.0
_REMEMBERED_ENDS = 10_000

INTERCEPTOR_LOST = UpstreamFailed(
    http_status=502,
    type="server_error",
    code="server_error",
    message="The interceptor stopped answering in the middle of the response. Please try again.",
    upstream_status="INTERCEPTOR_LOST",
)

SHUTTING_DOWN = UpstreamFailed(
    http_status=503,
    type="server_error",
    code="server_error",
    message="The gateway is shutting down. Please try again.",
    upstream_status="GATEWAY_SHUTDOWN",
)


@dataclass(slots=True)
class _Call:
    """One upstream request of an exchange, as far as it has been received."""

    id: str
    interceptor: str
    received: int = -1
    early: dict[int, Events] = field(default_factory=dict)
    """Batches that came before one that is still missing."""
    ended: bool = False


class Exchange:
    """One trip of one response through language server, interceptor and upstream.

    Events come out of ``next_events`` in order, whole and once.
    """

    def __init__(
        self, desk: "ExchangeDesk", exchange_id: str, cascade_id: str, overlay: "OverlayContent"
    ) -> None:
        self.id = exchange_id
        self.cascade_id = cascade_id
        self.turns = 0
        self._desk = desk
        self._overlay = overlay
        self._call: _Call | None = None
        self._arrived: list[GenerationEvent] = []
        self._wake = asyncio.Event()
        self._claimable = True
        self._claimed = asyncio.Event()
        self._parked: Claim | None = None
        """A follow-up claim that came before the answer it follows was judged."""

    async def wait_for_claim(self, patience: float) -> bool:
        """True once an interceptor has claimed the current turn; False after ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._claimed.wait()
        except TimeoutError:
            return False
        return True

    async def next_events(self, patience: float) -> list[GenerationEvent]:
        """All events that have arrived since the last call; empty after ``patience`` seconds of silence."""
        if not self._arrived:
            self._wake.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._wake.wait()
            except TimeoutError:
                return []
        arrived, self._arrived = self._arrived, []
        return arrived

    def expect_follow_up(self) -> None:
        """Allow one more claim: the answer so far was only thoughts, the language server calls again."""
        self._claimable = True
        self._claimed.clear()
        parked, self._parked = self._parked, None
        if parked is not None:
            self._answer(parked, self._accept(parked))

    def cancel(self) -> None:
        """Tell the interceptor to close the upstream; the usage so far arrives as the last events."""
        self._claimable = False
        if self._call is not None and not self._call.ended:
            spawn(send(self._call.interceptor, Cancel(self._call.id)), name="cancel call")

    def close(self) -> None:
        """Forget the exchange; later claims of its marker are refused."""
        self._claimable = False
        if self._parked is not None:
            self._answer(self._parked, Refusal(self._parked.call_id, "the exchange is over"))
        self._desk.forget(self)

    # --- called by the desk ---

    def accept_claim(self, claim: Claim) -> None:
        """Answer a claim of this exchange's marker, now or once the answer before it is judged."""
        call = self._call
        if call is not None and call.id == claim.call_id:
            # The interceptor did not get our answer and asks again.
            self._answer(claim, self._overlay_for(claim))
        elif self._claimable:
            self._answer(claim, self._accept(claim))
        elif call is not None and call.ended:
            self._parked = claim
        else:
            self._answer(claim, Refusal(claim.call_id, "this turn has been claimed already"))

    def _accept(self, claim: Claim) -> Overlay:
        self._claimable = False
        self.turns += 1
        self._call = _Call(claim.call_id, claim.reply_to)
        self._claimed.set()
        return self._overlay_for(claim)

    @staticmethod
    def _answer(claim: Claim, answer: Overlay | Refusal) -> None:
        spawn(send(claim.reply_to, answer), name="answer claim")

    def accept_events(self, message: Events) -> Resend | None:
        """Take in a batch; the answer is a request for what is missing before it, if anything is."""
        call = self._call
        if call is None or call.id != message.call_id or message.sequence <= call.received:
            return None
        if message.sequence > call.received + 1:
            first_gap = not call.early
            call.early[message.sequence] = message
            return Resend(call.id, call.received + 1) if first_gap else None
        self._deliver(call, message)
        while (following := call.early.pop(call.received + 1, None)) is not None:
            self._deliver(call, following)
        return None

    def fail(self, failure: UpstreamFailed) -> None:
        """End the exchange from our side with ``failure`` as its last event."""
        self.cancel()
        if self._call is not None:
            self._call.ended = True
        self._arrived.append(failure)
        self._wake.set()

    @property
    def open_call(self) -> _Call | None:
        """The call whose last events have not arrived yet."""
        return self._call if self._call is not None and not self._call.ended else None

    @property
    def call(self) -> _Call | None:
        """The latest call, ended or not."""
        return self._call

    def _deliver(self, call: _Call, message: Events) -> None:
        call.received = message.sequence
        call.ended = message.last
        self._arrived.extend(message.events)
        self._wake.set()

    def _overlay_for(self, claim: Claim) -> Overlay:
        content = self._overlay
        return Overlay(
            call_id=claim.call_id,
            exchange_id=self.id,
            reply_to=self._desk.channel,
            credential_ref=content.credential_ref,
            model=content.model,
            body=content.body,
            body_id=content.body_id,
        )


@dataclass(frozen=True, slots=True)
class OverlayContent:
    """What an exchange sends in place of the language server's request (see ``channel_messages.Overlay``)."""

    credential_ref: str
    model: str
    body: bytes
    body_id: str = ""


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
        exchange = Exchange(self, exchange_id, cascade_id, overlay)
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
        token = f"{self.channel}:{time.monotonic_ns()}"
        answered = self._pings[token] = asyncio.Event()
        try:
            async with asyncio.timeout(patience):
                await send_to_group(INTERCEPTORS, Ping(self.channel, token))
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
            spawn(send(exchange.call.interceptor, resend), name="ask for missing events")

    def _on_claim(self, claim: Claim) -> None:
        # Neither here nor there: another gateway's, or nobody's.
        if (exchange := self._by_cascade.get(claim.cascade_id)) is not None:
            self._last_sign[claim.reply_to] = time.monotonic()
            exchange.accept_claim(claim)
        elif claim.cascade_id in self._ended:
            refusal = Refusal(claim.call_id, "the exchange is over")
            spawn(send(claim.reply_to, refusal), name="refuse claim")

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
                resend = Resend(call_id, call.received + 1)
                spawn(send(heartbeat.reply_to, resend), name="ask for missing events")
        answer = Acknowledgement(received, tuple(gone))
        spawn(send(heartbeat.reply_to, answer), name="acknowledge")

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
    """This process's desk, opened on first use. One per running event loop."""
    loop = asyncio.get_running_loop()
    desk = _desks.get(loop)
    if desk is not None:
        return desk
    async with _opening.setdefault(loop, asyncio.Lock()):
        if loop not in _desks:
            desk = ExchangeDesk()
            await desk.open()
            _desks[loop] = desk
        return _desks[loop]


async def close_current_desk() -> None:
    """Close this process's desk, if it was opened."""
    loop = asyncio.get_running_loop()
    _opening.pop(loop, None)
    desk = _desks.pop(loop, None)
    if desk is not None:
        await desk.close()
