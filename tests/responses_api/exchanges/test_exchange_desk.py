"""The gateway's desk by itself: what it makes of messages, also of stray and foreign ones."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.layers import get_channel_layer

from responses_api.core.generation_events import GenerationEvent, TextDelta
from responses_api.exchanges import exchange_desk
from responses_api.exchanges.channel_messages import (
    GATEWAYS,
    Acknowledgement,
    Cancel,
    ChannelMessage,
    Claim,
    Events,
    Heartbeat,
    Inbox,
    Overlay,
    Parcel,
    Refusal,
    Resend,
    send,
    send_to_group,
)
from responses_api.exchanges.envelopes import VERSION
from responses_api.exchanges.exchange import Exchange, OverlayContent
from responses_api.exchanges.exchange_desk import (
    ChannelLayerFault,
    ExchangeDesk,
    close_current_desk,
    current_desk,
)

CONTENT = OverlayContent("credential:1", "gemini-3.8-flash", b"", "overlay_1")


class Interceptor:
    """The other side, played by hand: what it is sent, in order."""

    def __init__(self) -> None:
        self._got: asyncio.Queue[ChannelMessage] = asyncio.Queue()
        self._inbox = Inbox(self._got.put_nowait, [])

    async def open(self) -> None:
        await self._inbox.open()

    async def close(self) -> None:
        await self._inbox.close()

    @property
    def channel(self) -> str:
        return self._inbox.channel

    async def claim(self, cascade_id: str, call_id: str) -> ChannelMessage:
        await send_to_group(GATEWAYS, Claim(cascade_id, call_id, self.channel))
        return await self.next()

    async def next(self) -> ChannelMessage:
        async with asyncio.timeout(5):
            return await self._got.get()

    @property
    def idle(self) -> bool:
        return self._got.empty()


@pytest.fixture
async def desk() -> AsyncIterator[ExchangeDesk]:
    opened = ExchangeDesk()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def interceptor() -> AsyncIterator[Interceptor]:
    opened = Interceptor()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def exchange(desk: ExchangeDesk) -> Exchange:
    return desk.register("exch_1", "cascade-1", CONTENT)


def batch(sequence: int, *texts: str, call_id: str = "call", last: bool = False) -> Events:
    return Events(call_id, "exch_1", sequence, tuple(TextDelta(text) for text in texts), last)


async def texts_of(exchange: Exchange) -> list[str]:
    events: list[GenerationEvent] = await exchange.next_events(0.1)
    return [event.text for event in events if isinstance(event, TextDelta)]


async def test_the_overlay_goes_by_reference_and_without_a_secret(
    exchange: Exchange, interceptor: Interceptor, desk: ExchangeDesk
) -> None:
    answer = await interceptor.claim("cascade-1", "call")

    assert answer == Overlay(
        "call", "exch_1", desk.channel, "credential:1", "gemini-3.8-flash", b"", "overlay_1"
    )


async def test_batches_out_of_order_are_put_in_order_and_the_gap_is_asked_for_once(
    exchange: Exchange, interceptor: Interceptor
) -> None:
    await interceptor.claim("cascade-1", "call")

    assert exchange.accept_events(batch(1, "b")) == Resend("call", 0)
    assert exchange.accept_events(batch(3, "d")) is None
    assert exchange.accept_events(batch(2, "c")) is None
    assert await texts_of(exchange) == []
    assert exchange.accept_events(batch(0, "a")) is None
    assert await texts_of(exchange) == ["a", "b", "c", "d"]
    assert exchange.accept_events(batch(2, "c")) is None
    assert exchange.accept_events(batch(4, "e", last=True)) is None
    assert await texts_of(exchange) == ["e"]
    assert exchange.open_call is None


async def test_events_of_another_call_are_not_ours(exchange: Exchange, interceptor: Interceptor) -> None:
    assert exchange.accept_events(batch(0, "before any claim")) is None
    await interceptor.claim("cascade-1", "call")
    assert exchange.accept_events(batch(0, "foreign", call_id="another")) is None

    assert await texts_of(exchange) == []


async def test_a_heartbeat_is_acknowledged_and_missing_events_asked_for(
    desk: ExchangeDesk, exchange: Exchange, interceptor: Interceptor
) -> None:
    await interceptor.claim("cascade-1", "call")
    await send(desk.channel, batch(0, "a"))
    await send(desk.channel, Heartbeat(interceptor.channel, {"call": 2, "forgotten": 0}))

    answers = {type(message): message for message in (await interceptor.next(), await interceptor.next())}
    assert answers[Resend] == Resend("call", 1)
    assert answers[Acknowledgement] == Acknowledgement({"call": 0}, ("forgotten",))


async def test_a_cascade_of_nobody_here_gets_no_answer_and_an_ended_one_a_refusal(
    desk: ExchangeDesk, exchange: Exchange, interceptor: Interceptor
) -> None:
    exchange.close()
    await send_to_group(GATEWAYS, Claim("unknown", "call", interceptor.channel))

    assert await interceptor.claim("cascade-1", "call") == Refusal("call", "the exchange is over")
    assert interceptor.idle


async def test_only_so_many_ends_are_remembered(
    desk: ExchangeDesk, interceptor: Interceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_desk, "_REMEMBERED_ENDS", 2)
    for number in range(3):
        desk.register(f"exch_{number}", f"cascade-{number}", CONTENT).close()
    await send_to_group(GATEWAYS, Claim("cascade-0", "old", interceptor.channel))

    assert await interceptor.claim("cascade-1", "newer") == Refusal("newer", "the exchange is over")
    assert interceptor.idle


async def test_who_waits_for_events_can_be_woken_and_whoever_waits_next_too(exchange: Exchange) -> None:
    async with asyncio.timeout(5):
        waiting = asyncio.gather(exchange.next_events(60))
        await asyncio.sleep(0)
        exchange.wake()
        [woken] = await waiting
        assert woken == []
        exchange.wake()
        assert await exchange.next_events(60) == []


async def test_what_still_arrives_is_had_from_an_exchange_that_is_stopped(
    exchange: Exchange, interceptor: Interceptor
) -> None:
    await interceptor.claim("cascade-1", "call")
    exchange.wake()
    stopping = asyncio.gather(exchange.stop(60))
    assert await interceptor.next() == Cancel("call")
    exchange.accept_events(batch(0, "a"))
    await asyncio.sleep(0)
    exchange.accept_events(batch(1, "b", last=True))
    async with asyncio.timeout(5):
        [arrived] = await stopping
    assert arrived == [TextDelta("a"), TextDelta("b")]


async def test_a_call_that_ends_without_a_word_ends_the_waiting_for_it(
    exchange: Exchange, interceptor: Interceptor
) -> None:
    await interceptor.claim("cascade-1", "call")
    stopping = asyncio.gather(exchange.stop(60))
    assert await interceptor.next() == Cancel("call")
    exchange.accept_events(batch(0, last=True))
    async with asyncio.timeout(5):
        [arrived] = await stopping
    assert arrived == []


async def test_a_cancel_goes_to_the_interceptor_that_holds_the_call(
    exchange: Exchange, interceptor: Interceptor
) -> None:
    await interceptor.claim("cascade-1", "call")
    exchange.cancel()

    assert await interceptor.next() == Cancel("call")


async def test_a_cancel_that_was_lost_is_sent_again_with_every_heartbeat_until_the_end(
    desk: ExchangeDesk, exchange: Exchange, interceptor: Interceptor
) -> None:
    await interceptor.claim("cascade-1", "call")
    exchange.cancel()
    assert await interceptor.next() == Cancel("call")
    await send(desk.channel, Heartbeat(interceptor.channel, {"call": -1}))
    assert {type(await interceptor.next()), type(await interceptor.next())} == {Cancel, Acknowledgement}

    exchange.accept_events(batch(0, "all", last=True))
    await send(desk.channel, Heartbeat(interceptor.channel, {"call": 0}))
    assert await interceptor.next() == Acknowledgement({"call": 0})
    assert interceptor.idle


async def test_a_parcel_is_shared_out(
    desk: ExchangeDesk, exchange: Exchange, interceptor: Interceptor
) -> None:
    other = desk.register("exch_2", "cascade-2", CONTENT)
    await interceptor.claim("cascade-1", "call")
    await interceptor.claim("cascade-2", "call2")
    theirs = Events("call2", "exch_2", 0, (TextDelta("b"),), last=True)
    await send(desk.channel, Parcel((batch(0, "a"), theirs)))

    assert await other.next_events(5) == [TextDelta("b")]
    assert await texts_of(exchange) == ["a"]


async def test_an_interceptor_of_another_version_is_named(desk: ExchangeDesk) -> None:
    assert desk.why_unclaimed is None
    layer: Any = get_channel_layer()
    await layer.group_send(GATEWAYS, {"type": "zg.message", "v": VERSION + 1, "body": b"?"})
    async with asyncio.timeout(5):
        while desk.why_unclaimed is None:
            await asyncio.sleep(0.01)
    assert f"it speaks version {VERSION + 1} of the exchange protocol" in desk.why_unclaimed


async def test_the_layer_answers_or_not(desk: ExchangeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await desk.layer_answers(5)

    async def lose(channel: str, message: ChannelMessage) -> None:
        """A layer that is away."""

    monkeypatch.setattr(exchange_desk, "send", lose)
    assert not await desk.layer_answers(0.05)


async def test_a_desk_that_cannot_be_opened_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: Inbox) -> None:
        raise ConnectionError("no Redis")

    with monkeypatch.context() as away:
        away.setattr(Inbox, "open", fail)
        with pytest.raises(ChannelLayerFault) as caught:
            await current_desk()
    assert (caught.value.http_status, caught.value.code) == (503, "channel_layer_unavailable")
    await current_desk()
    await close_current_desk()


async def test_closing_twice_and_cancelling_after_the_end_do_nothing(
    exchange: Exchange, interceptor: Interceptor
) -> None:
    await interceptor.claim("cascade-1", "call")
    exchange.accept_events(batch(0, "all", last=True))
    exchange.close()
    exchange.close()
    exchange.cancel()

    assert interceptor.idle


async def test_a_message_for_the_other_side_is_logged(
    desk: ExchangeDesk, exchange: Exchange, interceptor: Interceptor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="zg.exchange"):
        await send(desk.channel, Cancel("call"))
        await interceptor.claim("cascade-1", "call")

    assert "a gateway got a message for interceptors: Cancel" in caplog.text


async def test_a_process_has_one_desk() -> None:
    first, second = await asyncio.gather(current_desk(), current_desk())
    try:
        assert first is second is await current_desk()
    finally:
        await close_current_desk()
    third = await current_desk()
    try:
        assert third is not first
    finally:
        await close_current_desk()
