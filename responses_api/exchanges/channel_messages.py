"""The exchange protocol: every message between gateways and interceptors, and the layer's only user.

The channel layer is at-most-once, bounded and best-effort; the protocol on top makes an
exchange lossless. A *call* is one upstream request of an exchange, named by the
interceptor that claims it. Its events are numbered 0, 1, 2, … (``Events.sequence``);
the gateway notices a gap and asks again (``Resend``), the interceptor keeps what is not
acknowledged. ``Heartbeat`` carries the last number sent, so a lost tail is noticed too,
and tells either side that the other is alive::

    interceptor                         gateway
      Claim        ──── group ────────▶   (only the marker's owner answers)
                   ◀───────────────────  Overlay | Refusal
      Events 0..n  ───────────────────▶
                   ◀───────────────────  Resend (after a gap), Cancel (client gone)
      Heartbeat    ───────────────────▶
                   ◀───────────────────  Acknowledgement

Messages travel as msgpack blobs in envelopes (``envelopes``); a blob is also what an in-memory
layer copies fastest. No secret is ever in one: credentials go by reference.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import msgspec
from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer, get_channel_layer  # noqa: TID251
from django.core.exceptions import ImproperlyConfigured

from responses_api.captures.panes import CaptureMode
from responses_api.core.generation_events import GenerationEvent
from responses_api.exchanges.envelopes import (
    Assembler,
    OtherVersion,
    UnreadableEnvelope,
    envelopes,
)
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.channel")

GATEWAYS = "zg.gateways"
"""Group of all gateways' inboxes: where the owner of a marker is looked for."""
INTERCEPTORS = "zg.interceptors"
"""Group of all interceptors' inboxes: used by readiness checks only."""
BACKGROUND = "zg.background"
"""Group of all gateways' inboxes for notices about background responses."""
LARGEST_INLINE_BODY = 512 * 1024
"""Bytes; a larger overlay goes by reference to a row, so that it is neither sent nor kept in memory twice."""
REJOIN_INTERVAL = 10.0
"""Seconds after which an inbox says again that it belongs to its groups."""
OTHER_VERSION_REMEMBERED = 60.0
"""Seconds for which it is known that processes of another version send messages."""
_OPEN_PAUSE = 1.0
_FULL_BACKOFF = 0.01
_FULL_PATIENCE = 30.0


class _Message(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of all messages; the class name is the tag on the wire."""


class Claim(_Message, frozen=True):
    """Interceptor: I have just seen this cascade's marker; whose is it?"""

    cascade_id: str
    call_id: str
    reply_to: str


class CaptureOrder(msgspec.Struct, frozen=True):
    """What is to be kept of the content of one upstream call, and where it belongs."""

    trace_id: str
    call: int
    """Number of the call in its exchange, from 1."""
    mode: CaptureMode
    elapsed_ms: float
    """Time since the client's request came, at the moment of the sending: clocks of processes differ."""


class Overlay(_Message, frozen=True):
    """Gateway: the marker is mine; send this in its place."""

    call_id: str
    exchange_id: str
    reply_to: str
    credential_ref: str
    model: str
    body: bytes = b""
    """JSON of the Gemini request without ``model``; empty when ``body_id`` is set."""
    body_id: str = ""
    """Key of the ``LargeOverlay`` row that holds the body."""
    capture: CaptureOrder | None = None
    """None: the content of this call is not kept."""


class Refusal(_Message, frozen=True):
    """Gateway: the marker was mine, and its exchange is over; answer locally."""

    call_id: str
    reason: str


class Events(_Message, frozen=True):
    """Interceptor: what the model did."""

    call_id: str
    exchange_id: str
    sequence: int
    events: tuple[GenerationEvent, ...]
    last: bool = False
    """Nothing follows in this call."""


class Parcel(_Message, frozen=True):
    """Interceptor: what the models of several calls did, all for one gateway."""

    batches: tuple[Events, ...]


class Heartbeat(_Message, frozen=True):
    """Interceptor: alive; these calls are open, and this is the last number sent in each (-1: none yet)."""

    reply_to: str
    calls: dict[str, int]


class Acknowledgement(_Message, frozen=True):
    """Gateway: alive; received without a gap up to this number. Calls it does not know are ``gone``."""

    calls: dict[str, int]
    gone: tuple[str, ...] = ()


class Resend(_Message, frozen=True):
    """Gateway: something is missing; send again from this number on."""

    call_id: str
    sequence: int


class Cancel(_Message, frozen=True):
    """Gateway: nobody waits any more; close the upstream, report the usage so far."""

    call_id: str


class Ping(_Message, frozen=True):
    """Readiness check: whoever gets this answers ``Pong``."""

    reply_to: str
    token: str


class Pong(_Message, frozen=True):
    """Answer to ``Ping``."""

    token: str


class EventsLogged(_Message, frozen=True):
    """Gateway to gateways: there is more in this background response's log."""

    response_id: str


class CancelWanted(_Message, frozen=True):
    """Gateway to gateways: whoever makes this background response is to end it."""

    response_id: str


type ToInterceptor = Overlay | Refusal | Acknowledgement | Resend | Cancel | Ping
type ToGateway = Claim | Events | Parcel | Heartbeat | Pong
type Notice = EventsLogged | CancelWanted
type ChannelMessage = ToInterceptor | ToGateway | Notice

_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[ChannelMessage] = msgspec.msgpack.Decoder(ChannelMessage)
_PROCESS = uuid.uuid4().hex


def to_envelopes(message: ChannelMessage) -> list[dict[str, Any]]:
    """``message`` as the dicts that channel layers carry: one, or several if it is large."""
    return envelopes(_encode(message), _PROCESS)


def read_message(body: bytes) -> ChannelMessage:
    """The message whose bytes came out of an ``Assembler``.

    Raises:
        UnreadableEnvelope: it is none.
    """
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise UnreadableEnvelope(str(error)) from error


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured("There is no default channel layer.")
    return layer


_lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Lock]] = (
    WeakKeyDictionary()
)


def _lane(name: str) -> asyncio.Lock:
    """The way to one inbox or group: one message after the other.

    So only one of them knocks at a full inbox, and a crowd does not use up the layer's connections.
    """
    lanes = _lanes.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    lane = lanes.get(name)
    if lane is None:
        lane = lanes[name] = asyncio.Lock()
    return lane


async def send(channel: str, message: ChannelMessage) -> None:
    """Send to one inbox, waiting while it is full.

    Raises:
        ChannelFull: it stayed full for half a minute; its owner is as good as dead.
    """
    layer = _layer()
    try:
        async with asyncio.timeout(_FULL_PATIENCE), _lane(channel):
            for envelope in to_envelopes(message):
                await _knock(layer, channel, envelope)
    except TimeoutError:
        raise ChannelFull(f"no room for a {type(message).__name__}") from None


async def _knock(layer: BaseChannelLayer, channel: str, envelope: dict[str, Any]) -> None:
    while True:
        try:
            await layer.send(channel, envelope)
            return
        except ChannelFull:
            await asyncio.sleep(_FULL_BACKOFF)


def send_soon(channel: str, message: ChannelMessage) -> None:
    """Send without waiting. A layer that is away loses it: only for what the protocol repeats by itself."""
    spawn(_try_to_send(channel, message), name="channel message")


async def _try_to_send(channel: str, message: ChannelMessage) -> None:
    try:
        await send(channel, message)
    except Exception as error:  # noqa: BLE001 - whatever the layer raises
        logger.warning("the channel layer did not take a %s: %s", type(message).__name__, error)


async def send_to_group(group: str, message: ChannelMessage) -> None:
    """Send to all inboxes of ``group``; whoever is full misses it, so the caller must repeat."""
    async with _lane(group):
        for envelope in to_envelopes(message):
            await _layer().group_send(group, envelope)


class Inbox:
    """This process's one receiving channel; hands every message to ``handle`` in order.

    ``handle`` is synchronous and quick: it files the message and returns.
    """

    def __init__(self, handle: Callable[[ChannelMessage], None], groups: Iterable[str]) -> None:
        self._handle = handle
        self._groups = tuple(groups)
        self._tasks: list[asyncio.Task[None]] = []
        self._assembler = Assembler()
        self._other_version: OtherVersion | None = None
        self._other_version_seen = 0.0
        self.channel = ""

    @property
    def other_version(self) -> int | None:
        """The version that processes which cannot be understood speak; None if there were none lately."""
        lately = time.monotonic() - self._other_version_seen < OTHER_VERSION_REMEMBERED
        return self._other_version.version if self._other_version is not None and lately else None

    async def open(self) -> None:
        """Begin to receive. Raises whatever the layer raises when it cannot be reached."""
        layer = _layer()
        self.channel = await layer.new_channel()
        for group in self._groups:
            await layer.group_add(group, self.channel)
        self._tasks = [
            spawn(self._receive(), name="channel-layer inbox"),
            spawn(self._stay_in_groups(), name="channel-layer groups"),
        ]

    async def open_patiently(self) -> None:
        """Like ``open``, however long the layer takes to be reachable."""
        while True:
            try:
                await self.open()
                return
            except Exception as error:  # noqa: BLE001 - whatever the layer raises
                logger.warning("the channel layer cannot be reached, trying again: %s", error)
            await asyncio.sleep(_OPEN_PAUSE)

    async def close(self) -> None:
        """Stop receiving."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        layer = _layer()
        for group in self._groups:
            try:
                await layer.group_discard(group, self.channel)
            except Exception as error:  # noqa: BLE001 - the layer is gone, and with it the membership
                logger.warning("channel layer: cannot leave %s: %s", group, error)

    async def _stay_in_groups(self) -> None:
        """Layers let memberships run out, and drop members that left a message unread for long."""
        layer = _layer()
        while True:
            await asyncio.sleep(REJOIN_INTERVAL)
            for group in self._groups:
                try:
                    await layer.group_add(group, self.channel)
                except Exception as error:  # noqa: BLE001 - the next round tries again
                    logger.warning("channel layer: cannot rejoin %s: %s", group, error)

    async def _receive(self) -> None:
        layer = _layer()
        while True:
            try:
                envelope = await layer.receive(self.channel)
            except Exception as error:  # noqa: BLE001 - whatever the layer raises: an inbox is for life
                logger.warning("channel layer: %s; receiving again in 1 s", error)
                await asyncio.sleep(1)
                continue
            try:
                body = self._assembler.take(envelope)
                if body is not None:
                    self._handle(read_message(body))
            except OtherVersion as error:
                self._refuse(error)
            except UnreadableEnvelope as error:
                logger.error("dropped an unreadable channel message: %s", error)
            except Exception:
                logger.exception("a channel message could not be handled")

    def _refuse(self, error: OtherVersion) -> None:
        if self.other_version != error.version:
            logger.error("refused a message: %s. Start gateways and interceptors in the same version.", error)
        self._other_version, self._other_version_seen = error, time.monotonic()
