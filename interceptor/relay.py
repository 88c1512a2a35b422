"""The interceptor's side of the exchange protocol: claims out, overlays in, events out in order.

One ``Relay`` per interceptor. It keeps what the gateway has not acknowledged, coalesces
what piles up while the channel layer is slow, and stops calls whose gateway has died.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable

from responses_api.core.generation_events import GenerationEvent
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
    Ping,
    Pong,
    Refusal,
    Resend,
    send,
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
        self.sending = False
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


class Relay:
    """All calls of this interceptor, and its inbox on the channel layer."""

    def __init__(self) -> None:
        self._inbox = Inbox(self._handle, groups=[INTERCEPTORS])
        self._claims: dict[str, asyncio.Future[Call | Refusal]] = {}
        self._calls: dict[str, Call] = {}
        self._heart: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to receive."""
        await self._inbox.open()

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
                    await send_to_group(GATEWAYS, claim)
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
        if call.unsent and not call.sending:
            call.sending = True
            # Not at once: one network read holds several chunks, and they make one message.
            asyncio.get_running_loop().call_soon(self._start_sending, call)

    def _start_sending(self, call: Call) -> None:
        spawn(self._send_pending(call), name="relay events")

    async def _send_pending(self, call: Call) -> None:
        try:
            while call.unsent:
                batch = call.pending[:_LARGEST_BATCH]
                del call.pending[:_LARGEST_BATCH]
                call.last_sent += 1
                message = Events(
                    call_id=call.id,
                    exchange_id=call.exchange_id,
                    sequence=call.last_sent,
                    events=tuple(batch),
                    last=call.closed and not call.pending,
                )
                call.end_sent = message.last
                call.unacknowledged.append(message)
                await send(call.gateway, message)
        except Exception as error:  # noqa: BLE001 - whatever the layer raises: kept, and sent again when asked for
            logger.warning("events of call %s wait for the channel layer: %s", call.id, error)
        finally:
            call.sending = False

    def _handle(self, message: ChannelMessage) -> None:
        match message:
            case Overlay():
                # A call from here on: a cancel may follow at once.
                if (answer := self._open_claim(message.call_id)) is not None:
                    claimed = self._calls[message.call_id] = Call(message)
                    answer.set_result(claimed)
                elif message.call_id not in self._calls:
                    spawn(send(message.reply_to, _came_too_late(message)), name="decline overlay")
            case Refusal():
                if (answer := self._open_claim(message.call_id)) is not None:
                    answer.set_result(message)
            case Acknowledgement():
                self._on_acknowledgement(message)
            case Resend():
                if (call := self._calls.get(message.call_id)) is not None:
                    spawn(self._send_again(call, message.sequence), name="resend events")
            case Cancel():
                if (call := self._calls.get(message.call_id)) is not None:
                    call.cancel()
            case Ping():
                spawn(send(message.reply_to, Pong(message.token)), name="answer ping")
            case _:
                logger.warning("an interceptor got a message for gateways: %s", type(message).__name__)

    def _open_claim(self, call_id: str) -> "asyncio.Future[Call | Refusal] | None":
        answer = self._claims.get(call_id)
        return None if answer is None or answer.done() else answer

    async def _send_again(self, call: Call, sequence: int) -> None:
        for message in list(call.unacknowledged):
            if message.sequence >= sequence:
                await send(call.gateway, message)

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
                try:
                    await send(gateway, Heartbeat(self._inbox.channel, calls))
                except Exception as error:  # noqa: BLE001 - the next beat tries again
                    logger.warning("no heartbeat to a gateway: %s", error)


def _came_too_late(overlay: Overlay) -> Events:
    """The claim was given up before its overlay came: the language server has its answer already."""
    failure = connection_failure("timeout", "the overlay came too late")
    return Events(overlay.call_id, overlay.exchange_id, sequence=0, events=(failure,), last=True)
