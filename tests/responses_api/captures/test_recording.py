import msgspec
import pytest

from responses_api.captures.cleaning import Cleaner
from responses_api.captures.panes import Gap, Pane, Piece, unpack, unpack_stream
from responses_api.captures.recording import StreamRecord, document_pane


def record(limit: int = 1000) -> StreamRecord:
    return StreamRecord(limit, Cleaner("full", secrets=["canary-0123"]))


def pieces_of(recorded: StreamRecord) -> tuple[Piece | Gap, ...]:
    return unpack_stream(recorded.pane(Pane.ANSWER, 1, "full", {}).body)


@pytest.mark.parametrize("body", [b'{"a":"canary-0123"}', {"a": "canary-0123"}])
def test_a_document_is_cleaned(body: object) -> None:
    pane = document_pane(
        Pane.CLIENT_REQUEST,
        0,
        "full",
        {"method": "POST"},
        body,
        limit=100,
        cleaner=Cleaner("full", ["canary-0123"]),
    )
    assert unpack(pane.body) == '{"a":"[redacted]"}'
    assert (pane.call, pane.mode, pane.head, pane.size, pane.cut) == (
        0,
        "full",
        {"method": "POST"},
        19,
        False,
    )


def test_a_document_that_does_not_fit_is_cut() -> None:
    pane = document_pane(
        Pane.REQUEST_AFTER, 2, "full", {}, {"a": "x" * 100}, limit=20, cleaner=Cleaner("full")
    )
    assert unpack(pane.body) == '{"a":"' + "x" * 14
    assert (pane.size, pane.cut) == (108, True)


def test_pieces_keep_their_order_and_times() -> None:
    recorded = record()
    recorded.add(1.004, b'{"text":"canary-0123"}')
    recorded.add(2.5, b"no json")
    assert pieces_of(recorded) == (Piece(1.0, {"text": "[redacted]"}), Piece(2.5, "no json"))


def test_what_does_not_fit_is_left_out_except_the_last_piece() -> None:
    recorded = record(limit=30)
    for number in range(10):
        recorded.add(number, msgspec.json.encode({"n": number}))
    pane = recorded.pane(Pane.SENT, 0, "full", {})
    kept = [Piece(n, {"n": n}) for n in range(4)]
    assert unpack_stream(pane.body) == (*kept, Gap(5), Piece(9, {"n": 9}))
    assert (pane.size, pane.cut, recorded.kept) == (70, True, 28)


def test_no_gap_where_only_the_last_piece_is_beyond_the_bound() -> None:
    recorded = record(limit=10)
    recorded.add(1, b'{"n":1}')
    recorded.add(2, b'{"n":2}')
    pane = recorded.pane(Pane.SENT, 0, "full", {})
    assert unpack_stream(pane.body) == (Piece(1, {"n": 1}), Piece(2, {"n": 2}))
    assert not pane.cut


def test_a_piece_larger_than_the_bound_is_left_out() -> None:
    recorded = record(limit=10)
    recorded.add(1, b'"' + b"x" * 100 + b'"')
    assert pieces_of(recorded) == (Gap(1),)


def test_a_picture_in_a_stream_takes_no_room() -> None:
    recorded = record(limit=200)
    picture = {"inlineData": {"mimeType": "image/png", "data": "A" * 400_000}}
    recorded.add(1, msgspec.json.encode(picture))
    recorded.add(2, b'{"text":"a cat"}')
    first, second = pieces_of(recorded)
    assert first == Piece(1, {"inlineData": {"mimeType": "image/png", "data": "[image/png, 300000 bytes]"}})
    assert second == Piece(2, {"text": "a cat"})


def test_an_empty_stream_is_an_empty_pane() -> None:
    recorded = record()
    assert recorded.empty
    assert pieces_of(recorded) == ()
