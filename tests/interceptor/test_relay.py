"""Relay and desk against each other: claims, and events over a wire that loses and doubles."""

import asyncio
import random

import pytest

from interceptor import relay as relay_module
from interceptor.relay import Relay
from responses_api.core.generation_events import TextDelta
from responses_api.exchanges.channel_messages import (
    Acknowledgement,
    ChannelMessage,
    Claim,
    Events,
    Heartbeat,
    Overlay,
    Resend,
)
from responses_api.exchanges.exchange import Exchange
from responses_api.exchanges.exchange_desk import ExchangeDesk
from tests.interceptor.exchange_rig import (
    CASCADE,
    CONTENT,
    FINISHED,
    Wire,
    claimed,
    collect,
    deltas,
    push_one_by_one,
    until,
)

# --- claims ---


async def test_a_claim_brings_the_overlay_and_opens_the_gate(relay: Relay, exchange: Exchange) -> None:
    call = await claimed(relay)

    assert await exchange.wait_for_claim(1)
    assert exchange.turns == 1
    overlay = call.take_overlay()
    assert (overlay.credential_ref, overlay.model, overlay.body) == (
        CONTENT.credential_ref,
        CONTENT.model,
        CONTENT.body,
    )


async def test_nobodys_marker_is_given_up_after_the_timeout(relay: Relay, exchange: Exchange) -> None:
    assert await relay.claim("somebody-elses", 0.05) is None
    assert not await exchange.wait_for_claim(0.01)


async def test_a_lost_overlay_is_asked_for_again_and_counts_once(
    relay: Relay, exchange: Exchange, wire: Wire
) -> None:
    wire.lose_first(Overlay, 2)

    await claimed(relay)

    assert exchange.turns == 1
    assert len({overlay.call_id for overlay in wire.of(Overlay)}) == 1


async def test_a_claim_after_the_end_is_refused_at_once(relay: Relay, exchange: Exchange) -> None:
    call = await claimed(relay)
    relay.push(call, [FINISHED], last=True)
    await collect(exchange, 1)
    exchange.close()

    assert await relay.claim(CASCADE, 5) is None
    assert exchange.turns == 1


async def test_a_claim_after_a_withdrawal_is_refused(relay: Relay, exchange: Exchange) -> None:
    exchange.cancel()
    exchange.close()

    assert await relay.claim(CASCADE, 5) is None


async def test_a_second_claim_in_the_middle_of_an_answer_gets_no_overlay(
    relay: Relay, exchange: Exchange
) -> None:
    call = await claimed(relay)

    assert await relay.claim(CASCADE, 0.2) is None
    relay.push(call, [FINISHED], last=True)
    assert await collect(exchange, 1) == [FINISHED]


async def test_each_exchange_gets_its_own_events(relay: Relay, desk: ExchangeDesk) -> None:
    cascades = [f"cascade-{number}" for number in range(20)]
    open_exchanges = [desk.register(f"exch_{name}", name, CONTENT) for name in cascades]
    calls = await asyncio.gather(*(claimed(relay, name) for name in cascades))
    for name, call in zip(cascades, calls, strict=True):
        relay.push(call, [TextDelta(name)])
        relay.push(call, [FINISHED], last=True)

    for name, one in zip(cascades, open_exchanges, strict=True):
        assert await collect(one, 2) == [TextDelta(name), FINISHED]


# --- events over a bad wire ---


async def test_events_arrive_in_order_and_what_piles_up_is_coalesced(
    relay: Relay, exchange: Exchange, wire: Wire
) -> None:
    call = await claimed(relay)
    events = deltas(2000)
    for event in events:
        relay.push(call, [event])
    relay.push(call, [], last=True)

    assert await collect(exchange, 2000) == events
    await until(lambda: exchange.open_call is None)
    assert len(wire.of(Events)) < 10


async def test_a_gap_is_filled(relay: Relay, exchange: Exchange, wire: Wire) -> None:
    call = await claimed(relay)
    wire.lose_first(Events, 3)
    events = deltas(10)
    await push_one_by_one(relay, call, events)

    assert await collect(exchange, 10) == events
    assert wire.of(Resend)[0].sequence == 0


async def test_a_lost_end_is_noticed_by_the_heartbeat(relay: Relay, exchange: Exchange, wire: Wire) -> None:
    call = await claimed(relay)
    relay.push(call, [TextDelta("all")])
    assert await collect(exchange, 1) == [TextDelta("all")]
    wire.lose_first(Events)
    relay.push(call, [FINISHED], last=True)

    assert await collect(exchange, 1) == [FINISHED]
    assert exchange.open_call is None


async def test_duplicates_are_dropped(relay: Relay, exchange: Exchange, wire: Wire) -> None:
    call = await claimed(relay)
    wire.fault = lambda message: 2
    events = deltas(20)
    await push_one_by_one(relay, call, events)

    assert await collect(exchange, 20) == events
    assert await exchange.next_events(0.05) == []


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_lost_or_doubled_every_event_arrives_once_in_order(
    relay: Relay, exchange: Exchange, wire: Wire, seed: int
) -> None:
    chance = random.Random(seed)
    wire.fault = lambda message: chance.choice((0, 0, 1, 1, 1, 2))
    call = await claimed(relay)
    events = deltas(120)
    await push_one_by_one(relay, call, events)

    assert await collect(exchange, 120) == events
    await until(lambda: exchange.open_call is None)
    assert await exchange.next_events(0.02) == []


async def test_events_that_the_layer_did_not_take_are_sent_later(
    relay: Relay, exchange: Exchange, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layer fails in the middle of a send, while more has piled up behind it."""
    call = await claimed(relay)
    held = asyncio.Event()

    async def fail(channel: str, message: ChannelMessage) -> None:
        await held.wait()
        raise ConnectionError("layer restarted")

    with monkeypatch.context() as broken:
        broken.setattr(relay_module, "send", fail)
        relay.push(call, [TextDelta("first")])
        await asyncio.sleep(0)
        relay.push(call, [TextDelta("second")])
        relay.push(call, [FINISHED], last=True)
        held.set()
        await until(lambda: not any(outbox.sending for outbox in relay._outboxes.values()))

    assert await collect(exchange, 3) == [TextDelta("first"), TextDelta("second"), FINISHED]


async def test_an_acknowledged_call_is_forgotten(relay: Relay, exchange: Exchange, wire: Wire) -> None:
    call = await claimed(relay)
    relay.push(call, [FINISHED], last=True)
    await collect(exchange, 1)

    await until(lambda: wire.of(Acknowledgement))
    beats = 0
    while len(wire.of(Heartbeat)) > beats:
        beats = len(wire.of(Heartbeat))
        await asyncio.sleep(0.1)
    assert not call.unacknowledged


async def test_nothing_of_a_call_is_pushed_after_its_end(relay: Relay, exchange: Exchange) -> None:
    call = await claimed(relay)
    relay.push(call, [FINISHED], last=True)
    relay.push(call, [TextDelta("late")])

    assert await collect(exchange, 1) == [FINISHED]
    assert await exchange.next_events(0.05) == []


async def test_claims_are_repeated_until_an_owner_appears(
    relay: Relay, desk: ExchangeDesk, wire: Wire
) -> None:
    """A group message may be dropped; here the first ones come before the exchange exists."""
    claim = asyncio.ensure_future(relay.claim(CASCADE, 5))
    await asyncio.sleep(0.05)
    desk.register("exch_1", CASCADE, CONTENT)

    assert await claim is not None
    assert wire.of(Claim) == []
