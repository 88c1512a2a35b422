"""Envelopes: large messages in parts, other versions refused by name."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.exchanges import envelopes as module
from responses_api.exchanges.envelopes import (
    LARGEST_PART,
    VERSION,
    Assembler,
    OtherVersion,
    UnreadableEnvelope,
    envelopes,
)


def test_a_small_message_is_one_envelope() -> None:
    (envelope,) = envelopes(b"x" * LARGEST_PART, "me")

    assert Assembler().take(envelope) == b"x" * LARGEST_PART


@given(st.integers(1, 5), st.randoms(use_true_random=False))
def test_parts_in_any_order_doubled_and_mixed_make_their_messages(count: int, chance: random.Random) -> None:
    bodies = [bytes([number]) * (LARGEST_PART * (number + 1) + number + 1) for number in range(count)]
    wire = [envelope for body in bodies for envelope in envelopes(body, "me")]
    assert all(len(envelope["body"]) <= LARGEST_PART for envelope in wire)
    chance.shuffle(wire)
    assembler = Assembler()
    made = [body for envelope in wire if (body := assembler.take(envelope)) is not None]

    assert sorted(made) == sorted(bodies)


def test_messages_that_stay_incomplete_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_PART", 1)
    assembler = Assembler()
    first, *rest = envelopes(b"abc", "me")
    assembler.take(first)
    for _ in range(100):
        assembler.take(envelopes(b"abc", "me")[0])

    assert [assembler.take(envelope) for envelope in rest] == [None, None]
    assert len(assembler._incomplete) <= 65


@pytest.mark.parametrize("version", [VERSION + 1, 1, 0])
def test_another_version_is_told_from_nonsense(version: int) -> None:
    with pytest.raises(OtherVersion, match=f"version {version} of the exchange protocol"):
        Assembler().take({"type": "zg.message", "v": version, "anything": "else"})


@pytest.mark.parametrize(
    "change",
    [
        {"v": None},
        {"type": "http.request"},
        {"body": None},
        {"part": "x"},
        {"part": ["m", "0", 2]},
        {"part": []},
    ],
)
def test_what_is_no_envelope_is_refused(change: dict[str, Any]) -> None:
    (envelope,) = envelopes(b"x", "me")
    with pytest.raises(UnreadableEnvelope):
        Assembler().take({**envelope, **change})
