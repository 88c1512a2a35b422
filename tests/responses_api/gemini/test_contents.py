from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.call_parts import SIGNATURE_STAND_IN
from responses_api.gemini.contents import CONVERSATION_RESUMED, RESULTS_SEEN, Dialogue, build_dialogue
from responses_api.gemini.models import ModelProfile
from tests.responses_api.gemini.conversations import (
    FLASH,
    GEMMA,
    PRO_25,
    SIGNER,
    call,
    image,
    message,
    output,
    reasoning,
    user,
)


def dialogue(
    *conversation: ConversationItem, instructions: str | None = None, model: ModelProfile = FLASH
) -> tuple[Dialogue, tuple[str, ...]]:
    notes = Adaptations()
    return build_dialogue(instructions, conversation, model, notes), notes.as_tuple()


def contents(*conversation: ConversationItem, model: ModelProfile = FLASH) -> list[tuple[Any, Any]]:
    built, _ = dialogue(*conversation, model=model)
    return [(content["role"], content["parts"]) for content in built.contents]


def text(value: str) -> dict[str, str]:
    return {"text": value}


def test_instructions_and_leading_messages_become_the_system_instruction_in_order() -> None:
    built, notes = dialogue(
        message("developer", "d1", "d2"), message("system", "s", ""), user("q"), instructions="i"
    )
    assert built.system_texts == ("i", "d1", "d2", "s")
    assert built.contents == [{"role": "user", "parts": [text("q")]}]
    assert notes == ()


def test_a_later_developer_message_stays_in_its_place_and_is_marked() -> None:
    built, notes = dialogue(user("q"), message("assistant", "a"), message("developer", "d"), user("r"))
    assert built.system_texts == ()
    assert built.contents[-1] == {
        "role": "user",
        "parts": [text("<developer_message>"), text("d"), text("</developer_message>"), text("r")],
    }
    assert notes == ("a later developer message is sent, marked, inside the user's turn",)


def test_a_conversation_of_nothing_but_developer_messages_is_a_users_turn() -> None:
    built, _ = dialogue(message("developer", "d"), instructions="i")
    assert built.system_texts == ("i",)
    assert [content["role"] for content in built.contents] == ["user"]


@pytest.mark.parametrize("items", [[], [user("")], [message("system", "")], [reasoning("thought")]])
@pytest.mark.parametrize("model", [FLASH, GEMMA])
def test_nothing_to_answer(items: list[ConversationItem], model: ModelProfile) -> None:
    with pytest.raises(InvalidRequest) as caught:
        dialogue(*items, instructions="i", model=model)
    assert caught.value.param == "input"


def test_a_system_message_with_an_image_is_refused() -> None:
    wire = {"type": "message", "role": "system", "content": [image()]}
    with pytest.raises(InvalidRequest):
        dialogue(ConversationItem(wire), user("q"))


def test_a_model_without_a_system_slot_reads_it_from_the_users_turn() -> None:
    built, notes = dialogue(message("system", "s"), user("q"), instructions="i", model=GEMMA)
    assert built.system_texts == ()
    assert built.contents == [{"role": "user", "parts": [text("i"), text("s"), text("q")]}]
    assert len(notes) == 1


def test_consecutive_messages_of_one_side_are_one_content() -> None:
    items = [
        user("a"),
        user("b"),
        message("assistant", "c", by="r1"),
        message("assistant", "d", by="r2"),
        user("e"),
    ]
    assert contents(*items) == [
        ("user", [text("a"), text("b")]),
        ("model", [text("c"), text("d")]),
        ("user", [text("e")]),
    ]


def test_a_conversation_that_begins_with_the_model() -> None:
    built, notes = dialogue(message("assistant", "hello"), user("q"))
    assert built.contents[0] == {"role": "user", "parts": [text(CONVERSATION_RESUMED)]}
    assert len(notes) == 1


def test_a_users_message_after_results_is_a_turn_of_its_own() -> None:
    items = [user("q"), call("c", signature="s"), output("c"), user("next")]
    assert [role for role, _ in contents(*items)] == ["user", "model", "user", "model", "user"]
    assert contents(*items)[3:] == [("model", [text(RESULTS_SEEN)]), ("user", [text("next")])]


def test_an_empty_message_after_results_needs_no_turn() -> None:
    assert [role for role, _ in contents(user("q"), call("c"), output("c"), user(""))] == [
        "user",
        "model",
        "user",
    ]


def test_the_models_answer_after_results_needs_no_placeholder() -> None:
    items = [user("q"), call("c"), output("c"), message("assistant", "done"), user("next")]
    assert [role for role, _ in contents(*items)] == ["user", "model", "user", "model", "user"]


def test_parallel_calls_are_one_model_content_and_one_user_content_in_call_order() -> None:
    calls = [call("a", signature="s", by="r1"), call("b", by="r1"), call("c", by="r1")]
    (_, asked), (_, answered) = contents(user("q"), *calls, output("c"), output("a"), output("b"))[1:]
    assert [part["functionCall"]["id"] for part in asked] == ["a", "b", "c"]
    assert [part["functionResponse"]["id"] for part in answered] == ["a", "b", "c"]
    assert [part.get("thoughtSignature") for part in asked] == ["s", None, None]


def test_every_sequential_step_has_a_signature_of_its_own() -> None:
    items = [user("q"), call("a"), output("a"), call("b"), call("c"), output("b"), output("c")]
    built = contents(*items)
    assert [role for role, _ in built] == ["user", "model", "user", "model", "user"]
    signatures = [
        [part.get("thoughtSignature") for part in parts] for role, parts in built if role == "model"
    ]
    assert signatures == [[SIGNATURE_STAND_IN], [SIGNATURE_STAND_IN, None]]


def test_a_signed_text_keeps_its_signature_on_its_own_part() -> None:
    items = [
        user("q"),
        message("assistant", "a", "b", signature="s", by="r"),
        message("assistant", "c", by="r"),
    ]
    assert contents(*items)[1][1] == [text("a"), {"text": "b", "thoughtSignature": "s"}, text("c")]


def test_the_signature_of_an_empty_part_keeps_its_part() -> None:
    items = [user("q"), message("assistant", "a"), message("assistant", signature="s")]
    assert contents(*items)[1][1] == [text("a"), {"text": "", "thoughtSignature": "s"}]


@pytest.mark.parametrize("model", [PRO_25, GEMMA])
def test_a_signature_of_another_line_is_left_out(model: ModelProfile) -> None:
    items = [user("q"), message("assistant", "a", signature="s"), message("assistant", signature="t")]
    assert contents(*items, model=model)[1][1] == [text("a")]


def test_reasoning_stays_out_unless_it_is_signed() -> None:
    items = [
        user("q"),
        reasoning("x"),
        reasoning("y", "z", signature="s"),
        reasoning(signature="t"),
        message("assistant", "a"),
    ]
    assert contents(*items)[1][1] == [
        {"text": "y\n\nz", "thought": True, "thoughtSignature": "s"},
        {"text": "", "thoughtSignature": "t"},
        text("a"),
    ]


def test_an_unresolved_reference_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="item_reference"):
        dialogue(user("q"), ConversationItem({"type": "item_reference", "id": "msg_1"}))


def test_the_conversation_is_not_changed() -> None:
    items = (user("q", image()), message("assistant", "a", signature="s"), call("c"), output("c", [image()]))
    before = repr(items)
    dialogue(*items)
    assert repr(items) == before
    assert items[1].upstream == UpstreamFacts("s", None, SIGNER)
