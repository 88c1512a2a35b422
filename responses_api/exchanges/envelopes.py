"""How messages travel on the channel layer: in envelopes with a version, large ones in parts. Pure.

Layers carry messages of up to 1 MB, so a larger one (a picture among the events) is cut into
parts. A part that is lost costs the whole message, like any message that is lost; the protocol
above asks for it again. The envelope's own form stays the same in all versions of the protocol:
who gets one of another version can say so.
"""

import itertools
from collections import OrderedDict
from typing import Any

import msgspec

VERSION = 2
"""Of the protocol: goes up when a message's meaning or form changes."""
LARGEST_PART = 512 * 1024
"""Bytes of one envelope's body."""
_TYPE = "zg.message"
_INCOMPLETE = 64
"""Messages of which parts are missing that are kept, the newest ones."""


class UnreadableEnvelope(Exception):
    """Not one of ours."""


class OtherVersion(UnreadableEnvelope):
    """One of ours, from a process of another version."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} of the exchange protocol, this process speaks {VERSION}")
        self.version = version


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """Which part of which message a body is."""

    message: str
    index: int
    count: int


_numbers = itertools.count()


def envelopes(body: bytes, sender: str) -> list[dict[str, Any]]:
    """``body`` as the dicts that layers carry, each below 1 MB.

    Args:
        body: an encoded message.
        sender: tells the parts of this process's messages from those of others.
    """
    if len(body) <= LARGEST_PART:
        return [{"type": _TYPE, "v": VERSION, "body": body}]
    slices = [body[start : start + LARGEST_PART] for start in range(0, len(body), LARGEST_PART)]
    message = f"{sender}:{next(_numbers)}"
    return [
        {"type": _TYPE, "v": VERSION, "body": one, "part": [message, index, len(slices)]}
        for index, one in enumerate(slices)
    ]


class Assembler:
    """Makes messages of the envelopes that one channel receives, in whatever order they come."""

    def __init__(self) -> None:
        self._incomplete: OrderedDict[str, dict[int, bytes]] = OrderedDict()

    def take(self, envelope: dict[str, Any]) -> bytes | None:
        """The message that ``envelope`` completes, if it does.

        Raises:
            OtherVersion: it comes from a process of another version.
            UnreadableEnvelope: it is not one of ours.
        """
        body, version = envelope.get("body"), envelope.get("v")
        if envelope.get("type") != _TYPE or not isinstance(version, int):
            raise UnreadableEnvelope(f"type {envelope.get('type')!r}, version {version!r}")
        if version != VERSION:
            raise OtherVersion(version)
        if not isinstance(body, bytes):
            raise UnreadableEnvelope(f"a body of {type(body).__name__}")
        if "part" not in envelope:
            return body
        try:
            part = msgspec.convert(envelope["part"], _Part)
        except msgspec.ValidationError as error:
            raise UnreadableEnvelope(f"part: {error}") from error
        return self._assemble(part, body)

    def _assemble(self, part: _Part, body: bytes) -> bytes | None:
        parts = self._incomplete.setdefault(part.message, {})
        parts[part.index] = body
        if len(parts) < part.count:
            if len(self._incomplete) > _INCOMPLETE:
                self._incomplete.popitem(last=False)
            return None
        del self._incomplete[part.message]
        return b"".join(parts[index] for index in sorted(parts))
