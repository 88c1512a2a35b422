from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.create_request import parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.remote_files import FetchedFile
from responses_api.gemini.contents import PLEASE_GO_ON
from responses_api.gemini.models import PROFILES, ModelProfile
from responses_api.gemini.overlay import Overlay, build_overlay, continued
from responses_api.gemini.thinking import NoControl
from responses_api.gemini.translation import SIGNATURE_STAND_IN
from tests.responses_api.gemini.conversations import (
    FLASH,
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

FUNCTION = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}


def overlay(
    *conversation: ConversationItem,
    model: ModelProfile = FLASH,
    files: dict[str, FetchedFile] | None = None,
    signatures: bool = True,
    **body: Any,
) -> Overlay:
    request = parse_create_request({"input": "q", **body})
    built = build_overlay(request, conversation, model, files, signatures=signatures)
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


CALLED = {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}, "thoughtSignature": "c2ln"}
ANSWERED = {"toolResponse": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB", "response": {}}}


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


response_ids = st.sampled_from([None, "resp_1", "resp_2"])
signatures = st.sampled_from([None, "c2ln"])
signers = st.sampled_from(["gemini-3.8-flash", "gemini-2.5-pro-001", "elsewhere"])
texts = st.lists(st.sampled_from(["", "a", "b"]), max_size=2)

EXIT = {"stdout": "", "stderr": "e", "outcome": {"type": "exit", "exit_code": 1}}
CALLS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"type": "function_call", "name": "f", "arguments": "[1]"},
        {"type": "function_call_output", "output": [image()]},
    ),
    (
        {"type": "function_call", "name": "1f", "namespace": "n", "arguments": ""},
        {"type": "function_call_output", "output": "{}"},
    ),
    (
        {"type": "custom_tool_call", "name": "patch", "input": ""},
        {"type": "custom_tool_call_output", "output": ""},
    ),
    (
        {"type": "local_shell_call", "action": {"command": ["ls"]}},
        {"type": "local_shell_call_output", "output": "a"},
    ),
    (
        {"type": "shell_call", "action": {"commands": ["ls"]}},
        {"type": "shell_call_output", "output": [EXIT]},
    ),
    (
        {"type": "apply_patch_call", "operation": {"type": "delete_file", "path": "a"}},
        {"type": "apply_patch_call_output", "status": "completed"},
    ),
    ({"type": "tool_search_call", "arguments": {}}, {"type": "tool_search_output", "tools": []}),
]
"""Every kind of call with an output of its kind."""
CODE = {"type": "code_interpreter_call", "code": "1", "outputs": [{"type": "logs", "logs": "1"}]}
HOSTED: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"type": "web_search_call", "action": {"type": "search"}}, [CALLED, ANSWERED]),
    ({"type": "web_search_call"}, []),
    (CODE, []),
    (CODE, [{"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "c2ln"}]),
    ({"type": "image_generation_call", "result": "iVBORw0KGgo="}, []),
    ({"type": "reasoning", "summary": []}, [CALLED, ANSWERED]),
    ({"type": "additional_tools", "tools": [FUNCTION]}, []),
]
"""What the upstream did itself, with the parts behind it, and what says nothing."""


@st.composite
def conversations(draw: st.DrawFn) -> list[ConversationItem]:
    """Items of all kinds in any order; every output has its call before it, and some lack its id."""
    items: list[ConversationItem] = []
    waiting: list[ConversationItem] = []
    for index in range(draw(st.integers(0, 10))):
        by = draw(response_ids)
        facts = UpstreamFacts(draw(signatures), draw(st.sampled_from([None, "up"])), draw(signers))
        match draw(st.sampled_from(["message", "call", "output", "reasoning", "hosted", "unasked"])):
            case "message":
                role = draw(st.sampled_from(["user", "assistant", "developer"]))
                items.append(message(role, *draw(texts), by=by, signature=draw(signatures)))
            case "call":
                wire, answer = draw(st.sampled_from(CALLS))
                items.append(ConversationItem({**wire, "call_id": f"call_{index}"}, by, facts))
                waiting.append(ConversationItem({**answer, "call_id": f"call_{index}"}))
            case "reasoning":
                items.append(reasoning(*draw(texts), by=by, signature=draw(signatures)))
            case "hosted":
                wire, parts = draw(st.sampled_from(HOSTED))
                items.append(hosted(wire, *parts, by=by, model=draw(signers)))
            case "unasked":
                items.append(ConversationItem({"type": "function_call_output", "output": "hi", "name": "t"}))
            case _ if waiting:
                items.append(waiting.pop(draw(st.integers(0, len(waiting) - 1))))
    for number, answer in enumerate(waiting):
        if draw(st.booleans()):
            answer = ConversationItem({name: answer.wire[name] for name in answer.wire if name != "call_id"})
            waiting[number] = answer
    return [user("q"), *items, *waiting]


def functions(turn: dict[str, Any], member: str) -> list[tuple[str, str | None]]:
    """Name and id of each call or result in a turn."""
    return [(part[member]["name"], part[member].get("id")) for part in turn["parts"] if member in part]


@given(
    conversations(),
    st.sampled_from(MODELS),
    st.booleans(),
    st.sampled_from([[], [FUNCTION], [FUNCTION, {"type": "web_search"}]]),
    st.sampled_from([None, "current_turn"]),
)
def test_any_conversation_makes_alternating_turns_with_every_result_after_its_step(
    conversation: list[ConversationItem],
    model: ModelProfile,
    signed: bool,
    tools: list[dict[str, Any]],
    context: str | None,
) -> None:
    built = overlay(
        *conversation, model=model, signatures=signed, tools=tools, reasoning={"context": context}
    )
    turns = built.body["contents"]
    assert [turn["role"] for turn in turns] == [
        "user" if index % 2 == 0 else "model" for index in range(len(turns))
    ]
    calls = [functions(turn, "functionCall") for turn in turns]
    results = [functions(turn, "functionResponse") for turn in turns]
    assert results == [[], *calls[:-1]]
    kinds = Counter(item.wire["type"] for item in conversation)
    assert sum(map(len, calls)) == sum(
        kinds[wire["type"]] for wire in {c[0]["type"]: c[0] for c in CALLS}.values()
    )
    combined = model.hosted_with_functions and len(tools) == 2
    said = [
        number
        for number, turn in enumerate(turns)
        if number % 2 == 0
        and not functions(turn, "functionResponse")
        and turn["parts"] != [{"text": PLEASE_GO_ON}]
    ]
    current = said[-1] if context else 0
    for number, turn in enumerate(turns):
        if model.is_modern and functions(turn, "functionResponse"):
            assert all("functionResponse" in part for part in turn["parts"])
        first_call = next((part for part in turn["parts"] if "functionCall" in part), None)
        if number < current:
            assert not any("thoughtSignature" in part for part in turn["parts"])
        elif first_call is not None and model.is_modern:
            assert first_call["thoughtSignature"]
        assert combined or not any("toolCall" in part or "toolResponse" in part for part in turn["parts"])
        if not signed:
            assert {part.get("thoughtSignature") for part in turn["parts"]} <= {None, SIGNATURE_STAND_IN}


def test_facts_without_a_model_are_of_no_line() -> None:
    item = ConversationItem(call("c").wire, "resp_1", UpstreamFacts("c2ln", "up", None))
    part = overlay(user("q"), item, output("c")).body["contents"][1]["parts"][0]
    assert (part["thoughtSignature"], part["functionCall"]["id"]) == (SIGNATURE_STAND_IN, "up")
