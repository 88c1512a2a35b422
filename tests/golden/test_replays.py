"""The turn after each recorded exchange: what the upstream signed goes back to it as it came.

Once as clients do that keep their conversation (every item that they got, sealed reasoning
included), once as the database does (items with the facts beside them).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.response_stream import ResponseStream
from responses_api.core.signature_recovery import StoredItems, recover
from responses_api.gemini.models import ModelCatalogue
from responses_api.gemini.overlay import build_overlay
from tests.golden.exchanges import NAMES, Recording
from tests.responses_api.gemini.conversations import assert_valid

type Part = Mapping[str, Any]

RECORDINGS = [recording for name in NAMES if (recording := Recording(name)).is_served]


def _goes_on(recording: Recording) -> bool:
    """Whether the answer is whole, all of it was shown, and the next turn is to bring it back."""
    run = recording.run()
    current_turn_only = run.response["reasoning"].get("context") == "current_turn"
    return run.response["status"] == "completed" and not run.machine.dropped and not current_turn_only


GOING_ON = list(filter(_goes_on, RECORDINGS))
each = pytest.mark.parametrize("recording", GOING_ON, ids=lambda recording: recording.name)

HI = {"type": "message", "role": "user", "content": "Go on."}
OUTPUTS: dict[str, dict[str, Any]] = {
    "function_call": {"type": "function_call_output", "output": "ok"},
    "custom_tool_call": {"type": "custom_tool_call_output", "output": "ok"},
    "local_shell_call": {"type": "local_shell_call_output", "output": "ok"},
    "shell_call": {"type": "shell_call_output", "output": []},
    "apply_patch_call": {"type": "apply_patch_call_output", "status": "completed"},
    "tool_search_call": {"type": "tool_search_output", "execution": "client", "tools": []},
}


@each
def test_a_client_that_keeps_its_conversation_brings_every_signature_back(recording: Recording) -> None:
    """Calls without a signature go back under our ids."""
    body = recording.body | {"store": False}
    machine = recording.run(body).machine
    items = [*_input(recording.body), *machine.response["output"], *_answers(machine), HI]
    request = parse_create_request(body | {"input": items, "tool_choice": "auto"})
    expected, found = _sent_and_returned(recording, request, recording.conversation(request))
    assert [_as_sealed(part) for part in found] == [_as_sealed(part) for part in expected]


@each
def test_the_database_brings_every_signature_back(recording: Recording) -> None:
    machine = recording.run().machine
    before = [
        ConversationItem(item.wire, item.response_id or machine.response["id"], item.upstream)
        for item in recording.conversation(recording.request())
    ]
    body = recording.body | {"input": [*_answers(machine), HI], "tool_choice": "auto"}
    request = parse_create_request(body)
    said = recover([ConversationItem(item) for item in request.input], StoredItems(), {})
    expected, found = _sent_and_returned(recording, request, [*before, *machine.items, *said])
    assert found == expected


def _input(body: Any) -> list[Any]:
    given = body["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given)


def _answers(machine: ResponseStream) -> Iterator[dict[str, Any]]:
    for item in machine.response["output"]:
        if item["type"] in OUTPUTS:
            yield {**OUTPUTS[item["type"]], "call_id": item["call_id"]}


def _sent_and_returned(
    recording: Recording, request: CreateRequest, conversation: list[ConversationItem]
) -> tuple[list[Part], list[Part]]:
    """What the upstream sent in the recording and wants back, and what it gets back for it."""
    model = ModelCatalogue().resolve(request.model)
    body = build_overlay(request, conversation, model, recording.files()).body
    assert_valid(body)
    replayed = [
        part for content in body["contents"] if content["role"] == "model" for part in content["parts"]
    ]
    sent = [_essence(part) for part in _made(recording) if _must_return(part)]
    returned = [_essence(part) for part in replayed if _must_return(part)]
    return sent, returned[len(returned) - len(sent) :]


def _as_sealed(part: Part) -> Part:
    """``part`` as far as sealed reasoning promises to bring it back."""
    if "functionCall" in part and "thoughtSignature" not in part:
        return {"functionCall": {**part["functionCall"], "id": None}}
    return part


def _made(recording: Recording) -> Iterator[Part]:
    """The parts of the recorded answer. What streaming cut is joined: a signature closes a text."""
    joined: list[dict[str, Any]] = []
    wire = [candidate.get("content", {}) for candidate in recording.answer().candidates()]
    for part in [part for content in wire for part in content.get("parts", ())]:
        last = joined[-1] if joined else {}
        if "text" in part and "text" in last and "thoughtSignature" not in last and _alike(part, last):
            joined[-1] = {**last, **part, "text": last["text"] + part["text"]}
        else:
            joined.append(part)
    return iter(joined)


def _alike(part: Part, last: Part) -> bool:
    return bool(part.get("thought") == last.get("thought"))


def _must_return(part: Part) -> bool:
    """Whether ``part`` has to go back: signed ones, and all that is no text."""
    return "thoughtSignature" in part or "text" not in part


def _essence(part: Part) -> Part:
    """``part`` without what may be said in another way: arguments that are left out are none."""
    if "functionCall" in part:
        return {**part, "functionCall": {"args": {}, **part["functionCall"]}}
    return part
