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
    VERSION,
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
    Ping,
    Pong,
    Refusal,
    Resend,
    ToGateway,
    ToInterceptor,
    UnreadableMessage,
    from_envelope,
    send,
    send_to_group,
    to_envelope,
)
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
    envelope = to_envelope(message)

    assert from_envelope(envelope) == message
    # What layers between processes do to an envelope.
    assert from_envelope(msgspec.msgpack.decode(msgspec.msgpack.encode(envelope))) == message


def test_an_envelope_cannot_be_dispatched_to_a_consumers_own_handlers() -> None:
    assert to_envelope(Pong("t"))["type"] == "zg.message"


@pytest.mark.parametrize(
    "change",
    [
        {"v": VERSION + 1},
        {"v": None},
        {"type": "http.request"},
        {"body": b"\xc1"},
        {"body": msgspec.msgpack.encode({"type": "Unheard"})},
        {"body": msgspec.msgpack.encode({"type": "Resend", "call_id": "c", "sequence": "four"})},
        {"body": None},
    ],
)
def test_what_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        from_envelope({**to_envelope(Resend("c", 1)), **change})


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

    assert [from_envelope(envelope) for envelope in layer.sent] == [Pong("t")]


async def test_a_channel_that_stays_full_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_messages, "get_channel_layer", lambda: FullLayer(refusals=10**9))
    monkeypatch.setattr(channel_messages, "_FULL_PATIENCE", 0.03)

    with pytest.raises(ChannelFull):
        await send("channel", Pong("t"))
