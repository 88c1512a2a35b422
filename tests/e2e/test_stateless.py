"""Clients that keep the conversation themselves, as coding agents do: nothing is stored, signatures travel sealed.

The simulator refuses a call that comes back without its signature, as Gemini 3 does, and takes the
documented stand-in; so it is asked what it was sent.
"""

from typing import Any

import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.test_tools import TOOLS

STAND_IN = "skip_thought_signature_validator"


def make_calls(stack: Stack, text: str, **parameters: Any) -> list[dict[str, Any]]:
    """The output of a request that is not stored, as a client would replay it."""
    made = stack.client().responses.create(
        model=MODEL,
        input=text,
        tools=TOOLS,
        store=False,
        include=["reasoning.encrypted_content"],
        reasoning={"summary": "auto"},
        **parameters,
    )
    return [item.to_dict(mode="json") for item in made.output]


def answer_calls(stack: Stack, text: str, replayed: list[Any], *, result: str = "done") -> dict[str, Any]:
    """Send the calls back with their outputs; the body that the upstream got."""
    calls = [item for item in replayed if item["type"] == "function_call"]
    outputs: list[Any] = [
        {"type": "function_call_output", "call_id": call["call_id"], "output": f"{result} {index}"}
        for index, call in enumerate(calls)
    ]
    told = stack.client().responses.create(
        model=MODEL,
        input=[{"role": "user", "content": text}, *replayed, *outputs],
        tools=TOOLS,
        store=False,
    )
    assert told.status == "completed"
    body: dict[str, Any] = stack.simulator.request_with(f"{result} 0")["body"]
    return body


def calls_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for content in body["contents"] for part in content["parts"] if "functionCall" in part]


def signatures_in(body: dict[str, Any]) -> list[str | None]:
    return [part.get("thoughtSignature") for part in calls_in(body)]


@BOTH
def test_signatures_come_back_in_sealed_reasoning(stack: Stack) -> None:
    text = "[[call=get_weather*2]] sealed"
    output = make_calls(stack, text)
    assert [item["type"] for item in output] == ["reasoning", "function_call", "function_call"]
    assert output[0]["encrypted_content"]

    body = answer_calls(stack, text, output)
    first, second = signatures_in(body)
    assert first not in (None, STAND_IN)
    assert second is None
    results = [part["functionResponse"]["id"] for part in body["contents"][2]["parts"]]
    assert results == [part["functionCall"]["id"] for part in calls_in(body)]


def test_codex_replays_without_ids_and_with_null_content(stack: Stack) -> None:
    text = "[[call=get_weather]] codex"
    replayed = []
    for item in make_calls(stack, text):
        kept = {key: value for key, value in item.items() if key not in ("id", "status")}
        replayed.append({**kept, "content": None} if item["type"] == "reasoning" else kept)
    assert signatures_in(answer_calls(stack, text, replayed)) != [STAND_IN]


@pytest.mark.parametrize("harm", ["dropped", "altered", "foreign"])
def test_without_its_reasoning_a_call_goes_with_the_stand_in(stack: Stack, harm: str) -> None:
    text = f"[[call=get_weather]] {harm}"
    reasoning, call = make_calls(stack, text)
    blob = reasoning["encrypted_content"]
    replayed = {
        "dropped": [call],
        "altered": [{**reasoning, "encrypted_content": blob[:40] + "AAAA" + blob[44:]}, call],
        "foreign": [{**reasoning, "encrypted_content": "gAAAAABn-from-somewhere-else"}, call],
    }[harm]
    assert signatures_in(answer_calls(stack, text, replayed)) == [STAND_IN]


def test_a_stored_call_is_known_again_by_either_of_its_ids(stack: Stack) -> None:
    client = stack.client()
    alterations: list[dict[str, Any]] = [{"id": None}, {"call_id": "toolu_altered"}]
    for number, altered in enumerate(alterations):
        text = f"[[call=get_weather]] stored {number}"
        made = client.responses.create(model=MODEL, input=text, tools=TOOLS)
        call: Any = {**made.output[-1].to_dict(mode="json"), **altered}
        replayed = {key: value for key, value in call.items() if value is not None}
        assert signatures_in(answer_calls(stack, text, [replayed])) != [STAND_IN], altered


def test_text_is_signed_by_a_reasoning_item_at_the_end(stack: Stack) -> None:
    client = stack.client()
    first = client.responses.create(
        model=MODEL, input="[[text=A thoughtful word.]]", store=False, include=["reasoning.encrypted_content"]
    )
    assert [item.type for item in first.output] == ["message", "reasoning"]
    replayed: list[Any] = [item.to_dict(mode="json") for item in first.output]
    client.responses.create(
        model=MODEL,
        store=False,
        input=[
            {"role": "user", "content": "hi"},
            *replayed,
            {"role": "user", "content": "and then, signed?"},
        ],
    )
    body = stack.simulator.request_with("and then, signed?")["body"]
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    assert any("thoughtSignature" in part for part in body["contents"][1]["parts"])


@BOTH
def test_a_refused_signature_is_asked_again_without(stack: Stack) -> None:
    text = "[[call=get_weather]] refused"
    replayed = make_calls(stack, text)
    result = f"[[signature=refuse]] on {stack.name}"

    assert signatures_in(answer_calls(stack, text, replayed, result=result)) == [STAND_IN]
    sent = [seen["body"] for seen in stack.simulator.requests if result in str(seen["body"])]
    assert len(sent) == 2
    assert signatures_in(sent[0]) != [STAND_IN]
