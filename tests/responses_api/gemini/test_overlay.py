from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest
from responses_api.core.remote_files import FetchedFile
from responses_api.gemini.models import PROFILES, ModelProfile
from responses_api.gemini.overlay import Overlay, continued
from responses_api.gemini.thinking import NoControl
from responses_api.gemini.translation import SIGNATURE_STAND_IN
from tests.responses_api.gemini.conversations import (
    MODELS,
    PRO_25,
    assert_valid,
    call,
    hosted,
    image,
    message,
    output,
    reasoning,
    user,
)
from tests.responses_api.gemini.overlays import ANSWERED, CALLED, FUNCTION, overlay


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
        truncation="auto",
        client_metadata={},
        brand_new=1,
    )
    assert [note.split(" has no ")[0].split(": ")[0] for note in built.adaptations] == [
        "the unknown parameter 'brand_new' is ignored",
        "parallel_tool_calls=false",
        "max_tool_calls",
        "truncation=auto",
    ]
    assert overlay(user("q"), parallel_tool_calls=False).adaptations == ()


def test_verbosity_is_asked_for_in_words() -> None:
    built = overlay(user("q"), instructions="Be kind.", text={"verbosity": "low"})
    first, hint = built.body["systemInstruction"]["parts"]
    assert first == {"text": "Be kind."}
    assert hint["text"]
    assert built.adaptations == ("text.verbosity is asked for in words: there is no upstream switch",)
    assert "systemInstruction" not in overlay(user("q"), text={"verbosity": "medium"}).body


def test_the_extensions_of_chat_completions() -> None:
    config = overlay(user("q"), stop=["END"], seed=7, temperature=1).body["generationConfig"]
    assert config == {"temperature": 1.0, "stopSequences": ["END"], "seed": 7}
    assert overlay(user("q"), stop=[], seed=0).body["generationConfig"] == {"seed": 0}


def test_what_was_fetched_is_sent_inline() -> None:
    url = "https://example.com/a.png"
    files = {url: FetchedFile("image/png", b"\x89PNG")}
    [part] = overlay(user(image(url)), files=files).body["contents"][0]["parts"]
    assert part == {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}


def test_tools_that_items_declare_are_offered_and_known_by_their_upstream_names() -> None:
    namespace = {"type": "namespace", "name": "agents", "description": "", "tools": [FUNCTION]}
    late = ConversationItem({"type": "additional_tools", "role": "developer", "tools": [namespace]})
    built = overlay(late, message("developer", "d"), user("q"))
    [declared] = built.body["tools"][0]["functionDeclarations"]
    tool = built.client_tools[declared["name"]]
    assert (tool.namespace, tool.name) == ("agents", "get_weather")
    assert built.body["systemInstruction"] == {"parts": [{"text": "d"}]}


def test_calls_are_known_even_where_no_tool_may_be_called() -> None:
    built = overlay(
        user("q"),
        model=PRO_25,
        tools=[FUNCTION],
        tool_choice="none",
        text={"format": {"type": "json_object"}},
    )
    assert built.client_tools.keys() == {"get_weather"}


@pytest.mark.parametrize(
    ("tools", "sent"),
    [
        ([{"type": "web_search"}, FUNCTION], [CALLED, ANSWERED]),
        ([{"type": "web_search"}], []),
        ([FUNCTION], []),
        ([], []),
    ],
)
def test_steps_of_hosted_tools_go_back_where_such_tools_stand_beside_functions(
    tools: list[dict[str, Any]], sent: list[dict[str, Any]]
) -> None:
    searched = hosted({"type": "web_search_call"}, CALLED, ANSWERED)
    built = overlay(user("q"), searched, message("assistant", "a"), user("r"), tools=tools)
    assert built.body["contents"][1]["parts"] == [*sent, {"text": "a"}]
    assert bool(built.adaptations) == (not sent)


def test_another_try_without_signatures() -> None:
    items = [
        user("q"),
        message("assistant", "a", signature="c2ln"),
        call("c", signature="c2ln"),
        output("c"),
    ]
    built = overlay(*items, signatures=False, tools=[FUNCTION])
    said, called = built.body["contents"][1]["parts"]
    assert (said, called["thoughtSignature"]) == ({"text": "a"}, SIGNATURE_STAND_IN)
    assert built.adaptations == ("thought signatures are left out: the upstream refused one",)


def test_the_context_of_reasoning_can_be_the_current_turn() -> None:
    items = [user("q"), message("assistant", "a", signature="c2ln"), user("r")]
    for context, signed in [("current_turn", False), ("all_turns", True), ("auto", True)]:
        built = overlay(*items, reasoning={"context": context})
        assert ("thoughtSignature" in built.body["contents"][1]["parts"][0]) == signed
        assert bool(built.adaptations) == (not signed)


def test_a_continued_request_is_the_same_with_its_token() -> None:
    body = overlay(user("q"), temperature=1).body
    before = repr(body)
    again = continued(body, "dG9rZW4=")
    assert_valid(again)
    assert again == {**body, "continuationToken": "dG9rZW4="}
    assert repr(body) == before


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


@pytest.mark.parametrize(
    "model",
    [model for model in PROFILES if not isinstance(model.thinking, NoControl)],
    ids=lambda model: model.name,
)
@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh", "max"])
def test_every_effort_makes_a_valid_request_for_every_model(model: ModelProfile, effort: str) -> None:
    built = overlay(user("q"), model=model, reasoning={"effort": effort, "summary": "auto"})
    assert built.model == model.upstream_name
    assert len(built.body["generationConfig"]["thinkingConfig"]) == 2


def test_facts_without_a_model_are_of_no_line() -> None:
    item = ConversationItem(call("c").wire, "resp_1", UpstreamFacts("c2ln", "up", None))
    part = overlay(user("q"), item, output("c")).body["contents"][1]["parts"][0]
    assert (part["thoughtSignature"], part["functionCall"]["id"]) == (SIGNATURE_STAND_IN, "up")
