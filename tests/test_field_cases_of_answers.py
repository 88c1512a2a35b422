"""What broke in other gateways on the way back, one test per case: here it does not.

Each test says what the upstream answers and what the client gets. The way there has a file of
its own, ``test_field_cases.py``; the numbers go on here.
"""

import json
from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import parse_create_request
from responses_api.gemini.models import ModelCatalogue
from responses_api.gemini.overlay import build_overlay
from tests.golden.exchanges import NAMES, Answer, Recording, Run, play, unseal
from tests.oracles import openai_sdk
from tests.responses_api.gemini.conversations import assert_valid
from tests.test_field_cases import FLASH, SHELL, output, stored, translated, user

RECORDINGS = [recording for name in NAMES if (recording := Recording(name)).is_served]
"""Real-looking exchanges of every kind, for what must hold in all of them."""


def answered(*candidates: dict[str, Any], usage: list[dict[str, int]] | None = None, **body: Any) -> Run:
    """The whole path: a request, and what becomes of the upstream's answer to it, chunk by chunk."""
    request = parse_create_request({"input": "q", **body})
    built = build_overlay(request, [ConversationItem(item) for item in request.input], FLASH)
    assert_valid(built.body)
    counts = [{"usageMetadata": count} for count in usage or []] + [{}] * len(candidates)
    chunks = [
        {"candidates": [candidate], "modelVersion": FLASH.name, **count}
        for candidate, count in zip(candidates, counts, strict=False)
    ]
    frames = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks)
    return play(request, built, Answer(frames.encode(), 200, streaming=True))


def wrote(*parts: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """A candidate with ``parts``."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    return candidate | ({"finishReason": finish} if finish else {})


def wants(name: str, upstream_id: str, **more: Any) -> dict[str, Any]:
    """The part of a function call without arguments."""
    return {"functionCall": {"name": name, "id": upstream_id}, **more}


def events_of(run: Run) -> list[dict[str, Any]]:
    return [dict[str, Any](event) for event in run.events]


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_case_05_every_item_is_announced_once_in_order_and_ends_once(recording: Recording) -> None:
    events = events_of(recording.run())
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    announced: list[str] = []
    ended: list[str] = []
    for event in events:
        if event["type"] == "response.output_item.added":
            assert event["output_index"] == len(announced)
            announced.append(event["item"]["id"])
        elif event["type"] == "response.output_item.done":
            assert announced[event["output_index"]] == event["item"]["id"]
            ended.append(event["item"]["id"])
        elif "item_id" in event:
            assert announced[event["output_index"]] == event["item_id"]
            assert event["item_id"] not in ended
    assert len(set(announced)) == len(announced)
    assert ended == announced


def test_case_06_the_clients_accumulator_needs_every_part_announced() -> None:
    run = answered(wrote({"text": "Hel"}), wrote({"text": "lo"}, finish="STOP"))
    assert openai_sdk.texts(run.events) == [("msg_1", "Hello")]
    without = [event for event in run.events if event["type"] != "response.content_part.added"]
    with pytest.raises(IndexError):
        openai_sdk.texts(without)


def test_case_07_deltas_text_done_part_and_output_say_the_same() -> None:
    run = answered(
        wrote({"text": "Grüß "}), wrote({"text": "e\u0301 🏳️"}), wrote({"text": "\u200d🌈"}, finish="STOP")
    )
    events = events_of(run)
    deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    [done] = [event["text"] for event in events if event["type"] == "response.output_text.done"]
    [part] = [event["part"]["text"] for event in events if event["type"] == "response.content_part.done"]
    [item] = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    final = run.response["output"][0]["content"][0]["text"]
    assert "".join(deltas) == done == part == item["content"][0]["text"] == final == "Grüß e\u0301 🏳️\u200d🌈"


@pytest.mark.parametrize("ids", [["x", "y", "z"], ["x", "x", "x"], [None, None, None]])
def test_case_09_equal_calls_in_a_chunk_each_are_three_items(ids: list[str | None]) -> None:
    parts = [{"functionCall": {"name": "shell"} | ({"id": own} if own else {})} for own in ids]
    run = answered(*(wrote(part) for part in parts), wrote(finish="STOP"), tools=[SHELL])
    calls = run.response["output"]
    assert [item["type"] for item in calls] == ["function_call"] * 3
    assert len({item["call_id"] for item in calls}) == len({item["id"] for item in calls}) == 3


FILTERED = ("incomplete", {"reason": "content_filter"}, None)
CUT = ("incomplete", {"reason": "max_output_tokens"}, None)
FAILED = ("failed", None, "server_error")


@pytest.mark.parametrize("text", [[], [{"text": "so far"}]], ids=["without text", "with text"])
@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("MAX_TOKENS", CUT),
        ("CONTINUATION", CUT),
        ("SAFETY", FILTERED),
        ("RECITATION", FILTERED),
        ("PROHIBITED_CONTENT", FILTERED),
        ("SPII", FILTERED),
        ("MALFORMED_FUNCTION_CALL", FAILED),
        ("MISSING_THOUGHT_SIGNATURE", FAILED),
        ("OTHER", FAILED),
        ("A_REASON_OF_NEXT_YEAR", FAILED),
        (None, FAILED),
    ],
)
def test_case_13_only_a_whole_answer_is_completed(
    finish: str | None, expected: tuple[Any, ...], text: list[dict[str, Any]]
) -> None:
    response = answered(wrote(*text), wrote(finish=finish)).response
    code = response["error"] and response["error"]["code"]
    assert (response["status"], response["incomplete_details"], code) == expected


def test_case_13_an_answer_that_stops_empty_has_failed() -> None:
    response = answered(wrote(finish="STOP")).response
    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")


def test_case_14_the_last_counts_are_the_answers_and_add_up() -> None:
    early = {"promptTokenCount": 900, "candidatesTokenCount": 1, "totalTokenCount": 901}
    late = {
        "promptTokenCount": 1000,
        "cachedContentTokenCount": 800,
        "toolUsePromptTokenCount": 50,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 7,
        "totalTokenCount": 1077,
    }
    run = answered(wrote({"text": "a"}), wrote({"text": "b"}, finish="STOP"), usage=[early, late])
    assert run.response["usage"] == {
        "input_tokens": 1050,
        "input_tokens_details": {"cached_tokens": 800, "cache_write_tokens": 0},
        "output_tokens": 27,
        "output_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": 1077,
    }


def test_case_18_a_stream_calls_namespaced_and_custom_tools_by_their_own_names() -> None:
    tools = [
        {"type": "namespace", "name": "multi_agent_v1", "description": "", "tools": [SHELL]},
        {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
        {"type": "web_search", "external_web_access": True},
    ]
    patch = {"functionCall": {"name": "apply_patch", "args": {"input": "*** Begin Patch"}, "id": "y"}}
    run = answered(wrote(wants("multi_agent_v1.shell", "x")), wrote(patch, finish="STOP"), tools=tools)
    shell, patched = run.response["output"]
    assert (shell["type"], shell["name"], shell["namespace"]) == ("function_call", "shell", "multi_agent_v1")
    assert (patched["type"], patched["input"]) == ("custom_tool_call", "*** Begin Patch")
    inputs = [
        event["delta"] for event in events_of(run) if event["type"] == "response.custom_tool_call_input.delta"
    ]
    assert "".join(inputs) == "*** Begin Patch"


def test_case_the_reasoning_of_a_call_is_directly_before_it() -> None:
    thought = {"text": "Let me see.", "thought": True}
    run = answered(
        wrote(thought),
        wrote(wants("shell", "x", thoughtSignature="c2ln"), wants("shell", "y"), finish="STOP"),
        tools=[SHELL],
        store=False,
        include=["reasoning.encrypted_content"],
    )
    reasoning, signed, _ = run.response["output"]
    sealed = unseal(reasoning["encrypted_content"])
    assert sealed is not None
    assert [(part.kind, part.call_id) for part in sealed.parts] == [("call", signed["call_id"])]


def test_case_search_beside_functions_is_shown_as_a_search_and_goes_back_verbatim() -> None:
    searched = {
        "toolCall": {"id": "s", "toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["rain"]}},
        "thoughtSignature": "c2lnMQ==",
    }
    found = {"toolResponse": {"id": "s", "toolType": "GOOGLE_SEARCH_WEB", "response": {"n": 1}}}
    asked = wants("shell", "x", thoughtSignature="c2lnMg==")
    tools = [SHELL, {"type": "web_search"}]
    run = answered(wrote(searched), wrote(found), wrote(asked, finish="STOP"), tools=tools)
    assert run.overlay.body["toolConfig"]["includeServerSideToolInvocations"] is True
    search, called = run.response["output"]
    assert (search["type"], search["action"]["queries"]) == ("web_search_call", ["rain"])
    assert called["type"] == "function_call"
    built = translated([output(called["call_id"])], [*stored(user("q")), *run.machine.items], tools=tools)
    back = built.body["contents"][1]["parts"]
    assert back == [searched, found, {**asked, "functionCall": {**asked["functionCall"], "args": {}}}]


def test_case_search_is_left_out_and_told_where_a_model_cannot_have_it_beside_functions() -> None:
    request = parse_create_request({"input": "q", "tools": [SHELL, {"type": "web_search"}]})
    model = ModelCatalogue().resolve("gemini-2.5-flash")
    built = build_overlay(request, [ConversationItem(item) for item in request.input], model)
    assert [list(tool) for tool in built.body["tools"]] == [["functionDeclarations"]]
    assert built.adaptations == (
        "web_search is left out: gemini-2.5-flash cannot combine it with function tools",
    )
