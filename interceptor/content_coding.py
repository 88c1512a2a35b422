"""HTTP's content codings, decoded as the bytes arrive, and never beyond a bound. Pure.

A few bytes can stand for gigabytes, so each decoder is asked for no more than there is room for.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli
import zstandard

_ZSTD_STEP = 256
"""Compressed bytes given to zstd at a time, as it cannot be bounded: they make at most 8 MiB."""
_ZSTD_WINDOW = 128 * 1024 * 1024


class Undecodable(Exception):
    """The coding is not known, the bytes are not of it, or they decode to more than is wanted."""


class _Decompressor(Protocol):
    def pieces(self, data: bytes, room: int) -> Iterator[bytes]:
        """What ``data`` decodes to; each piece is little larger than ``room``."""


class ContentDecoder:
    """Decodes one body that comes in pieces."""

    def __init__(self, coding: str, *, limit: int) -> None:
        """Prepare for one body.

        Args:
            coding: The value of ``Content-Encoding``; empty or ``identity`` for none.
            limit: Bytes that the decoded body may come to.

        Raises:
            Undecodable: no such coding, or several on top of each other.
        """
        self._room = limit
        self._decompressor = _decompressor(coding.strip().lower())

    def feed(self, data: bytes) -> bytes:
        """What is decoded by now and was not before; may be empty.

        Raises:
            Undecodable: ``data`` is not of this coding, or the limit is passed. Final.
        """
        decoded: list[bytes] = []
        try:
            for piece in self._decompressor.pieces(data, self._room + 1):
                decoded.append(piece)
                self._room -= len(piece)
                if self._room < 0:
                    raise Undecodable("the body decodes to more than is read")
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise Undecodable("the body is not of the coding that its head names") from error
        return b"".join(decoded)


def decode_body(coding: str, body: bytes, *, limit: int) -> bytes:
    """A whole body, decoded; what is missing at its end is not noticed.

    Raises:
        Undecodable: see ``ContentDecoder``.
    """
    return ContentDecoder(coding, limit=limit).feed(body)


def _decompressor(coding: str) -> _Decompressor:
    match coding:
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Zlib(zlib.MAX_WBITS | 16)
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case _:
            raise Undecodable("the body's coding is not known")


class _Identity:
    def pieces(self, data: bytes, room: int) -> Iterator[bytes]:
        yield data


class _Zlib:
    """Also gzip, whose files may follow each other."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._inner = zlib.decompressobj(window)

    def pieces(self, data: bytes, room: int) -> Iterator[bytes]:
        while data:
            if self._inner.eof:
                self._inner = zlib.decompressobj(self._window)
            yield self._inner.decompress(data, room)
            data = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail


class _Deflate:
    """With zlib's head, as the standard says, or without, as some servers send it."""

    def __init__(self) -> None:
        self._head = b""
        self._inner: _Zlib | None = None

    def pieces(self, data: bytes, room: int) -> Iterator[bytes]:
        if self._inner is None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return
            has_head = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0
            self._inner = _Zlib(zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)
        yield from self._inner.pieces(data, room)


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    def pieces(self, data: bytes, room: int) -> Iterator[bytes]:
        if data and self._inner.is_finished():
            raise Undecodable("there is more behind the end of the body")
        yield self._inner.process(data, output_buffer_limit=room)
        while not self._inner.can_accept_more_data():
            yield self._inner.process(b"", output_buffer_limit=room)


class _Zstd:
    def __init__(self) -> None:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._inner = decompressor.decompressobj(read_across_frames=True)

    def pieces(self, data: bytes, room: int) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_STEP):
            yield self._inner.decompress(data[start : start + _ZSTD_STEP])
