"""Content codings: decoded whole and byte by byte, never beyond the bound, whatever the bytes."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from interceptor.content_coding import ContentDecoder, Undecodable, decode_body

BODY = bytes(range(256)) * 20 + b"hello" * 5_000


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


CODED = [
    pytest.param("", BODY, id="none"),
    pytest.param("identity", BODY, id="identity"),
    pytest.param("gzip", gzip.compress(BODY), id="gzip"),
    pytest.param("GZIP ", gzip.compress(BODY[:99]) + gzip.compress(BODY[99:]), id="two-gzip-files"),
    pytest.param("deflate", zlib.compress(BODY), id="deflate"),
    pytest.param("deflate", raw_deflate(BODY), id="raw-deflate"),
    pytest.param("br", brotli.compress(BODY), id="br"),
    pytest.param("zstd", zstandard.compress(BODY), id="zstd"),
    pytest.param("zstd", zstandard.compress(BODY[:99]) + zstandard.compress(BODY[99:]), id="two-zstd-frames"),
]


@pytest.mark.parametrize(("coding", "coded"), CODED)
def test_a_body_is_decoded_whole_and_byte_by_byte(coding: str, coded: bytes) -> None:
    assert decode_body(coding, coded, limit=len(BODY)) == BODY

    decoder = ContentDecoder(coding, limit=len(BODY))
    pieces = (decoder.feed(coded[index : index + 1]) for index in range(len(coded)))
    assert b"".join(pieces) == BODY
    assert decoder.feed(b"") == b""


@pytest.mark.parametrize(("coding", "coded"), CODED)
def test_nothing_is_decoded_beyond_the_limit(coding: str, coded: bytes) -> None:
    with pytest.raises(Undecodable, match="more than is read"):
        decode_body(coding, coded, limit=len(BODY) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_stopped_early(coding: str) -> None:
    """64 MiB of nothing in a few KiB; at most some MiB of them are made."""
    nothing = bytes(64 * 1024 * 1024)
    bomb = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": lambda data: brotli.compress(data, quality=1),
        "zstd": zstandard.compress,
    }[coding](nothing)
    decoder = ContentDecoder(coding, limit=1024 * 1024)
    with pytest.raises(Undecodable, match="more than is read"):
        decoder.feed(bomb)
    assert decoder._room > -10 * 1024 * 1024


@pytest.mark.parametrize("coding", ["compress", "gzip, br", "utf-8", "x"])
def test_other_codings_are_not_known(coding: str) -> None:
    with pytest.raises(Undecodable, match="not known"):
        ContentDecoder(coding, limit=10)


@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=200))
def test_no_bytes_raise_anything_else(coding: str, data: bytes) -> None:
    try:
        decode_body(coding, data, limit=10_000)
    except Undecodable:
        pass


def test_bytes_behind_the_end_of_a_brotli_body() -> None:
    decoder = ContentDecoder("br", limit=100)
    decoder.feed(brotli.compress(b"all"))
    with pytest.raises(Undecodable, match="behind the end"):
        decoder.feed(b"more")
