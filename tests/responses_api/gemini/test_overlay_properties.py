"""Whatever was said, in whatever order: the turns alternate, and every result follows its call."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.gemini.contents import PLEASE_GO_ON
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.translation import SIGNATURE_STAND_IN
from tests.responses_api.gemini.conversations import MODELS, hosted, image, message, reasoning, user
from tests.responses_api.gemini.overlays import ANSWERED, CALLED, FUNCTION, overlay

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
