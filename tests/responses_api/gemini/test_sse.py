import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.gemini.sse import RAW_LIMIT, SseDecoder


def decode(*reads: bytes) -> list[bytes]:
    decoder = SseDecoder()
    return [payload for read in (*reads, b"") for payload in decoder.feed(read)]


@pytest.mark.parametrize(
    ("body", "payloads"),
    [
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"], id="crlf"),
        pytest.param(b"data: a\n\ndata: b\n\n", [b"a", b"b"], id="lf"),
        pytest.param(b"data: a\r\rdata: b\r\r", [b"a", b"b"], id="cr"),
        pytest.param(b"data: a\n\r\ndata: b\r\n\n", [b"a", b"b"], id="mixed"),
        pytest.param(
            b"data:a\n\ndata:  b\n\n", [b"a", b" b"], id="one leading space is no part of the value"
        ),
        pytest.param(b"data: a\ndata: b\n\n", [b"a\nb"], id="several data lines"),
        pytest.param(b"data\n\n", [b""], id="field without colon"),
        pytest.param(b": ping\nevent: message\nid: 7\nretry: 3\ndata: a\n\n", [b"a"], id="other fields"),
        pytest.param(b"event: message\n\n", [], id="frame without data"),
        pytest.param(b"data: a", [b"a"], id="no end of line at the end"),
        pytest.param(b"data: a\r\n", [b"a"], id="no blank line at the end"),
        pytest.param(b"data: a\n\nda", [b"a"], id="cut inside the name of a field"),
        pytest.param(b"dat", [], id="cut there before any frame"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [b"a"], id="byte order mark"),
        pytest.param(
            "data: x\u2028y\u0085z\u2029\x0b\x0c\n\n".encode(),
            ["x\u2028y\u0085z\u2029\x0b\x0c".encode()],
            id="only CR and LF end a line",
        ),
        pytest.param(
            b'data: a\n\n{"error":\n\n  {"code": 1}\n}\n',
            [b"a", b'{"error":\n  {"code": 1}\n}'],
            id="raw JSON",
        ),
        pytest.param(b'[{"error": {}}]', [b'[{"error": {}}]'], id="raw array"),
        pytest.param(b"<html>Bad gateway</html>", [b"<html>Bad gateway</html>"], id="no frame at all"),
        pytest.param(b"data: a\n\nunknown: field\n\n", [b"a"], id="unknown field beside frames"),
        pytest.param(b"", [], id="empty"),
    ],
)
def test_payloads(body: bytes, payloads: list[bytes]) -> None:
    assert decode(body) == payloads


def test_a_frame_is_delivered_with_its_blank_line_and_not_later() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r\n\r") == [b"a"]
    assert decoder.feed(b"\ndata: b\r\n") == []
    assert decoder.feed(b"\r\n") == [b"b"]


@pytest.mark.parametrize(
    ("body", "unfinished"),
    [
        (b"data: a\n\ndata: b", b"b"),
        (b"data: a\n\ndata: b\n", b"b"),
        (b"data: a\n\ndata: b\ndat", b"b"),
        (b"data: a\n\ndata: b\n\n", None),
        (b"data: a\n\nda", None),
        (b"data: a\n\n{", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_in_which_frame_the_body_ends(body: bytes, unfinished: bytes | None) -> None:
    decoder = SseDecoder()
    decoder.feed(body)
    assert decoder.unfinished is None
    decoder.feed(b"")
    assert decoder.unfinished == unfinished


def test_what_is_not_sse_is_kept_only_up_to_a_limit() -> None:
    [raw] = decode(*[b"x" * 1000] * 100, b"\n", *[b"y" * 1000] * 100)
    assert len(raw) <= RAW_LIMIT


fragments = st.sampled_from(
    [
        b"data: ",
        b"data",
        b":",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"{",
        b"}",
        "é👋\u2028".encode(),
        b" ",
        b"a",
        b"event: x",
    ]
)


@given(st.lists(fragments, max_size=25).map(b"".join), st.data())
def test_cutting_elsewhere_changes_nothing(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    reads = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert decode(*filter(None, reads)) == decode(body)


@given(st.lists(fragments, max_size=25).map(b"".join))
def test_byte_by_byte(body: bytes) -> None:
    assert decode(*(body[i : i + 1] for i in range(len(body)))) == decode(body)
