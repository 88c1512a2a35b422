import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    GenerationEvent,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
)
from responses_api.gemini.early_signatures import EarlySignatures, signs_beginnings

A, B, C = TextDelta("a"), TextDelta("b"), TextDelta("c")
HM = ThoughtDelta("hm")
CALL = ToolCall("f", "{}", signature="own")
SIGN, AGAIN, EMPTY = PartSigned("s"), PartSigned("t"), PartSigned("e", empty="text")


def settled(*events: GenerationEvent) -> list[GenerationEvent]:
    """``events``, each handed over for itself, and what is held back at the end."""
    signatures = EarlySignatures()
    return [told for event in events for told in signatures.settle([event])] + signatures.release()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        pytest.param("gemini-2.5-flash", True, id="2.5"),
        pytest.param("gemini-2.5-flash-lite-preview-09-2025", True, id="a version of 2.5"),
        pytest.param("models/gemini-2.5-pro", True, id="a resource name"),
        pytest.param("gemini-3.8-flash", False, id="3"),
        pytest.param("gemini-4-argon", False, id="4"),
        pytest.param("gemma-4-31b-it", False, id="Gemma"),
        pytest.param(None, False, id="not told"),
    ],
)
def test_who_signs_beginnings(model: str | None, expected: bool) -> None:
    assert signs_beginnings(model) is expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([A, SIGN, B, C], [A, B, C, SIGN], id="a text that goes on"),
        pytest.param([HM, SIGN, HM, A], [HM, HM, SIGN, A], id="a thought, up to the text behind it"),
        pytest.param([HM, A, SIGN, B], [HM, A, B, SIGN], id="a text behind a thought"),
        pytest.param([A, SIGN, CALL, B], [A, SIGN, CALL, B], id="a call ends the text"),
        pytest.param([A, SIGN, B, AGAIN, C], [A, B, SIGN, AGAIN, C], id="another signature ends the text"),
        pytest.param([A, B, SIGN], [A, B, SIGN], id="a signature at the end"),
        pytest.param([SIGN, A], [SIGN, A], id="a signature without a text"),
        pytest.param([CALL, SIGN, A], [CALL, SIGN, A], id="a signature behind a call"),
        pytest.param([A, EMPTY, B], [A, EMPTY, B], id="the signature of an empty part"),
    ],
)
def test_where_a_signature_is_told(events: list[GenerationEvent], expected: list[GenerationEvent]) -> None:
    assert settled(*events) == expected


@given(st.lists(st.sampled_from([A, B, HM, CALL, SIGN, AGAIN])))
def test_nothing_is_lost_and_the_rest_keeps_its_order(events: list[GenerationEvent]) -> None:
    told = settled(*events)
    for signatures in (True, False):
        assert [event for event in told if isinstance(event, PartSigned) is signatures] == [
            event for event in events if isinstance(event, PartSigned) is signatures
        ]
