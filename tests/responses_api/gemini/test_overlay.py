from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.call_parts import SIGNATURE_STAND_IN
from responses_api.gemini.models import PROFILES, ModelProfile
from responses_api.gemini.overlay import Overlay, build_overlay
from tests.responses_api.gemini.conversations import (
    FLASH,
    MODELS,
    PRO_25,
    assert_valid,
    call,
    image,
    message,
    output,
    reasoning,
    user,
)

FUNCTION = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}


def overlay(*conversation: ConversationItem, model: ModelProfile = FLASH, **body: Any) -> Overlay:
    built = build_overlay(parse_create_request({"input": "q", **body}), conversation, model)
    assert_valid(built.body)
    return built


def test_the_smallest_request() -> None:
    assert overlay(user("hello")) == Overlay(
        model="gemini-3.8-flash",
        body={"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
        adaptations=(),
    )


def test_a_full_request() -> None:
    built = overlay(
        message("developer", "Be brief."),
        user("Look", image()),
        instructions="You are helpful.",
        tools=[FUNCTION],
        temperature=0.2,
        max_output_tokens=500,
        reasoning={"effort": "high", "summary": "auto"},
        service_tier="flex",
    )
    assert built.body.keys() == {
        "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "serviceTier",
    }  # fmt: skip
    assert built.body["systemInstruction"] == {"parts": [{"text": "You are helpful."}, {"text": "Be brief."}]}
    assert built.body["generationConfig"] == {
        "temperature": 0.2,
        "maxOutputTokens": 500,
        "thinkingConfig": {"thinkingLevel": "high", "includeThoughts": True},
    }
    assert built.adaptations == ()


def test_an_output_alone_finds_its_call_in_the_history() -> None:
    """Case 2: with previous_response_id a client sends nothing but the output."""
    history = [
        user("Weather in Paris?", by="resp_1"),
        call("call_1", "get_weather", '{"city":"Paris"}', by="resp_1", signature="c2ln", upstream_id="aB3"),
    ]
    assert overlay(*history, output("call_1", "18 degrees"), tools=[FUNCTION]).body["contents"] == [
        {"role": "user", "parts": [{"text": "Weather in Paris?"}]},
        {
            "role": "model",
            "parts": [
                {
                    "functionCall": {"name": "get_weather", "args": {"city": "Paris"}, "id": "aB3"},
                    "thoughtSignature": "c2ln",
                }
            ],
        },
        {
            "role": "user",
            "parts": [
                {
                    "functionResponse": {
                        "name": "get_weather",
                        "response": {"output": "18 degrees"},
                        "id": "aB3",
                    }
                }
            ],
        },
    ]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_results_of_parallel_calls_are_one_turn_in_call_order(model: ModelProfile) -> None:
    """Case 8: the upstream refuses results that are split over several turns."""
    calls = [call(f"call_{n}", "get_weather", by="resp_1") for n in range(3)]
    outputs = [output(f"call_{n}", str(n)) for n in (2, 0, 1)]
    contents = overlay(user("q", by="resp_1"), *calls, *outputs, model=model).body["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert len(contents[1]["parts"]) == 3
    assert [part["functionResponse"]["response"]["output"] for part in contents[2]["parts"]] == [
        "0",
        "1",
        "2",
    ]


def test_a_missing_output_is_refused_by_us_and_not_by_the_upstream() -> None:
    """Case 8, second half."""
    calls = [call("call_a", by="resp_1"), call("call_b", by="resp_1")]
    with pytest.raises(InvalidRequest, match="No tool output found for function call call_b."):
        overlay(user("q"), *calls, output("call_a"))


def test_signatures_do_not_depend_on_what_the_client_keeps() -> None:
    """Case 10: reasoning items are dropped by the client, the call's signature is kept beside the call."""
    step = [call("call_1", by="resp_1", signature="c2ln"), output("call_1")]
    with_thoughts = overlay(user("q"), reasoning("t", by="resp_1"), *step)
    without_thoughts = overlay(user("q"), *step)
    assert with_thoughts.body == without_thoughts.body
    assert with_thoughts.body["contents"][1]["parts"][0]["thoughtSignature"] == "c2ln"


def test_a_foreign_history_gets_the_documented_stand_in() -> None:
    """Case 10, second half."""
    built = overlay(user("q"), call("call_1"), output("call_1"))
    assert built.body["contents"][1]["parts"][0]["thoughtSignature"] == SIGNATURE_STAND_IN
    assert built.adaptations == ("function call call_1 has no signature of this model: a stand-in is sent",)


def test_what_has_no_slot_upstream_is_reported() -> None:
    built = overlay(
        user("q"),
        tools=[FUNCTION],
        parallel_tool_calls=False,
        max_tool_calls=3,
        text={"verbosity": "low"},
        truncation="auto",
    )
    assert [note.split(" has no ")[0].split(": ")[0] for note in built.adaptations] == [
        "parallel_tool_calls=false", "max_tool_calls", "text.verbosity=low", "truncation=auto",
    ]  # fmt: skip


def test_functions_that_may_not_be_called_do_not_stand_in_the_way_of_json() -> None:
    body = overlay(
        user("q"),
        model=PRO_25,
        tools=[FUNCTION],
        tool_choice="none",
        text={"format": {"type": "json_object"}},
    ).body
    assert body["generationConfig"] == {"responseMimeType": "application/json"}
    assert "tools" not in body


@pytest.mark.parametrize("model", PROFILES, ids=lambda model: model.name)
@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh", "max"])
def test_every_effort_makes_a_valid_request_for_every_model(model: ModelProfile, effort: str) -> None:
    built = overlay(user("q"), model=model, reasoning={"effort": effort, "summary": "auto"})
    assert built.model == model.upstream_name
    assert len(built.body["generationConfig"]["thinkingConfig"]) == 2


response_ids = st.sampled_from([None, "resp_1", "resp_2"])
signatures = st.sampled_from([None, "c2ln"])
texts = st.lists(st.sampled_from(["", "a", "b"]), max_size=2)


@st.composite
def conversations(draw: st.DrawFn) -> list[ConversationItem]:
    """Items of all kinds in any order; every output has its call before it."""
    items: list[ConversationItem] = []
    waiting: list[str] = []
    for index in range(draw(st.integers(0, 10))):
        by = draw(response_ids)
        match draw(st.sampled_from(["message", "call", "output", "reasoning"])):
            case "message":
                role = draw(st.sampled_from(["user", "assistant", "developer"]))
                items.append(message(role, *draw(texts), by=by, signature=draw(signatures)))
            case "call":
                waiting.append(f"call_{index}")
                items.append(call(waiting[-1], by=by, signature=draw(signatures)))
            case "reasoning":
                items.append(reasoning(*draw(texts), by=by, signature=draw(signatures)))
            case _ if waiting:
                items.append(output(waiting.pop(draw(st.integers(0, len(waiting) - 1))), by=by))
    items += [output(call_id) for call_id in waiting]
    return [user("q"), *items]


@given(conversations(), st.sampled_from(MODELS))
def test_any_conversation_makes_alternating_turns_with_every_result_after_its_step(
    conversation: list[ConversationItem], model: ModelProfile
) -> None:
    contents = overlay(*conversation, model=model).body["contents"]
    roles = [content["role"] for content in contents]
    assert roles == ["user" if index % 2 == 0 else "model" for index in range(len(roles))]
    calls = [
        [part["functionCall"]["name"] for part in turn["parts"] if "functionCall" in part]
        for turn in contents
    ]
    results = [
        [part["functionResponse"]["name"] for part in turn["parts"] if "functionResponse" in part]
        for turn in contents
    ]
    assert results == [[], *calls[:-1]]
    assert sum(map(len, calls)) == sum(item.wire["type"] == "function_call" for item in conversation)
    for turn in contents:
        if any("functionResponse" in part for part in turn["parts"]):
            assert all("functionResponse" in part for part in turn["parts"])
        first_call = next((part for part in turn["parts"] if "functionCall" in part), None)
        if first_call is not None and model.is_modern:
            assert first_call["thoughtSignature"]


def test_facts_without_a_model_are_of_no_line() -> None:
    item = ConversationItem(call("c").wire, "resp_1", UpstreamFacts("c2ln", "up", None))
    part = overlay(user("q"), item, output("c")).body["contents"][1]["parts"][0]
    assert (part["thoughtSignature"], part["functionCall"]["id"]) == (SIGNATURE_STAND_IN, "up")
