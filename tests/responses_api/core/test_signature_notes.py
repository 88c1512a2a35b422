"""What is noted for whom, and what a blob is made of."""

import pytest

from responses_api.core.generation_events import ToolCall
from responses_api.core.open_items import (
    OpenCodeRun,
    OpenImage,
    OpenItem,
    OpenMessage,
    OpenReasoning,
    OpenRefusal,
    OpenWebSearch,
)
from responses_api.core.output_items import search_action
from responses_api.core.output_options import OutputOptions
from responses_api.core.sealed_reasoning import SealedReasoning, SignedPart
from responses_api.core.signature_notes import SignatureNotes
from tests.responses_api.core.response_streams import ENCRYPTED, STATEFUL, STATELESS, unseal

SIGNED = ToolCall("f", "{}", "up_1", "sig")
UNSIGNED = ToolCall("f", "{}", "up_1")
STEP = [{"call": 1}]


def notes(options: OutputOptions = STATELESS) -> SignatureNotes:
    return SignatureNotes("resp_1", options)


def taken(made: SignatureNotes) -> tuple[SignedPart, ...]:
    blob = made.take("m")
    return unseal(blob).parts if blob else ()


@pytest.mark.parametrize(
    ("item", "part"),
    [
        (OpenReasoning("rs_1", 0, signature="s"), SignedPart("thought", "s")),
        (OpenMessage("msg_1", 0, signature="s"), SignedPart("text", "s")),
        (
            OpenWebSearch("ws_1", 0, search_action([]), parts=[{"a": 1}, {"b": 2}]),
            SignedPart("hosted", call_id="ws_1", parts=({"a": 1}, {"b": 2})),
        ),
        (
            OpenCodeRun("ci_1", 0, "c", "1", True, parts=STEP),
            SignedPart("hosted", call_id="ci_1", parts=({"call": 1},)),
        ),
        (OpenImage("ig_1", 0, "image/png", "aW1n", signature="s"), SignedPart("image", "s", "ig_1")),
        (OpenImage("ig_1", 0, "image/png", "aW1n"), None),
        (OpenReasoning("rs_1", 0), None),
        (OpenMessage("msg_1", 0), None),
        (OpenWebSearch("ws_1", 0, search_action([])), None),
        (OpenRefusal("msg_1", 0, "No."), None),
    ],
)
def test_an_items_part(item: OpenItem, part: SignedPart | None) -> None:
    made = notes()
    made.note_item(item)
    assert made.bound is (part is not None)
    assert taken(made) == ((part,) if part else ())
    assert not made.bound


@pytest.mark.parametrize("options", [STATEFUL, ENCRYPTED])
def test_a_client_of_stored_conversations_needs_thoughts_only(options: OutputOptions) -> None:
    made = notes(options)
    made.note_item(OpenMessage("msg_1", 0, signature="s"))
    made.note_item(OpenImage("ig_1", 0, "image/png", "aW1n", signature="s"))
    made.note_empty("s")
    made.note_step("ws_1", STEP)
    made.note_call(SIGNED, "call_1", after_thought=False)
    made.note_call(UNSIGNED, "call_1", after_thought=True)
    assert not made.bound
    made.note_call(SIGNED, "call_1", after_thought=True)
    assert made.bound


@pytest.mark.parametrize("after_thought", [True, False])
@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (SIGNED, (SignedPart("call", "sig", "call_1", "up_1"),)),
        (UNSIGNED, (SignedPart("call", "", "call_1", "up_1"),)),
        (ToolCall("f", "{}", None, "sig"), (SignedPart("call", "sig", "call_1"),)),
        (ToolCall("f", "{}"), ()),
    ],
)
def test_a_call(call: ToolCall, parts: tuple[SignedPart, ...], after_thought: bool) -> None:
    made = notes()
    made.note_call(call, "call_1", after_thought=after_thought)
    assert taken(made) == parts


def test_only_a_bare_call_id_is_not_bound() -> None:
    made = notes()
    made.note_call(UNSIGNED, "call_1", after_thought=False)
    assert not made.bound
    made.note_empty("s")
    assert made.bound
    made.take("m")
    made.note_step("ws_1", STEP)
    assert made.bound


def test_parts_of_a_step_are_told_together_as_long_as_they_are_here() -> None:
    made = notes()
    made.note_step("ws_1", [{"call": 1}])
    made.note_step("ws_2", [{"call": 2}])
    made.note_step("ws_1", [{"answer": 1}])
    assert [part.parts for part in taken(made)] == [({"call": 1}, {"answer": 1}), ({"call": 2},)]
    made.note_step("ws_2", [{"answer": 2}])
    assert [part.parts for part in taken(made)] == [({"answer": 2},)]


def test_a_blob_names_response_and_model() -> None:
    made = notes()
    made.note_empty("s")
    blob = made.take("m-1")
    assert blob
    assert unseal(blob) == SealedReasoning("resp_1", "m-1", (SignedPart("empty", "s"),))


def test_nothing_to_tell_is_no_blob() -> None:
    assert notes().take("m") is None


def test_without_a_seal_nothing_stays() -> None:
    made = notes(OutputOptions(stateless=True))
    made.note_item(OpenReasoning("rs_1", 0, signature="s"))
    assert made.take("m") is None
    assert not made.bound
