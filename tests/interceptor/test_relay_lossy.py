"""Relay and desk over a simulated layer that loses, doubles, delays and so reorders whatever it is given."""

import asyncio
from collections.abc import Coroutine
from itertools import chain, repeat
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interceptor import relay as relay_module
from interceptor.relay import Relay
from responses_api.core.generation_events import GenerationEvent, TextDelta
from responses_api.exchanges import channel_messages, exchange_desk
from responses_api.exchanges.channel_messages import ChannelMessage, send, send_to_group
from responses_api.exchanges.exchange import Exchange, OverlayContent
from responses_api.exchanges.exchange_desk import ExchangeDesk
from responses_api.runtime.tasks import spawn
from tests.interceptor.exchange_rig import FINISHED, claimed

_BOUND = 20.0
"""Seconds in which everything has to have arrived, whatever happens to the first few hundred messages."""
CONTENT = OverlayContent("credential:1", "gemini-3.8-flash", b"{}")

type Fate = tuple[int, float]
"""How often a message arrives, and how many seconds late."""

fates = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 1, 1, 2]), st.sampled_from([0.0, 0.0, 0.005, 0.03])), max_size=300
)
streams = st.lists(st.integers(0, 40), min_size=1, max_size=6)
"""Texts in each of some streams that run at the same time."""


class BadLayer:
    """Does to each message what is planned; when the plan is over, it is a good one."""

    def __init__(self, plan: list[Fate]) -> None:
        self._fates = chain(plan, repeat((1, 0.0)))

    async def send(self, channel: str, message: ChannelMessage) -> None:
        times, delay = next(self._fates)
        for _ in range(times):
            self._later(delay, send(channel, message))

    async def send_to_group(self, group: str, message: ChannelMessage) -> None:
        times, delay = next(self._fates)
        for _ in range(times):
            self._later(delay, send_to_group(group, message))

    @staticmethod
    def _later(delay: float, sending: Coroutine[Any, Any, None]) -> None:
        asyncio.get_running_loop().call_later(delay, lambda: spawn(sending, name="late message"))


async def drive(lengths: list[int], every: float) -> list[list[GenerationEvent]]:
    """Streams of so many texts, a text every so many seconds; what their exchanges got."""
    desk, relay = ExchangeDesk(), Relay()
    await desk.open()
    await relay.open()
    try:
        exchanges = [desk.register(f"exch_{n}", f"cascade-{n}", CONTENT) for n in range(len(lengths))]
        calls = await asyncio.gather(*(claimed(relay, f"cascade-{n}") for n in range(len(lengths))))

        async def write(number: int) -> None:
            for text in range(lengths[number]):
                relay.push(calls[number], [TextDelta(str(text))])
                await asyncio.sleep(every)
            relay.push(calls[number], [FINISHED], last=True)

        async def read(exchange: Exchange) -> list[GenerationEvent]:
            got: list[GenerationEvent] = []
            while exchange.open_call is not None:
                got += await exchange.next_events(0.05)
            await asyncio.sleep(0.05)  # what was late or doubled
            return got + await exchange.next_events(0)

        async with asyncio.timeout(_BOUND), asyncio.TaskGroup() as both:
            for number in range(len(lengths)):
                both.create_task(write(number))
            reading = [both.create_task(read(exchange)) for exchange in exchanges]
        return [task.result() for task in reading]
    finally:
        await relay.close()
        await desk.close()


@given(plan=fates, lengths=streams, every=st.sampled_from([0.0, 0.001]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_lost_doubled_or_reordered_and_every_stream_ends(
    plan: list[Fate], lengths: list[int], every: float
) -> None:
    layer = BadLayer(plan)
    with (
        mock.patch.object(channel_messages, "send", layer.send),
        mock.patch.object(relay_module, "send", layer.send),
        mock.patch.object(relay_module, "send_to_group", layer.send_to_group),
        mock.patch.object(relay_module, "_HEARTBEAT_INTERVAL", 0.01),
        mock.patch.object(relay_module, "_CLAIM_REPEAT", 0.01),
        mock.patch.object(exchange_desk, "_WATCH_INTERVAL", 0.05),
    ):
        got = asyncio.run(drive(lengths, every))

    assert got == [[*(TextDelta(str(text)) for text in range(length)), FINISHED] for length in lengths]
