"""Judges from outside: the official client, and the OpenAPI documents of both specifications."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    GenerationEvent,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.core.stream_events import StreamEvent
from tests.oracles import openai_sdk
from tests.responses_api.core.response_streams import (
    answers,
    completed_answers,
    response_in,
    run,
    text_of,
)

HELLO = TextDelta("Hello")
HMM = ThoughtDelta("Hmm")
CALL = ToolCall("f", '{"a":1}', "up_1")
STOP = Finished("completed", "STOP")


@given(completed_answers)
def test_the_official_client_reads_every_completed_stream(answer: list[GenerationEvent]) -> None:
    stream, events = run(answer)
    final = openai_sdk.fold(events)
    assert final is not None
    response = stream.response
    assert final.output_text == "".join(text_of(i) for i in response["output"] if i["type"] == "message")
    theirs: list[Any] = final.output
    assert [(item.type, item.id) for item in theirs] == [(i["type"], i["id"]) for i in response["output"]]
    assert final.to_dict(mode="python", warnings=False)["usage"] == response["usage"]


@given(answers)
@settings(max_examples=30)
def test_the_official_clients_types_accept_every_event(answer: list[GenerationEvent]) -> None:
    _, events = run(answer)
    for event in events:
        assert openai_sdk.parse_strictly(event).type == event["type"]


FIXTURES = Path(__file__).parents[2] / "fixtures" / "openapi"


def validators(name: str) -> dict[str, jsonschema.Draft202012Validator]:
    document = json.loads((FIXTURES / f"stream_events.{name}.json").read_text())
    return {
        event_type: jsonschema.Draft202012Validator(
            {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
        )
        for event_type, schema in document["events"].items()
    }


DOCUMENTS = {name: validators(name) for name in ("openai", "openresponses")}

EXAMPLES: list[list[GenerationEvent]] = [
    [AnswerStarted("m"), HMM, HELLO, PartSigned("s"), CALL, UsageReported(1, 0, 2, 1), STOP],
    [HELLO, UsageReported(1, 0, 2, 1), Finished("max_output_tokens", "MAX_TOKENS")],
    [HMM, Finished("content_filter", "SAFETY")],
    [HELLO, Finished("failed", "OTHER")],
    [UpstreamFailed(429, "rate_limit_error", "rate_limit_exceeded", "Slow down.")],
    [UpstreamFailed(404, "invalid_request_error", "model_not_found", "No such model.", "model")],
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_show_every_event(document: str) -> None:
    shown = {event["type"] for example in EXAMPLES for event in run(example)[1]}
    assert shown == set(DOCUMENTS[document])


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_event_fits_the_documents(document: str, example: list[GenerationEvent]) -> None:
    for event in run(example)[1]:
        DOCUMENTS[document][event["type"]].validate(as_documented(event, document))


def as_documented(event: StreamEvent, document: str) -> Any:
    """``event`` without the null ``usage`` that OpenAI sends, but its document knows only as absent."""
    response = response_in(event)
    if document != "openai" or response is None or response["usage"] is not None:
        return event
    return {**event, "response": {key: value for key, value in response.items() if key != "usage"}}


def test_a_code_that_only_codex_knows_fits_open_responses() -> None:
    _, events = run([UpstreamFailed(400, "invalid_request_error", "context_length_exceeded", "Too long.")])
    DOCUMENTS["openresponses"]["response.failed"].validate(events[-1])
    with pytest.raises(jsonschema.ValidationError):
        DOCUMENTS["openai"]["response.failed"].validate(events[-1])
