"""The interceptor's side of the exchange protocol: claims out, overlays in, events out in order.

One ``Relay`` per interceptor. It keeps what the gateway has not acknowledged, and stops calls
whose gateway has died. There is one ``Outbox`` per gateway: whatever piles up while a message
is on its way, of all calls, goes together with the next one, so the busier the interceptor is
the less each event costs.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from itertools import batched

from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
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
    Overlay,
    Parcel,
    Ping,
    Pong,
    Refusal,
    Resend,
    send,
    send_soon,
    send_to_group,
)
from responses_api.gemini.errors import connection_failure
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.interceptor")

GATEWAY_SILENCE = 5.0
"""Seconds without an acknowledgement after which a gateway counts as dead."""
_HEARTBEAT_INTERVAL = 1.0
_CLAIM_REPEAT = 0.5
_LARGEST_BATCH = 512
"""Events in one message."""
_DRAIN_POLL = 0.02
_CALLS_IN_HEARTBEAT = 2000
SHUTTING_DOWN = UpstreamFailed(
    http_status=503,
    type="server_error",
    code="server_error",
    message="The interceptor is shutting down. Please try again.",
    upstream_status="INTERCEPTOR_SHUTDOWN",
)


class Call:
    """One upstream request on its way, from its overlay to the acknowledgement of its last event."""

    def __init__(self, overlay: Overlay) -> None:
        self.id = overlay.call_id
        self.exchange_id = overlay.exchange_id
        self.gateway = overlay.reply_to
        self._overlay: Overlay | None = overlay
        self.on_cancel: Callable[[], None] = lambda: None
        """Set by whoever drives the upstream: closes it and pushes the call's last events."""
        self.closed = False
        self.pending: list[GenerationEvent] = []
        self.unacknowledged: list[Events] = []
        self.last_sent = -1
        self.end_sent = False
        self.last_sign = time.monotonic()
        self.cancelled = False

    def take_overlay(self) -> Overlay:
        """What is to be sent upstream; not kept here for as long as the answer takes, since it may be large.

        Raises:
            RuntimeError: it has been taken before.
        """
        overlay, self._overlay = self._overlay, None
        if overlay is None:
            raise RuntimeError(f"the overlay of call {self.id} has been taken")
        return overlay

    def cancel(self) -> None:
        """Stop it: now, or before it begins where nobody drives an upstream yet."""
        self.cancelled = True
        self.on_cancel()

    @property
    def unsent(self) -> bool:
        """Whether events, or the word that none will follow, have not been given to the layer yet."""
        return bool(self.pending) or (self.closed and not self.end_sent)

    def next_batch(self, room: int) -> Events:
        """Up to ``room`` of the pending events, numbered; kept here until they are acknowledged."""
        events = tuple(self.pending[:room])
        del self.pending[:room]
        self.last_sent += 1
        self.end_sent = self.closed and not self.pending
        batch = Events(self.id, self.exchange_id, self.last_sent, events, last=self.end_sent)
        self.unacknowledged.append(batch)
        return batch


class Outbox:
    """What the calls of one gateway have to say, on its way."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._waiting: dict[str, Call] = {}
        self.sending = False

    def add(self, call: Call) -> None:
        """Send what ``call`` has pending, soon."""
        if call.unsent:
            self._waiting[call.id] = call
        if self._waiting and not self.sending:
            self.sending = True
            # Not at once: one network read holds several chunks, and they make one message.
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        spawn(self._send(), name="relay events")

    async def _send(self) -> None:
        try:
            while self._waiting:
                await send(self._gateway, self._next_message())
        except Exception as error:  # noqa: BLE001 - whatever the layer raises: kept, and sent again when asked for
            logger.warning("events wait for the channel layer: %s", error)
        finally:
            self.sending = False

    def _next_message(self) -> Events | Parcel:
        """The oldest events of as many calls as fit; a call that has more waits behind the others."""
        batches: list[Events] = []
        room = _LARGEST_BATCH
        for call_id, call in list(self._waiting.items()):
            if room <= 0:
                break
            del self._waiting[call_id]
            batches.append(call.next_batch(room))
            room -= len(batches[-1].events)
            if call.unsent:
                self._waiting[call_id] = call
        return batches[0] if len(batches) == 1 else Parcel(tuple(batches))


class Relay:
    """All calls of this interceptor, and its inbox on the channel layer."""

    def __init__(self) -> None:
        self._inbox = Inbox(self._handle, groups=[INTERCEPTORS])
        self._claims: dict[str, asyncio.Future[Call | Refusal]] = {}
        self._calls: dict[str, Call] = {}
        self._outboxes: dict[str, Outbox] = {}
        self._heart: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to receive, as soon as the channel layer can be reached."""
        await self._inbox.open_patiently()

    async def finish_all(self, patience: float) -> None:
        """The process is about to stop: fail what is running, and wait until the gateways know.

        Every stream gets its terminal event this way.
        """
        for call in self._calls.values():
            self.push(call, [SHUTTING_DOWN], last=True)
        deadline = time.monotonic() + patience
        while self._has_unsent and time.monotonic() < deadline:  # noqa: ASYNC110 - once in a process's life
            await asyncio.sleep(_DRAIN_POLL)

    @property
    def _has_unsent(self) -> bool:
        return any(call.unsent for call in self._calls.values())

    async def close(self) -> None:
        """Stop; calls in flight are cancelled by their gateways' watch."""
        if self._heart is not None:
            self._heart.cancel()
        await self._inbox.close()

    async def claim(self, cascade_id: str, patience: float) -> Call | None:
        """The call for a marker just seen; None if its exchange is over or nobody's.

        Looks for the owner for up to ``patience`` seconds, repeating the claim, since group
        messages may be dropped.
        """
        call_id = uuid.uuid4().hex
        answer: asyncio.Future[Call | Refusal] = asyncio.get_running_loop().create_future()
        self._claims[call_id] = answer
        claim = Claim(cascade_id, call_id, self._inbox.channel)
        try:
            async with asyncio.timeout(patience):
                while True:
                    await _ask_around(claim)
                    done, _ = await asyncio.wait([answer], timeout=_CLAIM_REPEAT)
                    if done:
                        break
        except TimeoutError:
            if not answer.done():
                return None
        finally:
            del self._claims[call_id]
        match answer.result():
            case Call() as call:
                if self._heart is None or self._heart.done():
                    self._heart = spawn(self._beat(), name="relay heartbeat")
                return call
            case Refusal(reason=reason):
                logger.info("claim of cascade %s refused: %s", cascade_id, reason)
                return None

    def push(self, call: Call, events: list[GenerationEvent], *, last: bool = False) -> None:
        """Send ``events`` to the call's gateway, soon and in order; with ``last`` nothing may follow."""
        if call.closed or not (events or last):
            return
        call.pending.extend(events)
        call.closed = last
        self._send_soon(call)

    def _send_soon(self, call: Call) -> None:
        if call.unsent:
            outbox = self._outboxes.get(call.gateway)
            if outbox is None:
                outbox = self._outboxes[call.gateway] = Outbox(call.gateway)
            outbox.add(call)

    def _handle(self, message: ChannelMessage) -> None:
        match message:
            case Overlay():
                # A call from here on: a cancel may follow at once.
                if (answer := self._open_claim(message.call_id)) is not None:
                    claimed = self._calls[message.call_id] = Call(message)
                    answer.set_result(claimed)
                elif message.call_id not in self._calls:
                    send_soon(message.reply_to, _came_too_late(message))
            case Refusal():
                if (answer := self._open_claim(message.call_id)) is not None:
                    answer.set_result(message)
            case Acknowledgement():
                self._on_acknowledgement(message)
            case Resend():
                if (call := self._calls.get(message.call_id)) is not None:
                    self._send_again(call, message.sequence)
            case Cancel():
                if (call := self._calls.get(message.call_id)) is not None:
                    call.cancel()
            case Ping():
                send_soon(message.reply_to, Pong(message.token))
            case _:
                logger.warning("an interceptor got a message for gateways: %s", type(message).__name__)

    def _open_claim(self, call_id: str) -> "asyncio.Future[Call | Refusal] | None":
        answer = self._claims.get(call_id)
        return None if answer is None or answer.done() else answer

    @staticmethod
    def _send_again(call: Call, sequence: int) -> None:
        for batch in call.unacknowledged:
            if batch.sequence >= sequence:
                send_soon(call.gateway, batch)

    def _on_acknowledgement(self, message: Acknowledgement) -> None:
        now = time.monotonic()
        for call_id, received in message.calls.items():
            call = self._calls.get(call_id)
            if call is None:
                continue
            call.last_sign = now
            done = False
            while call.unacknowledged and call.unacknowledged[0].sequence <= received:
                done = call.unacknowledged.pop(0).last
            if done:
                del self._calls[call_id]
        for call_id in message.gone:
            if (call := self._calls.pop(call_id, None)) is not None and not call.closed:
                call.cancel()

    async def _beat(self) -> None:
        """Tell each gateway what it should have by now; runs while there are calls."""
        while self._calls:
            before = time.monotonic()
            await asyncio.sleep(_HEARTBEAT_INTERVAL)
            # What this process itself stood still is not the gateways' silence.
            stood_still = time.monotonic() - before - _HEARTBEAT_INTERVAL
            by_gateway: dict[str, dict[str, int]] = {}
            deadline = time.monotonic() - GATEWAY_SILENCE
            for call in list(self._calls.values()):
                call.last_sign += stood_still
                if call.last_sign < deadline:
                    logger.error("gateway lost: call %s is stopped", call.id)
                    del self._calls[call.id]
                    if not call.closed:
                        call.cancel()
                    continue
                by_gateway.setdefault(call.gateway, {})[call.id] = call.last_sent
                self._send_soon(call)
            for gateway, calls in by_gateway.items():
                # Not awaited: a gateway whose inbox is full must not keep the others waiting.
                for part in batched(calls.items(), _CALLS_IN_HEARTBEAT):
                    send_soon(gateway, Heartbeat(self._inbox.channel, dict(part)))
            for gateway in self._outboxes.keys() - by_gateway.keys():
                if not self._outboxes[gateway].sending:
                    del self._outboxes[gateway]


async def _ask_around(claim: Claim) -> None:
    try:
        await send_to_group(GATEWAYS, claim)
    except Exception as error:  # noqa: BLE001 - whatever the layer raises: the claim is repeated
        logger.warning("a claim waits for the channel layer: %s", error)


def _came_too_late(overlay: Overlay) -> Events:
    """The claim was given up before its overlay came: the language server has its answer already."""
    failure = connection_failure("timeout", "the overlay came too late")
    return Events(overlay.call_id, overlay.exchange_id, sequence=0, events=(failure,), last=True)
