"""Replayed items get back what the upstream attached, whatever clients do to ids and reasoning items."""

from typing import Any

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.sealed_reasoning import SealedReasoning, SignedPart
from responses_api.core.signature_recovery import StoredItems, recover, said_by_model

MODEL = "gemini-3.8-flash"


def item(kind: str, **members: Any) -> ConversationItem:
    return ConversationItem({"type": kind, **members})


def call(call_id: str, name: str = "f", item_id: str | None = None) -> ConversationItem:
    return item("function_call", call_id=call_id, name=name, arguments="{}", id=item_id)


def output(call_id: str) -> ConversationItem:
    return item("function_call_output", call_id=call_id, output="ok")


def said(role: str = "user", item_id: str | None = None) -> ConversationItem:
    return item("message", role=role, content=[{"type": "input_text", "text": "hi"}], id=item_id)


def reasoning() -> ConversationItem:
    return item("reasoning", summary=[])


def stored(original: ConversationItem, signature: str, response_id: str = "resp_1") -> ConversationItem:
    return ConversationItem(original.wire, response_id, UpstreamFacts(signature, "up", MODEL))


def sealed(*parts: SignedPart, response_id: str = "resp_1") -> SealedReasoning:
    return SealedReasoning(response_id, MODEL, parts)


def signatures(items: list[ConversationItem]) -> list[str | None]:
    return [entry.upstream.signature if entry.upstream else None for entry in items]


def responses(items: list[ConversationItem]) -> list[str | None]:
    return [entry.response_id for entry in items]


NOTHING = StoredItems()


class TestFromStoredItems:
    def test_by_item_id_though_the_call_id_was_altered(self) -> None:
        kept = stored(call("call_ours", item_id="fc_1"), "sig")
        items = recover([said(), call("toolu_1", item_id="fc_1")], StoredItems(by_id={"fc_1": kept}), {})
        assert signatures(items) == [None, "sig"]
        assert responses(items) == [None, "resp_1"]

    def test_by_call_id_though_the_item_id_was_left_out(self) -> None:
        kept = stored(call("call_1", item_id="fc_1"), "sig")
        items = recover([said(), call("call_1")], StoredItems(by_call_id={"call_1": kept}), {})
        assert signatures(items) == [None, "sig"]

    def test_not_for_a_call_of_another_function(self) -> None:
        kept = stored(call("call_1", name="g"), "sig")
        items = recover([call("call_1", name="f")], StoredItems(by_call_id={"call_1": kept}), {})
        assert signatures(items) == [None]

    def test_not_for_an_item_of_another_type(self) -> None:
        kept = stored(said("assistant", "x_1"), "sig")
        items = recover([call("call_1", item_id="x_1")], StoredItems(by_id={"x_1": kept}), {})
        assert signatures(items) == [None]

    def test_what_the_user_said_has_none(self) -> None:
        kept = stored(said("user", "msg_1"), "sig")
        assert signatures(recover([said("user", "msg_1")], StoredItems(by_id={"msg_1": kept}), {})) == [None]

    def test_a_resolved_reference_keeps_its_own(self) -> None:
        resolved = stored(call("call_1"), "own", "resp_0")
        other = stored(call("call_1"), "other")
        items = recover([resolved], StoredItems(by_call_id={"call_1": other}), {})
        assert (signatures(items), responses(items)) == (["own"], ["resp_0"])

    def test_neighbours_of_one_answer_know_their_response(self) -> None:
        kept = stored(call("call_1"), "sig")
        said_again = [
            said(),
            said("assistant"),
            call("call_1"),
            call("call_2"),
            output("call_1"),
            output("call_2"),
        ]
        items = recover(said_again, StoredItems(by_call_id={"call_1": kept}), {})
        assert responses(items) == [None, "resp_1", "resp_1", "resp_1", None, None]

    def test_neighbours_of_two_answers_are_left_alone(self) -> None:
        rows = {
            "call_1": stored(call("call_1"), "a", "resp_1"),
            "call_2": stored(call("call_2"), "b", "resp_2"),
        }
        items = recover([call("call_1"), said("assistant"), call("call_2")], StoredItems(by_call_id=rows), {})
        assert responses(items) == ["resp_1", None, "resp_2"]


class TestFromSealedReasoning:
    def test_of_the_thought_itself(self) -> None:
        items = recover(
            [said(), reasoning(), said("assistant")], NOTHING, {1: sealed(SignedPart("thought", "t"))}
        )
        assert signatures(items) == [None, "t", None]
        assert items[1].upstream == UpstreamFacts("t", None, MODEL)
        assert responses(items) == [None, "resp_1", "resp_1"]

    def test_of_the_call_that_follows(self) -> None:
        part = SignedPart("call", "c", call_id="call_2", upstream_call_id="up2")
        items = recover([reasoning(), call("call_1"), call("call_2")], NOTHING, {0: sealed(part)})
        assert signatures(items) == [None, None, "c"]
        assert items[2].upstream == UpstreamFacts("c", "up2", MODEL)

    def test_of_calls_with_altered_ids_in_their_order(self) -> None:
        parts = (SignedPart("call", "a", call_id="call_1"), SignedPart("call", "b", call_id="call_2"))
        items = recover([call("before"), reasoning(), call("x"), call("y")], NOTHING, {1: sealed(*parts)})
        assert signatures(items) == [None, None, "a", "b"]

    def test_a_call_that_has_its_facts_gives_them_to_nobody_else(self) -> None:
        kept = stored(call("call_1"), "kept")
        part = SignedPart("call", "c", call_id="call_1")
        items = recover(
            [reasoning(), call("call_1"), call("call_2")],
            StoredItems(by_call_id={"call_1": kept}),
            {0: sealed(part)},
        )
        assert signatures(items) == [None, "kept", None]

    def test_of_the_message_before(self) -> None:
        items = recover(
            [said("assistant"), said(), said("assistant"), reasoning()],
            NOTHING,
            {3: sealed(SignedPart("text", "m"))},
        )
        assert signatures(items) == [None, None, "m", None]

    def test_not_of_a_message_of_an_earlier_turn(self) -> None:
        items = recover(
            [said("assistant"), said(), reasoning()], NOTHING, {2: sealed(SignedPart("text", "m"))}
        )
        assert signatures(items) == [None, None, None]

    def test_at_the_very_beginning(self) -> None:
        assert signatures(recover([reasoning()], NOTHING, {0: sealed(SignedPart("text", "m"))})) == [None]

    def test_of_the_hosted_step_before(self) -> None:
        part = SignedPart("hosted", parts=({"toolCall": {}}, {"toolResponse": {}}))
        search = item("web_search_call", status="completed", action={"type": "search"})
        items = recover([search, said("assistant"), reasoning()], NOTHING, {2: sealed(part)})
        assert items[0].upstream == UpstreamFacts(model=MODEL, parts=part.parts)

    def test_of_a_hosted_step_that_the_client_dropped(self) -> None:
        part = SignedPart("hosted", parts=({"toolCall": {}}, {"toolResponse": {}}))
        items = recover([said(), reasoning(), call("call_1")], NOTHING, {1: sealed(part)})
        assert items[1].upstream == UpstreamFacts(model=MODEL, parts=part.parts)

    def test_of_a_dropped_step_beside_the_thoughts_own(self) -> None:
        part = SignedPart("hosted", parts=({"toolCall": {}},))
        items = recover([reasoning()], NOTHING, {0: sealed(part, SignedPart("thought", "t"))})
        assert items[0].upstream == UpstreamFacts("t", model=MODEL, parts=part.parts)

    def test_of_an_empty_part_in_whose_place_the_item_stands(self) -> None:
        parts = (SignedPart("text", "m"), SignedPart("empty", "e"))
        items = recover([said("assistant"), reasoning(), said("assistant")], NOTHING, {1: sealed(*parts)})
        assert signatures(items) == ["m", "e", None]

    def test_of_an_empty_part_though_the_item_is_stored(self) -> None:
        kept = stored(item("reasoning", summary=[], id="rs_1"), "e")
        replayed = item("reasoning", summary=[], id="rs_1")
        rows = StoredItems(by_id={"rs_1": kept})
        assert signatures(recover([replayed], rows, {0: sealed(SignedPart("empty", "e"))})) == ["e"]

    def test_of_the_picture_of_that_id(self) -> None:
        pictures = [item("image_generation_call", id=f"ig_{number}", result="aW1n") for number in "123"]
        blob = sealed(SignedPart("image", "b", "ig_2"), SignedPart("image", "c", "ig_3"))
        items = recover([*pictures, reasoning()], NOTHING, {3: blob})
        assert signatures(items) == [None, "b", "c", None]

    def test_of_the_nearest_picture_before_if_ids_were_left_out(self) -> None:
        picture = item("image_generation_call", result="aW1n")
        blob = sealed(SignedPart("image", "i", "ig_1"))
        items = recover([picture, picture, said("assistant"), reasoning(), picture], NOTHING, {3: blob})
        assert signatures(items) == [None, "i", None, None, None]

    def test_of_a_picture_that_the_client_dropped_there_is_nothing_to_keep(self) -> None:
        items = recover([said(), reasoning()], NOTHING, {1: sealed(SignedPart("image", "i", "ig_1"))})
        assert items[1].upstream == UpstreamFacts(model=MODEL)

    def test_of_several_steps_in_their_order(self) -> None:
        parts = tuple(SignedPart("hosted", parts=({"executableCode": {"code": code}},)) for code in "ab")
        steps = [item("code_interpreter_call", code=code) for code in "ab"]
        items = recover([*steps, reasoning()], NOTHING, {2: sealed(*parts)})
        assert [entry.upstream and entry.upstream.parts for entry in items[:2]] == [
            part.parts for part in parts
        ]

        items = recover([said(), reasoning()], NOTHING, {1: sealed(*parts)})
        assert items[1].upstream == UpstreamFacts(model=MODEL, parts=(*parts[0].parts, *parts[1].parts))


def test_who_said_it() -> None:
    kinds = {
        "function_call": True,
        "custom_tool_call": True,
        "web_search_call": True,
        "reasoning": True,
        "function_call_output": False,
        "item_reference": False,
    }
    assert {kind: said_by_model(item(kind)) for kind in kinds} == kinds
    assert [said_by_model(said(role)) for role in ("user", "assistant", "system")] == [False, True, False]


def test_the_request_is_left_unchanged() -> None:
    original = [reasoning(), call("call_1")]
    before = list(original)
    recover(original, NOTHING, {0: sealed(SignedPart("call", "c", call_id="call_1"))})
    assert original == before
