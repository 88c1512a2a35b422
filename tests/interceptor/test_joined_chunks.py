"""Chunks of one read go on together, whatever they are cut into; what follows them is not lost."""

from collections.abc import Callable

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.proxy.layers.http import _http1

from interceptor.joined_chunks import JoiningReader, join_chunks


@pytest.fixture(autouse=True)
def _undo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http1, "make_body_reader", _http1.make_body_reader)


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


END = b"0\r\n\r\n"
type Read = Callable[[bytes], list[object]]


def reading(expected_size: int | None = None) -> Read:
    """What a connection that reads so makes of its network reads."""
    join_chunks()
    reader, buffer = _http1.make_body_reader(expected_size), h11._receivebuffer.ReceiveBuffer()

    def read(data: bytes) -> list[object]:
        buffer.__iadd__(data)
        events: list[object] = []
        while (event := reader(buffer)) is not None:
            events.append(bytes(event.data) if isinstance(event, h11.Data) else type(event))
            if isinstance(event, h11.EndOfMessage):
                break
        return events

    return read


def test_the_chunks_of_one_read_are_one_piece_and_the_end_follows() -> None:
    read = reading()
    assert read(chunked(b"a", b"bc", b"def")) == [b"abcdef"]
    assert read(b"") == []
    assert read(chunked(b"g") + END) == [b"g", h11.EndOfMessage]


def test_a_chunk_alone_goes_on_at_once() -> None:
    read = reading()
    assert [read(chunked(piece)) for piece in (b"a", b"b")] == [[b"a"], [b"b"]]
    assert read(END) == [h11.EndOfMessage]


def test_what_came_before_nonsense_is_given_first() -> None:
    read = reading()
    with pytest.raises(h11.ProtocolError):
        read(chunked(b"good") + b"nonsense\r\n")
    reader = JoiningReader(_http1.make_body_reader(None))
    buffer = h11._receivebuffer.ReceiveBuffer()
    buffer.__iadd__(chunked(b"good") + b"nonsense\r\n")
    event = reader(buffer)
    assert isinstance(event, h11.Data)
    assert bytes(event.data) == b"good"
    with pytest.raises(h11.ProtocolError):
        reader(buffer)
    with pytest.raises(h11.ProtocolError):
        reader.read_eof()


def test_a_body_of_known_length() -> None:
    read = reading(6)
    assert read(b"abc") == [b"abc"]
    assert read(b"def") == [b"def", h11.EndOfMessage]


def test_it_is_done_once() -> None:
    join_chunks()
    made = _http1.make_body_reader
    join_chunks()
    assert _http1.make_body_reader is made


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.lists(st.integers(0, 200), max_size=6))
def test_nothing_is_lost_wherever_the_reads_are_cut(pieces: list[bytes], cuts: list[int]) -> None:
    wire = chunked(*pieces) + END
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    read = reading()
    events = [event for start, end in zip(edges, edges[1:], strict=False) for event in read(wire[start:end])]

    assert events[-1:] == [h11.EndOfMessage]
    assert b"".join(event for event in events if isinstance(event, bytes)) == b"".join(pieces)
