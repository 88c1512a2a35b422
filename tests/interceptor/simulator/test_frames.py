from typing import Any

import msgspec
import pytest

from interceptor.simulator.directives import Directives
from interceptor.simulator.errors import ApiError
from interceptor.simulator.frames import (
    Ending,
    Framing,
    Writes,
    pauses,
    stream_writes,
    transfer_chunk_begun,
    whole_answer,
)

CHUNKS = [{"candidates": [{"content": {"parts": [{"text": text}]}}]} for text in "abcd"]


def writes(framing: Framing = Framing.SSE, **asked: Any) -> tuple[tuple[bytes, ...], Ending]:
    plan = stream_writes(CHUNKS, Directives(**asked), framing, "m")
    return plan.writes, plan.ending


def test_each_chunk_is_one_sse_frame() -> None:
    found, ending = writes()
    assert found == tuple(b"data: " + msgspec.json.encode(chunk) + b"\r\n\r\n" for chunk in CHUNKS)
    assert ending is Ending.COMPLETE


def test_without_sse_it_is_one_json_array() -> None:
    found, _ = writes(Framing.ARRAY)
    assert msgspec.json.decode(b"".join(found)) == CHUNKS


@pytest.mark.parametrize(
    ("name", "ending"), [("cut", Ending.CUT), ("reset", Ending.RESET), ("stall", Ending.STALL)]
)
@pytest.mark.parametrize(("position", "sent"), [(0, 0), (2, 2), (50, 3)])
def test_a_broken_stream_never_sends_its_last_chunk(
    name: str, ending: Ending, position: int, sent: int
) -> None:
    found, how = writes(Framing.SSE, **{name: position})
    assert (len(found), how) == (sent, ending)


@pytest.mark.parametrize(("position", "whole"), [(0, 0), (2, 2), (50, 3)])
@pytest.mark.parametrize("framing", list(Framing))
def test_a_stream_that_is_cut_within_a_chunk(framing: Framing, position: int, whole: int) -> None:
    complete, _ = writes(framing)
    begun = complete[whole][: len(complete[whole]) // 2]

    plan = stream_writes(CHUNKS, Directives(cut_line=position), framing, "m")
    assert plan == Writes((*complete[:whole], begun), Ending.CUT)

    plan = stream_writes(CHUNKS, Directives(cut_transfer=position), framing, "m")
    assert plan == Writes(complete[:whole], Ending.CUT, torn=complete[whole])
    announced, _, sent = transfer_chunk_begun(plan.torn).partition(b"\r\n")
    assert (int(announced, 16), sent) == (len(complete[whole]), begun)


@pytest.mark.parametrize("position", [0, 2])
@pytest.mark.parametrize("framing", list(Framing))
def test_an_error_as_a_chunk(framing: Framing, position: int) -> None:
    found, ending = writes(framing, error_mid=position, error_code=500)
    assert ending is Ending.COMPLETE
    assert len(found) == position + 1
    if framing is Framing.SSE:
        error = msgspec.json.decode(found[-1].removeprefix(b"data: "))
    else:
        error = msgspec.json.decode(b"".join(found))[-1]
    assert error["error"]["code"] == 500


def test_an_error_without_its_prefix() -> None:
    found, _ = writes(raw_error_mid=1)
    assert msgspec.json.decode(found[-1])["error"]["status"] == "UNAVAILABLE"
    assert found[-1].count(b"\n") > 1


def test_garbage_is_one_more_frame() -> None:
    found, _ = writes(garbage=2)
    assert len(found) == 5
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(found[2].removeprefix(b"data: "))


def test_whole_answers_fail_in_their_own_way() -> None:
    for cut in (Directives(cut=1), Directives(cut_line=1), Directives(cut_transfer=1)):
        assert whole_answer(CHUNKS, cut, "m") is Ending.CUT
    assert whole_answer(CHUNKS, Directives(reset=1), "m") is Ending.RESET
    assert whole_answer(CHUNKS, Directives(stall=1), "m") is Ending.STALL
    assert isinstance(whole_answer(CHUNKS, Directives(error_mid=1), "m"), ApiError)
    good, bad = whole_answer(CHUNKS, Directives(), "m"), whole_answer(CHUNKS, Directives(garbage=1), "m")
    assert isinstance(good, bytes) and isinstance(bad, bytes)
    assert msgspec.json.decode(good)["candidates"][0]["content"]["parts"] == [{"text": "abcd"}]
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(bad)


def test_pauses() -> None:
    assert list(pauses(Directives(delay_ms=20, first_delay_ms=500), 3)) == [0.5, 0.02, 0.02]
