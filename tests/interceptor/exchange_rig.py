"""For tests of the exchange protocol: a wire that misbehaves on order, and small helpers."""

import asyncio
from collections.abc import Callable
from typing import Any

from interceptor.relay import Call, Relay
from responses_api.core.generation_events import Finished, GenerationEvent, TextDelta
from responses_api.exchanges.channel_messages import ChannelMessage, send
from responses_api.exchanges.exchange import Exchange, OverlayContent

CASCADE = "cascade-1"
CONTENT = OverlayContent("credential:1", "gemini-3.8-flash", b'{"contents":[]}')
FINISHED = Finished("completed", "STOP")
type Fault = Callable[[ChannelMessage], int]


class Wire:
    """Stands in for ``send`` on both sides: delivers each message as often as ``fault`` says."""

    def __init__(self) -> None:
        self.sent: list[ChannelMessage] = []
        self.fault: Fault = lambda message: 1

    async def send(self, channel: str, message: ChannelMessage) -> None:
        self.sent.append(message)
        for _ in range(self.fault(message)):
            await send(channel, message)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.sent if isinstance(message, kind)]

    def lose_first(self, kind: type, number: int = 1) -> None:
        """Lose the first ``number`` messages of a kind from here on."""
        left = number

        def fault(message: ChannelMessage) -> int:
            nonlocal left
            if isinstance(message, kind) and left:
                left -= 1
                return 0
            return 1

        self.fault = fault


async def claimed(relay: Relay, cascade: str = CASCADE) -> Call:
    call = await relay.claim(cascade, 5)
    assert call is not None
    return call


async def collect(exchange: Exchange, number: int) -> list[GenerationEvent]:
    """The next ``number`` events."""
    events: list[GenerationEvent] = []
    async with asyncio.timeout(5):
        while len(events) < number:
            events += await exchange.next_events(5)
    return events


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


def deltas(number: int) -> list[GenerationEvent]:
    return [TextDelta(str(index)) for index in range(number)]


async def push_one_by_one(relay: Relay, call: Call, events: list[GenerationEvent]) -> None:
    """Each event as a message of its own; the last of them ends the call."""
    for event in events:
        relay.push(call, [event], last=event is events[-1])
        await until(lambda: not call.unsent)
