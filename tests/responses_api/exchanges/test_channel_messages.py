"""The exchange protocol's messages: on the wire and back, and that each side knows its own."""

import ast
import asyncio
import inspect
from collections.abc import Callable
from typing import Any, TypeAliasType, get_args

import msgspec
import pytest
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer

from interceptor.relay import Relay
from responses_api.background import notices
from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.exchanges import channel_messages
from responses_api.exchanges.channel_messages import (
    Acknowledgement,
    Cancel,
    CancelWanted,
    ChannelMessage,
    Claim,
    Events,
    EventsLogged,
    Heartbeat,
    Inbox,
    Notice,
    Overlay,
    Parcel,
    Ping,
    Pong,
    Refusal,
    Resend,
    ToGateway,
    ToInterceptor,
    read_message,
    send,
    send_to_group,
    to_envelopes,
)
from responses_api.exchanges.envelopes import LARGEST_PART, VERSION, Assembler, UnreadableEnvelope
from responses_api.exchanges.exchange_desk import ExchangeDesk

ALL_EVENTS = (
    AnswerStarted("gemini-3.8-flash", "abc"),
    ThoughtDelta("hm"),
    TextDelta("Zürich 🎉 \u2028"),
    PartSigned("c2ln"),
    ToolCall("f", '{"a":1}', "id1", "c2ln"),
    PartIgnored("inlineData"),
    UsageReported(1, 2, 3, 4),
    Finished("failed", "OTHER", "why", "server_error"),
    UpstreamFailed(
        429, "rate_limit_error", "rate_limit_exceeded", "slow", "input", 2.5, "RESOURCE_EXHAUSTED"
    ),
)
MESSAGES: list[ChannelMessage] = [
    Claim("cascade", "call", "inbox"),
    Overlay("call", "exch", "inbox", "credential:1", "gemini-3.8-flash", b'{"contents":[]}'),
    Overlay("call", "exch", "inbox", "credential:1", "gemini-3.8-flash", body_id="overlay_1"),
    Refusal("call", "over"),
    Events("call", "exch", 7, ALL_EVENTS, last=True),
    Parcel((Events("call", "exch", 7, ALL_EVENTS), Events("other", "exch2", 0, (), last=True))),
    Heartbeat("inbox", {"call": -1, "other": 12}),
    Acknowledgement({"call": 3}, ("gone",)),
    Resend("call", 4),
    Cancel("call"),
    Ping("inbox", "token"),
    Pong("token"),
    EventsLogged("resp_1"),
    CancelWanted("resp_1"),
]


def members(union: TypeAliasType) -> set[type]:
    found: set[type] = set()
    for member in get_args(union.__value__):
        found |= members(member) if isinstance(member, TypeAliasType) else {member}
    return found


def test_the_examples_cover_the_whole_union() -> None:
    assert {type(message) for message in MESSAGES} == members(ChannelMessage)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_round_trip(message: ChannelMessage) -> None:
    (envelope,) = to_envelopes(message)
    # What layers between processes do to an envelope.
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode(envelope))

    for arrived in (envelope, packed):
        body = Assembler().take(arrived)
        assert body is not None
        assert read_message(body) == message


def test_an_envelope_cannot_be_dispatched_to_a_consumers_own_handlers() -> None:
    assert to_envelopes(Pong("t"))[0]["type"] == "zg.message"


@pytest.mark.parametrize(
    "body",
    [
        b"\xc1",
        msgspec.msgpack.encode({"type": "Unheard"}),
        msgspec.msgpack.encode({"type": "Resend", "call_id": "c", "sequence": "four"}),
    ],
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableEnvelope):
        read_message(body)


@pytest.mark.parametrize(
    ("union", "handler"),
    [(ToGateway, ExchangeDesk._handle), (ToInterceptor, Relay._handle), (Notice, notices._hear)],
)
def test_each_side_handles_every_message_meant_for_it(
    union: TypeAliasType, handler: Callable[..., None]
) -> None:
    """By the patterns of its handler's ``match``; the wildcard that logs strangers does not count."""
    source = inspect.cleandoc("\n" + inspect.getsource(handler))
    named = {
        node.cls.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }

    assert named == {member.__name__ for member in members(union)}


class Collector:
    """An inbox that keeps what it gets."""

    def __init__(self, *groups: str) -> None:
        self.got: list[ChannelMessage] = []
        self.inbox = Inbox(self._take, groups)
        self._more = asyncio.Event()

    def _take(self, message: ChannelMessage) -> None:
        if message == Pong("a handler's bug"):
            raise RuntimeError("bug")
        self.got.append(message)
        self._more.set()

    async def wait_for(self, number: int) -> None:
        async with asyncio.timeout(5):
            while len(self.got) < number:
                self._more.clear()
                await self._more.wait()


async def test_an_inbox_gets_messages_in_order_and_through_its_groups() -> None:
    collector = Collector("test.group")
    await collector.inbox.open()
    try:
        for number in range(50):
            await send(collector.inbox.channel, Resend("call", number))
        await send_to_group("test.group", Pong("group"))
        await collector.wait_for(51)
    finally:
        await collector.inbox.close()

    assert collector.got == [*(Resend("call", number) for number in range(50)), Pong("group")]


async def test_a_bad_message_does_not_deafen_an_inbox() -> None:
    collector = Collector()
    await collector.inbox.open()
    try:
        layer: Any = get_channel_layer()
        await layer.send(collector.inbox.channel, {"type": "zg.message", "v": 99, "body": b""})
        await layer.send(collector.inbox.channel, {"type": "zg.message"})
        await send(collector.inbox.channel, Pong("a handler's bug"))
        await send(collector.inbox.channel, Pong("still here"))
        await collector.wait_for(1)
    finally:
        await collector.inbox.close()

    assert collector.got == [Pong("still here")]


class FullLayer:
    """A layer whose channels are full for a while."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.sent: list[dict[str, Any]] = []

    async def send(self, channel: str, envelope: dict[str, Any]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ChannelFull
        self.sent.append(envelope)


async def test_sending_waits_for_a_full_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = FullLayer(refusals=3)
    monkeypatch.setattr(channel_messages, "get_channel_layer", lambda: layer)

    await send("channel", Pong("t"))

    assert layer.sent == to_envelopes(Pong("t"))


async def test_a_channel_that_stays_full_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_messages, "get_channel_layer", lambda: FullLayer(refusals=10**9))
    monkeypatch.setattr(channel_messages, "_FULL_PATIENCE", 0.03)

    with pytest.raises(ChannelFull):
        await send("channel", Pong("t"))


async def test_a_message_above_the_layers_limit_arrives_whole() -> None:
    collector = Collector()
    await collector.inbox.open()
    picture = Events("call", "exch", 0, (TextDelta("x" * (3 * LARGEST_PART)),))
    try:
        assert len(to_envelopes(picture)) > 3
        await send(collector.inbox.channel, picture)
        await collector.wait_for(1)
    finally:
        await collector.inbox.close()

    assert collector.got == [picture]


async def test_processes_of_another_version_are_refused_by_name_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector()
    await collector.inbox.open()
    try:
        assert collector.inbox.other_version is None
        layer: Any = get_channel_layer()
        for _ in range(3):
            await layer.send(collector.inbox.channel, {**to_envelopes(Pong("t"))[0], "v": VERSION + 1})
        await send(collector.inbox.channel, Pong("of ours"))
        await collector.wait_for(1)
        assert collector.inbox.other_version == VERSION + 1
        monkeypatch.setattr(channel_messages, "OTHER_VERSION_REMEMBERED", 0.0)
        assert collector.inbox.other_version is None
    finally:
        await collector.inbox.close()

    assert caplog.text.count(f"version {VERSION + 1} of the exchange protocol") == 1


class AwayLayer:
    """A layer that cannot be reached a few times."""

    def __init__(self, layer: Any, refusals: int) -> None:
        self._layer = layer
        self.refusals = refusals

    def __getattr__(self, name: str) -> Any:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("no Redis")
        return getattr(self._layer, name)


async def test_an_inbox_that_is_opened_patiently_waits_for_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = AwayLayer(get_channel_layer(), 3)
    monkeypatch.setattr(channel_messages, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(channel_messages, "_OPEN_PAUSE", 0.01)
    collector = Collector()
    async with asyncio.timeout(5):
        await collector.inbox.open_patiently()
    await collector.inbox.close()
    assert layer.refusals == 0


async def test_what_is_sent_without_waiting_may_be_lost(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_messages, "get_channel_layer", lambda: AwayLayer(None, 1))
    channel_messages.send_soon("channel", Pong("t"))
    async with asyncio.timeout(5):
        while "did not take a Pong: no Redis" not in caplog.text:
            await asyncio.sleep(0.01)
