"""Captured content through the whole stack, for API keys that want it."""

import json
import subprocess
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest

from responses_api.captures.cleaning import Cleaner
from responses_api.captures.panes import unpack, unpack_stream
from tests.e2e.conftest import BOTH
from tests.e2e.processes import MANAGE
from tests.e2e.stacks import CANARY, MODEL, Stack, wait_until

PANES = {(0, "client_request"), (0, "sent"), (1, "request_before"), (1, "request_after"), (1, "answer")}


def capturing(stack: Stack, mode: str) -> Stack:
    """The same stack with a key of another user's, whose content is captured."""
    key = stack.make_api_key(f"capturing-{uuid.uuid4().hex[:8]}", capture=mode)
    return replace(stack, api_key=key)


def panes(stack: Stack, response_id: str, wanted: set[tuple[int, str]] = PANES) -> dict[tuple[int, str], Any]:
    """The rows of a response's trace; waits a moment for those that the interceptor writes."""

    def rows() -> dict[tuple[int, str], Any]:
        found = stack.query(
            "SELECT c.* FROM responses_api_capture c JOIN responses_api_trace t ON t.id = c.trace_id"
            " WHERE t.response_id = %(id)s",
            id=response_id,
        )
        return {(row["call"], row["pane"]): row for row in found}

    wait_until(lambda: rows().keys() >= wanted, within=10)
    return rows()


def stream_of(row: dict[str, Any]) -> list[Any]:
    return list(unpack_stream(bytes(row["body"])))


def response_id_of(events: list[Any]) -> str:
    identifier: str = events[0]["response"]["id"]
    return identifier


@BOTH
@pytest.mark.parametrize("store", [True, False])
def test_a_full_capture_has_all_panes_on_one_clock(stack: Stack, store: bool) -> None:
    capturer = capturing(stack, "full")
    text = f"[[chunks=5]] [[delay_ms=30]] {uuid.uuid4().hex}"
    events = capturer.stream(text, store=store)
    found = panes(capturer, response_id_of(events))

    assert found.keys() == PANES
    assert text in unpack(bytes(found[0, "client_request"]["body"]))
    assert found[0, "client_request"]["head"]["path"] == "/v1/responses"
    before = unpack(bytes(found[1, "request_before"]["body"]))
    assert ".<cid:" in before
    assert text not in before
    assert text in unpack(bytes(found[1, "request_after"]["body"]))
    assert MODEL in found[1, "request_after"]["head"]["url"]
    sent, answered = stream_of(found[0, "sent"]), stream_of(found[1, "answer"])
    assert [piece.data for piece in sent] == Cleaner("full").pieces(events)
    assert found[1, "answer"]["head"]["status"] == 200
    first_delta = next(piece for piece in sent if piece.data["type"] == "response.output_text.delta")
    # Both processes' times are on one clock: no word is sent before it has come.
    assert 0 < answered[0].at <= first_delta.at
    for stream in (sent, answered):
        assert [piece.at for piece in stream] == sorted(piece.at for piece in stream)


@BOTH
def test_a_preview_has_the_start_of_each_text(stack: Stack) -> None:
    capturer = capturing(stack, "preview")
    events = capturer.stream("x" * 150 + "y" * 150)
    found = panes(capturer, response_id_of(events))

    whole = "".join(unpack(bytes(row["body"])) for row in found.values())
    assert "x" * 150 in whole
    assert "y" * 51 not in whole
    assert {row["mode"] for row in found.values()} == {"preview"}


def test_without_capture_nothing_is_kept(stack: Stack) -> None:
    events = stack.stream("hello")
    stack.booking(response_id_of(events))
    count = (
        "SELECT count(*) AS rows FROM responses_api_capture c JOIN responses_api_trace t ON t.id = c.trace_id"
    )
    assert stack.query(count + " WHERE t.response_id = %(id)s", id=response_id_of(events)) == [{"rows": 0}]


@BOTH
def test_an_answer_in_one_piece_is_one_piece(stack: Stack) -> None:
    capturer = capturing(stack, "full")
    response = capturer.client().responses.create(model=MODEL, input="hello")
    (sent,) = stream_of(panes(capturer, response.id)[0, "sent"])
    assert sent.data["output"][0]["content"][0]["text"] == "You said: hello"


@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_is_kept_as_the_client_was_told(stack: Stack, stream: bool) -> None:
    capturer = capturing(stack, "full")
    with capturer.http() as http:
        answer = http.post(
            "/v1/responses", json={"model": MODEL, "input": "[[status=400]]", "stream": stream}
        )
    newest = capturer.query(
        "SELECT t.response_id FROM responses_api_trace t JOIN responses_api_apikey k ON k.id = t.api_key_id"
        " WHERE k.prefix = %(prefix)s",
        prefix=capturer.api_key[:11],
    )
    found = panes(capturer, newest[0]["response_id"])
    (sent,) = stream_of(found[0, "sent"])
    assert sent.data == answer.json()
    assert found[1, "answer"]["head"]["status"] == 400


def test_every_call_of_an_exchange_has_its_panes(stack: Stack) -> None:
    capturer = capturing(stack, "full")
    events = capturer.stream(
        "[[finish=CONTINUATION]] [[text=one two three four five six]]", model="gemini-4-argon"
    )
    second = {(2, pane) for _, pane in PANES if pane not in ("client_request", "sent")}
    found = panes(capturer, response_id_of(events), PANES | second)
    assert found.keys() == PANES | second
    assert "continuationToken" not in unpack(bytes(found[1, "request_after"]["body"]))
    assert "continuationToken" in unpack(bytes(found[2, "request_after"]["body"]))
    assert stream_of(found[1, "answer"])[-1].at <= stream_of(found[2, "answer"])[0].at


@BOTH
def test_a_response_in_the_background_is_captured_where_it_is_made(stack: Stack) -> None:
    capturer = capturing(stack, "full")
    queued = capturer.client().responses.create(model=MODEL, input="hello", background=True)
    found = panes(capturer, queued.id)
    assert "hello" in unpack(bytes(found[0, "client_request"]["body"]))
    assert stream_of(found[0, "sent"])[-1].data["type"] == "response.completed"


@BOTH
@pytest.mark.parametrize("mode", ["preview", "full"])
def test_no_capture_and_no_export_holds_a_secret(stack: Stack, mode: str, tmp_path: Path) -> None:
    capturer = capturing(stack, mode)
    key = capturer.api_key
    tools = [{"type": "function", "name": "look_up", "description": f"with {key}"}]
    text = f"my key is {key} and AIzaSyD-0123456789_abcdefghijkl"
    events = capturer.stream(text, tools=tools, store=False)  # what a client says itself is stored as it is
    with pytest.raises(openai.APIStatusError):
        capturer.client().responses.create(model=MODEL, input="[[status=401]]")
    found = panes(capturer, response_id_of(events))
    assert found.keys() == PANES

    exported = tmp_path / "traces.jsonl"
    command = (*MANAGE, "exporttraces", "--since", "1h", "--captured", "--output", str(exported))
    subprocess.run(command, env=stack.environment, check=True, capture_output=True)
    kept = "".join(f"{row['head']} {unpack(bytes(row['body']))}" for row in found.values())
    # Also not in the pieces of a stream, of which each holds a part of what the model repeats.
    parts = [key[begin : begin + 6] for begin in range(12, len(key) - 5)]
    for secret in (*parts, CANARY, "AIzaSyD-0123456789_abcdefghijkl"):
        assert secret not in kept
        assert secret not in exported.read_text()
    assert any(
        json.loads(line)["trace"]["response_id"] == response_id_of(events)
        for line in exported.read_text().splitlines()
    )
