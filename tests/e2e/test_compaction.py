"""Compaction: by its own call, by a trigger item, and by a threshold; and going on from it."""

import json
from typing import Any

import openai
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack, wait_until
from tests.e2e.streams import parse, types

TRIGGER: Any = {"type": "compaction_trigger"}
COMPACTS: Any = [{"type": "compaction", "compact_threshold": 1000}]


def said_by_user(text: str) -> Any:
    return {"role": "user", "content": text}


def shown(stack: Stack, marker: str) -> list[tuple[str, str]]:
    """Role and text of every content of the last request upstream that holds ``marker``."""
    contents = stack.simulator.request_with(marker)["body"]["contents"]
    return [
        (content["role"], "".join(part.get("text", "") for part in content["parts"])) for content in contents
    ]


@BOTH
def test_a_conversation_is_compacted_and_goes_on(stack: Stack) -> None:
    client = stack.client()
    first = client.responses.create(model=MODEL, input="my name is Ada")
    compacted: Any = client.responses.compact(
        model=MODEL, previous_response_id=first.id, input="[[text=SUM: Ada.]]", instructions="Be nice."
    )

    assert compacted.object == "response.compaction"
    assert compacted.usage.input_tokens > 0
    assert [item.type for item in compacted.output] == ["message", "message", "compaction"]
    row = stack.booking(compacted.id)
    assert (row["outcome"], row["total_tokens"]) == ("completed", compacted.usage.total_tokens)
    assert stack.query("SELECT 1 FROM responses_api_response WHERE id = %(id)s", id=compacted.id) == []

    output = [item.to_dict(warnings=False) for item in compacted.output]
    client.responses.create(model=MODEL, input=[*output, said_by_user(f"after {first.id}")])
    ((role, said),) = shown(stack, f"after {first.id}")
    assert role == "user"
    assert said.startswith("my name is Ada")
    assert "SUM: Ada." in said
    assert "You said" not in said


def test_compacting_twice_keeps_one_summary(stack: Stack) -> None:
    client = stack.client()
    once: Any = client.responses.compact(model=MODEL, input="[[text=SUM-1]]")
    output = [item.to_dict(warnings=False) for item in once.output]
    twice: Any = client.responses.compact(
        model=MODEL, input=[*output, {"role": "user", "content": "[[text=SUM-2]]"}]
    )
    assert [item.type for item in twice.output] == ["message", "message", "compaction"]
    output = [item.to_dict(warnings=False) for item in twice.output]
    client.responses.create(model=MODEL, input=[*output, said_by_user(f"after {twice.id}")])
    ((_, said),) = shown(stack, f"after {twice.id}")
    assert "\n\nSUM-2" in said
    assert "\n\nSUM-1" not in said


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_a_trigger_gives_exactly_one_item_which_the_next_turn_takes(stack: Stack, stream: bool) -> None:
    items: Any = [
        {"role": "developer", "content": "Be nice."},
        {"role": "user", "content": "[[text=SUM: cats.]] I like cats"},
        {"role": "assistant", "content": "So do I."},
        {"role": "user", "content": "[[text=SUM: cats.]]"},
        TRIGGER,
    ]
    body = {"model": MODEL, "input": items, "store": False, "stream": stream}
    with stack.http() as http:
        answer = http.post("/v1/responses", json=body)
    assert answer.status_code == 200
    if stream:
        events = parse(answer.text)
        # A slow summary is bridged by signs of life.
        assert list(dict.fromkeys(types(events))) == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.output_item.done",
            "response.completed",
        ]
        response = events[-1]["response"]
        assert [event["item"] for event in events if event["type"] == "response.output_item.done"] == [
            response["output"][0]
        ]
        assert events[-2]["item"] == response["output"][0]
    else:
        response = answer.json()
    (item,) = response["output"]
    assert (item["type"], item["status"]) == ("compaction", "completed")
    assert item["encrypted_content"]
    assert response["usage"]["output_tokens"] > 0

    following: Any = [*items[:2], item, said_by_user(f"after {response['id']}")]
    stack.client().responses.create(model=MODEL, input=following, store=False)
    ((_, said),) = shown(stack, f"after {response['id']}")
    assert said.startswith("[[text=SUM: cats.]] I like cats")
    assert said.endswith(f"\n\nSUM: cats.after {response['id']}")


def test_a_chain_goes_on_from_a_trigger(stack: Stack) -> None:
    client = stack.client()
    first = client.responses.create(model=MODEL, input="[[text=long answer]]")
    second = client.responses.create(model=MODEL, previous_response_id=first.id, input=[TRIGGER])
    assert [item.type for item in second.output] == ["compaction"]

    client.responses.create(model=MODEL, previous_response_id=second.id, input=f"after {second.id}")
    assert [role for role, _ in shown(stack, f"after {second.id}")] == ["user"]
    listed = client.responses.input_items.list(second.id)
    assert [item.type for item in listed.data] == []


@BOTH
def test_above_the_threshold_the_summary_comes_first_and_the_chain_goes_on_from_it(stack: Stack) -> None:
    client = stack.client()
    first = client.responses.create(model=MODEL, input="old-words " * 500)
    events = stack.stream("[[text=SAID]]", previous_response_id=first.id, context_management=COMPACTS)
    second = events[-1]["response"]

    assert [item["type"] for item in second["output"]] == ["compaction", "message"]
    assert stack.booking(second["id"])["turns"] == 2
    sent = stack.simulator.requests[-1]["body"]
    assert "old-words" not in str(sent)
    assert "SAID" in str(sent["contents"][0]["parts"][0])
    assert sent["contents"][-1]["parts"][-1]["text"] == "[[text=SAID]]"

    third = client.responses.create(
        model=MODEL,
        input=f"after {second['id']}",
        previous_response_id=second["id"],
        context_management=COMPACTS,
    )
    assert [item.type for item in third.output] == ["message"]
    contents = shown(stack, f"after {second['id']}")
    assert [role for role, _ in contents] == ["user", "model", "user"]
    assert "old-words" not in str(contents)


def test_below_the_threshold_nothing_is_summed_up(stack: Stack) -> None:
    response = stack.client().responses.create(model=MODEL, input="few words", context_management=COMPACTS)
    assert [item.type for item in response.output] == ["message"]


def test_a_summary_that_cannot_be_had_ends_the_response(stack: Stack) -> None:
    first = stack.client().responses.create(model=MODEL, input="old-words " * 500)
    with pytest.raises(openai.RateLimitError):
        stack.client().responses.create(
            model=MODEL, input="[[status=429]]", previous_response_id=first.id, context_management=COMPACTS
        )


def test_nothing_of_a_summary_is_told_to_a_client_that_leaves_before_its_end(stack: Stack) -> None:
    body = {"model": MODEL, "stream": True, "input": [said_by_user("[[chunks=9]] [[stall=5]]"), TRIGGER]}
    with stack.simulator.stream_is_closed():
        with stack.http() as http, http.stream("POST", "/v1/responses", json=body) as answer:
            lines = answer.iter_lines()  # kept: an iterator that is thrown away closes the connection
            first = next(line for line in lines if line.startswith("data: "))
            wait_until(lambda: stack.simulator.stats["open_streams"] == 1, within=5)
        response_id = json.loads(first.removeprefix("data: "))["response"]["id"]

    booked = stack.booking(response_id)
    assert booked["outcome"] == "client_disconnect"
    assert booked["response_summary"]["items"] == []


@pytest.mark.parametrize("blob", ["gAAAAAB-not-ours", "x"])
def test_a_foreign_summary_is_refused(stack: Stack, blob: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        stack.client().responses.create(
            model=MODEL, input=[{"type": "compaction", "encrypted_content": blob}, said_by_user("and?")]
        )
    assert caught.value.code == "invalid_encrypted_content"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x"}, "model"),
        ({"model": MODEL}, "input"),
        ({"model": MODEL, "input": "x", "nonsense": 1}, "nonsense"),
        ({"model": MODEL, "input": "x", "previous_response_id": "resp_unknown"}, "previous_response_id"),
    ],
)
def test_what_cannot_be_compacted_is_refused(stack: Stack, body: Any, param: str) -> None:
    with stack.http() as http:
        answer = http.post("/v1/responses/compact", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_an_upstream_s_refusal_of_a_compaction_is_passed_on(stack: Stack) -> None:
    with stack.http() as http:
        answer = http.post("/v1/responses/compact", json={"model": MODEL, "input": "[[status=503]]"})
        assert answer.status_code == 503
        answer = http.post(
            "/v1/responses/compact", json={"model": MODEL, "input": "[[finish=SAFETY no_content]]"}
        )
        assert answer.status_code in (200, 502)
        assert http.get("/v1/responses/compact").status_code == 405
