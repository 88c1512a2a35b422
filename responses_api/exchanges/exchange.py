"""One exchange as the gateway sees it: its claims, and its events in order, whole and once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from responses_api.core.generation_events import GenerationEvent, UpstreamFailed
from responses_api.exchanges.arrivals import Arrivals
from responses_api.exchanges.channel_messages import (
    Cancel,
    CaptureOrder,
    Claim,
    Events,
    Overlay,
    Refusal,
    Resend,
    send_soon,
)

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
class Call:
    """One upstream request of an exchange, as far as it has been received."""

    id: str
    interceptor: str
    received: int = -1
    early: dict[int, Events] = field(default_factory=dict)
    """Batches that came before one that is still missing."""
    ended: bool = False
    cancelled: bool = False
    """Nobody waits for it any more; the interceptor may not know yet."""


@dataclass(frozen=True, slots=True)
class OverlayContent:
    """What an exchange sends in place of the language server's request (see ``channel_messages.Overlay``)."""

    credential_ref: str
    model: str
    body: bytes
    body_id: str = ""


class Exchange(Arrivals):
    """One trip of one response through language server, interceptor and upstream.

    Args:
        exchange_id: unique, also across gateways.
        cascade_id: the language server's conversation, whose marker is claimed.
        overlay: what a claim is answered with.
        inbox: channel on which the interceptor reaches us.
        on_close: called when nothing more is wanted.
    """

    def __init__(
        self,
        exchange_id: str,
        cascade_id: str,
        overlay: OverlayContent,
        *,
        inbox: str,
        on_close: "Callable[[Exchange], None]",
    ) -> None:
        super().__init__()
        self.id = exchange_id
        self.cascade_id = cascade_id
        self.turns = 0
        self.capture: Callable[[int], CaptureOrder] | None = None
        """Makes the order to keep the content of a call, by its number; None where none is kept."""
        self._inbox = inbox
        self._on_close = on_close
        self._overlay = overlay
        self._call: Call | None = None
        self._claimable = True
        self._claimed = asyncio.Event()
        self._parked: Claim | None = None
        """A further claim that came before the answer so far was judged."""

    async def wait_for_claim(self, patience: float) -> bool:
        """True once an interceptor has claimed the current turn; False after ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._claimed.wait()
        except TimeoutError:
            return False
        return True

    def expect_call(self, overlay: OverlayContent | None = None) -> None:
        """Allow one more claim, because the answer so far was not the last one.

        Args:
            overlay: what that claim is answered with; None for the same as before.
        """
        if overlay is not None:
            self._overlay = overlay
        self._claimable = True
        self._claimed.clear()
        parked, self._parked = self._parked, None
        if parked is not None:
            self._answer(parked, self._accept(parked))

    def cancel(self) -> None:
        """Tell the interceptor to close the upstream; the usage so far arrives as the last events."""
        self._claimable = False
        if (call := self.open_call) is not None:
            call.cancelled = True
            send_soon(call.interceptor, Cancel(call.id))

    async def stop(self, patience: float) -> list[GenerationEvent]:
        """Cancel; everything that still arrives, until the end or ``patience`` seconds of silence."""
        self.cancel()
        self._hurried = False
        arrived: list[GenerationEvent] = []
        while self.open_call is not None and (more := await self.next_events(patience)):
            arrived += more
        return arrived + await self.next_events(0)

    def close(self) -> None:
        """Forget the exchange; later claims of its marker are refused."""
        self._claimable = False
        if self._parked is not None:
            self._answer(self._parked, Refusal(self._parked.call_id, "the exchange is over"))
        self._on_close(self)

    # --- called by the desk ---

    def accept_claim(self, claim: Claim) -> None:
        """Answer a claim of this exchange's marker, now or once the answer before it is judged."""
        call = self._call
        if call is not None and call.id == claim.call_id:
            # The interceptor did not get our answer and asks again.
            self._answer(claim, self._overlay_for(claim))
        elif self._claimable:
            self._answer(claim, self._accept(claim))
        else:
            # The language server calls again before the answer so far was judged.
            self._parked = claim

    def _accept(self, claim: Claim) -> Overlay:
        self._claimable = False
        self.turns += 1
        self._call = Call(claim.call_id, claim.reply_to)
        self._claimed.set()
        return self._overlay_for(claim)

    @staticmethod
    def _answer(claim: Claim, answer: Overlay | Refusal) -> None:
        send_soon(claim.reply_to, answer)

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
        self._arrive([failure])

    @property
    def open_call(self) -> Call | None:
        """The call whose last events have not arrived yet."""
        return self._call if self._call is not None and not self._call.ended else None

    @property
    def call(self) -> Call | None:
        """The latest call, ended or not."""
        return self._call

    def _deliver(self, call: Call, message: Events) -> None:
        call.received = message.sequence
        call.ended = message.last
        self._arrive(message.events)
        # Also if there are none: that the call has ended is news to ``stop``.
        self._wake.set()

    def _overlay_for(self, claim: Claim) -> Overlay:
        content = self._overlay
        return Overlay(
            call_id=claim.call_id,
            exchange_id=self.id,
            reply_to=self._inbox,
            credential_ref=content.credential_ref,
            model=content.model,
            body=content.body,
            body_id=content.body_id,
            capture=self.capture(self.turns) if self.capture is not None else None,
        )
