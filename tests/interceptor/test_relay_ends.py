"""Relay and desk against each other: follow-up calls, cancels, and sides that die."""

import asyncio

import pytest

from interceptor import relay as relay_module
from interceptor.relay import Relay
from responses_api.core.generation_events import TextDelta, UsageReported
from responses_api.exchanges import channel_messages, exchange_desk
from responses_api.exchanges.channel_messages import (
    Cancel,
    ChannelMessage,
    Heartbeat,
    Overlay,
    Parcel,
    send_to_group,
)
from responses_api.exchanges.exchange import INTERCEPTOR_LOST, SHUTTING_DOWN, Exchange
from responses_api.exchanges.exchange_desk import ExchangeDesk
from tests.interceptor.exchange_rig import CASCADE, CONTENT, FINISHED, Wire, claimed, collect, until

# --- follow-up calls ---


async def test_a_follow_up_that_was_waited_for_is_accepted(relay: Relay, exchange: Exchange) -> None:
    first = await claimed(relay)
    relay.push(first, [FINISHED], last=True)
    await collect(exchange, 1)
    exchange.expect_call()

    second = await claimed(relay)
    assert await exchange.wait_for_claim(1)
    relay.push(second, [TextDelta("now")], last=True)
    assert await collect(exchange, 1) == [TextDelta("now")]
    assert exchange.turns == 2


async def test_a_follow_up_that_comes_early_is_parked_until_it_is_wanted(
    relay: Relay, exchange: Exchange, wire: Wire
) -> None:
    first = await claimed(relay)
    relay.push(first, [FINISHED], last=True)
    await until(lambda: exchange.open_call is None)
    follow_up = asyncio.ensure_future(relay.claim(CASCADE, 5))
    await asyncio.sleep(0.05)
    assert not follow_up.done()

    await collect(exchange, 1)
    exchange.expect_call()

    assert await follow_up is not None
    assert await exchange.wait_for_claim(1)


async def test_a_parked_follow_up_is_refused_when_the_exchange_ends(relay: Relay, exchange: Exchange) -> None:
    first = await claimed(relay)
    relay.push(first, [FINISHED], last=True)
    await until(lambda: exchange.open_call is None)
    follow_up = asyncio.ensure_future(relay.claim(CASCADE, 5))
    await asyncio.sleep(0.05)

    exchange.close()

    assert await follow_up is None


# --- ends that are no ends of the model ---


async def test_a_cancel_stops_the_call_and_brings_its_last_count(relay: Relay, exchange: Exchange) -> None:
    call = await claimed(relay)
    call.on_cancel = lambda: relay.push(call, [UsageReported(5, 0, 2, 1)], last=True)
    relay.push(call, [TextDelta("some")])
    await collect(exchange, 1)

    exchange.cancel()

    assert await collect(exchange, 1) == [UsageReported(5, 0, 2, 1)]
    assert exchange.open_call is None


async def test_a_lost_cancel_is_made_up_for_when_the_exchange_is_gone(
    relay: Relay, exchange: Exchange, wire: Wire
) -> None:
    call = await claimed(relay)
    stopped = asyncio.Event()
    call.on_cancel = stopped.set
    wire.lose_first(Cancel)
    exchange.cancel()
    exchange.close()

    await asyncio.wait_for(stopped.wait(), 5)


async def test_a_gateway_that_falls_silent_stops_the_call(
    relay: Relay, desk: ExchangeDesk, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "GATEWAY_SILENCE", 0.1)
    call = await claimed(relay)
    stopped = asyncio.Event()
    call.on_cancel = stopped.set
    await desk.close()

    await asyncio.wait_for(stopped.wait(), 5)


async def test_a_gateway_that_answers_keeps_a_silent_model_going(
    relay: Relay, exchange: Exchange, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many times the silence limit without any event: heartbeats alone keep both sides."""
    monkeypatch.setattr(relay_module, "GATEWAY_SILENCE", 0.2)
    monkeypatch.setattr(exchange_desk, "INTERCEPTOR_SILENCE", 0.2)
    call = await claimed(relay)
    call.on_cancel = lambda: relay.push(call, [], last=True)
    await until(lambda: len(wire.of(Heartbeat)) > 30)

    relay.push(call, [FINISHED], last=True)
    assert await collect(exchange, 1) == [FINISHED]


async def test_an_interceptor_that_falls_silent_fails_the_exchange(
    relay: Relay, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_desk, "INTERCEPTOR_SILENCE", 0.1)
    call = await claimed(relay)
    relay.push(call, [TextDelta("some")])
    await collect(exchange, 1)
    await relay.close()

    assert await collect(exchange, 1) == [INTERCEPTOR_LOST]
    assert exchange.open_call is None


async def test_an_exchange_that_nobody_claimed_does_not_fail_by_silence(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_desk, "INTERCEPTOR_SILENCE", 0.01)

    assert await exchange.next_events(0.1) == []


async def test_a_shutdown_fails_what_is_running_and_waits_for_its_booking(
    relay: Relay, desk: ExchangeDesk, exchange: Exchange
) -> None:
    call = await claimed(relay)
    stopped = asyncio.Event()
    call.on_cancel = stopped.set
    finishing = asyncio.ensure_future(desk.finish_all(5))

    assert await collect(exchange, 1) == [SHUTTING_DOWN]
    assert not finishing.done()
    exchange.close()
    await finishing
    await asyncio.wait_for(stopped.wait(), 5)


async def test_readiness_asks_for_any_interceptor(desk: ExchangeDesk) -> None:
    assert not await desk.interceptor_answers(0.05)
    relay = Relay()
    await relay.open()
    try:
        assert await desk.interceptor_answers(5)
    finally:
        await relay.close()


async def test_a_cancel_may_come_right_behind_the_overlay(
    relay: Relay, exchange: Exchange, wire: Wire
) -> None:
    """Before whoever claimed has had a chance to act on it."""

    def fault(message: ChannelMessage) -> int:
        if isinstance(message, Overlay):
            exchange.cancel()
        return 1

    wire.fault = fault
    call = await claimed(relay)

    await until(lambda: call.cancelled)


async def test_an_interceptor_that_is_stopped_says_so_to_every_gateway(
    relay: Relay, desk: ExchangeDesk, exchange: Exchange
) -> None:
    await claimed(relay)
    other = desk.register("exch_2", "cascade-2", CONTENT)
    await claimed(relay, "cascade-2")

    await relay.finish_all(5)

    for one in (exchange, other):
        assert await collect(one, 1) == [relay_module.SHUTTING_DOWN]
        assert one.open_call is None


async def test_a_claim_goes_on_asking_while_the_layer_is_away(
    relay: Relay, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    real = send_to_group

    async def away_at_first(group: str, message: ChannelMessage) -> None:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise ConnectionError("no Redis")
        await real(group, message)

    monkeypatch.setattr(relay_module, "send_to_group", away_at_first)

    await claimed(relay)
    assert asked == 3


async def test_the_calls_of_one_gateway_share_messages(relay: Relay, desk: ExchangeDesk, wire: Wire) -> None:
    names = [f"cascade-{number}" for number in range(50)]
    exchanges = [desk.register(f"exch_{name}", name, CONTENT) for name in names]
    calls = [await claimed(relay, name) for name in names]
    for number in range(20):
        for call in calls:
            relay.push(call, [TextDelta(str(number))])
    for call in calls:
        relay.push(call, [FINISHED], last=True)

    for one in exchanges:
        assert await collect(one, 21) == [*(TextDelta(str(number)) for number in range(20)), FINISHED]
    assert len(wire.of(Parcel)) < 10


async def test_a_gateway_that_takes_nothing_does_not_hold_up_the_others(
    relay: Relay, desk: ExchangeDesk, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inbox is full for ever: the other one's events and heartbeats go on."""
    other_desk = ExchangeDesk()
    await other_desk.open()
    try:
        stuck = other_desk.register("exch_2", "cascade-2", CONTENT)
        call, stuck_call = await claimed(relay), await claimed(relay, "cascade-2")
        real = channel_messages.send

        async def stuck_for_one(channel: str, message: ChannelMessage) -> None:
            if channel == other_desk.channel:
                await asyncio.Event().wait()
            await real(channel, message)

        monkeypatch.setattr(relay_module, "send", stuck_for_one)
        monkeypatch.setattr(channel_messages, "send", stuck_for_one)
        monkeypatch.setattr(exchange_desk, "INTERCEPTOR_SILENCE", 0.3)
        relay.push(stuck_call, [TextDelta("never")])
        await asyncio.sleep(0.5)
        relay.push(call, [FINISHED], last=True)

        assert await collect(exchange, 1) == [FINISHED]
        assert await collect(stuck, 1) == [INTERCEPTOR_LOST]
    finally:
        await other_desk.close()
