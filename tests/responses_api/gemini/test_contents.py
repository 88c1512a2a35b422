from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.contents import (
    CONVERSATION_RESUMED,
    PLEASE_GO_ON,
    RESULTS_SEEN,
    Dialogue,
    build_dialogue,
)
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.translation import SIGNATURE_STAND_IN
from tests.responses_api.gemini.conversations import (
    FLASH,
    GEMMA,
    PNG,
    PRO_25,
    SIGNER,
    call,
    hosted,
    image,
    message,
    output,
    reasoning,
    translation,
    user,
)


def dialogue(
    *conversation: ConversationItem,
    instructions: str | None = None,
    model: ModelProfile = FLASH,
    hint: str | None = None,
    current_turn_only: bool = False,
    **circumstances: Any,
) -> tuple[Dialogue, tuple[str, ...]]:
    how = translation(model, **circumstances)
    built = build_dialogue(instructions, conversation, how, hint=hint, current_turn_only=current_turn_only)
    return built, how.notes.as_tuple()


def contents(
    *conversation: ConversationItem, model: ModelProfile = FLASH, **options: Any
) -> list[tuple[Any, Any]]:
    built, _ = dialogue(*conversation, model=model, **options)
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


@pytest.mark.parametrize(
    "last",
    [
        pytest.param([message("assistant", "so far")], id="a message"),
        pytest.param([call("c"), output("c"), message("assistant", "so far")], id="after results"),
    ],
)
def test_a_conversation_that_ends_with_the_model_asks_it_to_go_on(last: list[ConversationItem]) -> None:
    built, notes = dialogue(user("q"), *last)
    assert built.contents[-2:] == [
        {"role": "model", "parts": [text("so far")]},
        {"role": "user", "parts": [text(PLEASE_GO_ON)]},
    ]
    assert "a short user turn is placed after a conversation that ends with the model" in notes


def test_tool_results_at_the_end_ask_for_an_answer_by_themselves() -> None:
    assert len(contents(user("q"), call("c"), output("c"))) == 3


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


SEARCHED = {"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}, "thoughtSignature": "s"}
FOUND = {"toolResponse": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "response": {}}}
RAN: list[dict[str, Any]] = [
    {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "s"},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
]


def test_hosted_steps_stand_where_they_were_made() -> None:
    items = [
        user("q"),
        hosted({"type": "web_search_call"}, SEARCHED, FOUND),
        hosted({"type": "code_interpreter_call"}, *RAN),
        call("c", signature="t"),
        message("assistant", "a"),
        hosted({"type": "image_generation_call", "result": PNG}),
        output("c"),
    ]
    model_turn = contents(*items, hosted_beside_functions=True)[1][1]
    assert model_turn[:4] == [SEARCHED, FOUND, *RAN]
    assert [next(iter(part)) for part in model_turn[4:]] == ["functionCall", "text", "inlineData"]


def test_hosted_steps_in_a_reasoning_item_come_before_its_thought() -> None:
    facts = UpstreamFacts("t", None, SIGNER, (SEARCHED, FOUND))
    wire = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    built = contents(user("q"), ConversationItem(wire, None, facts), hosted_beside_functions=True)
    assert built[1][1] == [SEARCHED, FOUND, {"text": "hm", "thought": True, "thoughtSignature": "t"}]


def test_a_search_of_which_no_parts_are_kept_says_nothing() -> None:
    items = [user("q"), hosted({"type": "web_search_call", "status": "completed"}), message("assistant", "a")]
    assert contents(*items)[1][1] == [text("a")]


def test_items_that_only_declare_tools_neither_say_nor_divide_anything() -> None:
    tools = ConversationItem({"type": "additional_tools", "tools": []})
    built, notes = dialogue(tools, message("developer", "d"), tools, message("system", "s"), user("q"))
    assert (built.system_texts, notes) == (("d", "s"), ())
    items = [user("q"), call("a", by="r"), tools, call("b", by="r"), output("a"), tools, output("b")]
    assert [len(parts) for _, parts in contents(*items)] == [1, 2, 2]


def test_found_tools_are_the_result_of_their_search() -> None:
    search = {"type": "tool_search_call", "call_id": "c", "arguments": {"query": "mail"}}
    found = {
        "type": "tool_search_output",
        "call_id": "c",
        "tools": [{"type": "function", "name": "send_mail", "parameters": None}],
    }
    built = contents(user("q"), ConversationItem(search), ConversationItem(found))
    assert built[1][1][0]["functionCall"]["args"] == {"query": "mail"}
    assert "send_mail" in built[2][1][0]["functionResponse"]["response"]["output"]


@pytest.mark.parametrize("value", ["hello", [{"type": "input_text", "text": "hello"}]])
def test_what_a_tool_says_unasked_is_said_in_the_users_turn(value: object) -> None:
    """Codex delivers the messages of its other threads so."""
    wire = {"type": "function_call_output", "output": value, "name": "send_message_to_thread"}
    built, notes = dialogue(user("q"), message("assistant", "a"), ConversationItem(wire))
    assert built.contents[-1]["parts"] == [
        text('<tool_output name="send_message_to_thread">'), text("hello"), text("</tool_output>"),
    ]  # fmt: skip
    assert notes == ("a tool's output without a call is sent, marked, inside the user's turn",)


@pytest.mark.parametrize("model", [FLASH, GEMMA])
def test_a_hint_is_the_last_system_text(model: ModelProfile) -> None:
    built, _ = dialogue(message("system", "s"), user("q"), instructions="i", hint="Be brief.", model=model)
    texts = ("i", "s", "Be brief.")
    if model.has_system_slot:
        assert built.system_texts == texts
    else:
        assert built.contents[0]["parts"] == [*map(text, texts), text("q")]


def test_only_the_current_turns_signatures_go_back_if_the_client_wants_it_so() -> None:
    items = [
        user("q"),
        call("a", signature="s1"),
        output("a"),
        message("assistant", "x", signature="s2"),
        user("r"),
        reasoning("t", signature="s3"),
        call("b", signature="s4"),
        output("b"),
        call("c"),
        output("c"),
    ]
    built, notes = dialogue(*items, current_turn_only=True)
    signatures = [part.get("thoughtSignature") for turn in built.contents for part in turn["parts"]]  # type: ignore[attr-defined]
    assert signatures == [None, None, None, None, None, "s3", "s4", None, SIGNATURE_STAND_IN, None]
    assert notes == (
        "reasoning.context=current_turn: thought signatures of earlier turns are left out",
        "function call c has no signature of this model: a stand-in is sent",
    )


@pytest.mark.parametrize(
    "items",
    [
        [user("q"), call("a", signature="s"), output("a")],
        [call("a"), output("a")],
        [user("q"), call("a", signature="s"), output("a"), user(""), message("user")],
    ],
)
def test_nothing_is_left_out_where_there_is_no_earlier_turn(items: list[ConversationItem]) -> None:
    assert dialogue(*items, current_turn_only=True) == dialogue(*items)


def test_without_signatures_calls_get_stand_ins_and_thoughts_stay_out() -> None:
    items = [
        user("q"),
        reasoning("t", signature="s"),
        message("assistant", "a", signature="s"),
        message("assistant", signature="s"),
        call("a", signature="s"),
        call("b", signature="s"),
        output("a"),
        output("b"),
    ]
    built, notes = dialogue(*items, signatures=False)
    parts: Any = built.contents[1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [None, SIGNATURE_STAND_IN, None]
    assert notes == ()
