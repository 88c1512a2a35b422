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

Messages travel as one msgpack blob in an envelope with a version; a blob is also what an
in-memory layer copies fastest. No secret is ever in one: credentials go by reference.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer, get_channel_layer  # noqa: TID251
from django.core.exceptions import ImproperlyConfigured

from responses_api.core.generation_events import GenerationEvent
from responses_api.runtime.tasks import spawn

logger = logging.getLogger("zg.channel")

VERSION = 1
GATEWAYS = "zg.gateways"
"""Group of all gateways' inboxes: where the owner of a marker is looked for."""
INTERCEPTORS = "zg.interceptors"
"""Group of all interceptors' inboxes: used by readiness checks only."""
BACKGROUND = "zg.background"
"""Group of all gateways' inboxes for notices about background responses."""
LARGEST_INLINE_BODY = 512 * 1024
"""Bytes; a larger overlay goes by reference to a row, the layer's messages stay below 1 MB."""
REJOIN_INTERVAL = 10.0
"""Seconds after which an inbox says again that it belongs to its groups."""
_FULL_BACKOFF = 0.01
_FULL_PATIENCE = 30.0


class _Message(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of all messages; the class name is the tag on the wire."""


class Claim(_Message, frozen=True):
    """Interceptor: I have just seen this cascade's marker; whose is it?"""

    cascade_id: str
    call_id: str
    reply_to: str


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
type ToGateway = Claim | Events | Heartbeat | Pong
type Notice = EventsLogged | CancelWanted
type ChannelMessage = ToInterceptor | ToGateway | Notice

_ENVELOPE_TYPE = "zg.message"
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[ChannelMessage] = msgspec.msgpack.Decoder(ChannelMessage)


class UnreadableMessage(Exception):
    """An envelope that this version of the protocol does not understand."""


def to_envelope(message: ChannelMessage) -> dict[str, Any]:
    """``message`` as the dict that channel layers carry."""
    return {"type": _ENVELOPE_TYPE, "v": VERSION, "body": _encode(message)}


def from_envelope(envelope: dict[str, Any]) -> ChannelMessage:
    """The message in ``envelope``.

    Raises:
        UnreadableMessage: another protocol version, or not one of ours.
    """
    if envelope.get("type") != _ENVELOPE_TYPE or envelope.get("v") != VERSION:
        raise UnreadableMessage(f"type {envelope.get('type')!r}, version {envelope.get('v')!r}")
    try:
        return _decoder.decode(envelope["body"])
    except (KeyError, TypeError, msgspec.MsgspecError) as error:
        raise UnreadableMessage(str(error)) from error


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured("There is no default channel layer.")
    return layer


async def send(channel: str, message: ChannelMessage) -> None:
    """Send to one inbox, waiting while it is full.

    Raises:
        ChannelFull: it stayed full for half a minute; its owner is as good as dead.
    """
    layer = _layer()
    envelope = to_envelope(message)
    waited = 0.0
    while True:
        try:
            await layer.send(channel, envelope)
            return
        except ChannelFull:
            if waited >= _FULL_PATIENCE:
                raise
            await asyncio.sleep(_FULL_BACKOFF)
            waited += _FULL_BACKOFF


async def send_to_group(group: str, message: ChannelMessage) -> None:
    """Send to all inboxes of ``group``; whoever is full misses it, so the caller must repeat."""
    await _layer().group_send(group, to_envelope(message))


class Inbox:
    """This process's one receiving channel; hands every message to ``handle`` in order.

    ``handle`` is synchronous and quick: it files the message and returns.
    """

    def __init__(self, handle: Callable[[ChannelMessage], None], groups: Iterable[str]) -> None:
        self._handle = handle
        self._groups = tuple(groups)
        self._tasks: list[asyncio.Task[None]] = []
        self.channel = ""

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

    async def close(self) -> None:
        """Stop receiving."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        layer = _layer()
        for group in self._groups:
            await layer.group_discard(group, self.channel)

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
            except (OSError, ConnectionError) as error:
                logger.warning("channel layer: %s; receiving again in 1 s", error)
                await asyncio.sleep(1)
                continue
            try:
                self._handle(from_envelope(envelope))
            except UnreadableMessage as error:
                logger.error("dropped an unreadable channel message: %s", error)
            except Exception:
                logger.exception("a channel message could not be handled")
