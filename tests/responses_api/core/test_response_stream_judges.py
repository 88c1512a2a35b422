"""Judges from outside: the official client, and the OpenAPI documents of both specifications."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responses_api.core.generation_events import (
    AnswerStarted,
    Citation,
    CodeRan,
    CodeWritten,
    Finished,
    GenerationEvent,
    Grounded,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    TokenLogprob,
    ToolCall,
    UpstreamFailed,
    UsageReported,
    WebSource,
)
from responses_api.core.output_options import OutputOptions
from responses_api.core.stream_events import StreamEvent
from tests.oracles import openai_sdk
from tests.responses_api.core.openapi_schemas import OPENAI_ITEM
from tests.responses_api.core.response_streams import (
    ALL_OPTIONS,
    STATEFUL,
    STATELESS,
    TOOLS,
    answers,
    completed_answers,
    output_of,
    response_in,
    run,
    text_of,
)

HELLO = TextDelta("Hello")
HMM = ThoughtDelta("Hmm")
CALL = ToolCall("f", '{"a":1}', "up_1")
STOP = Finished("completed", "STOP")


options = st.sampled_from(ALL_OPTIONS)


@given(completed_answers, options)
def test_the_official_client_reads_every_completed_stream(
    answer: list[GenerationEvent], options: OutputOptions
) -> None:
    stream, events = run(answer, options)
    final = openai_sdk.fold(events)
    assert final is not None
    response = stream.response
    assert final.output_text == "".join(text_of(i) for i in response["output"] if i["type"] == "message")
    theirs: list[Any] = final.output
    assert [(item.type, item.id) for item in theirs] == [(i["type"], i["id"]) for i in response["output"]]
    assert final.to_dict(mode="python", warnings=False)["usage"] == response["usage"]


@given(answers, options)
@settings(max_examples=30)
def test_the_official_clients_types_accept_every_event(
    answer: list[GenerationEvent], options: OutputOptions
) -> None:
    _, events = run(answer, options)
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

SURE = TokenLogprob("Hello", -0.1, (("Hello", -0.1), ("Hi", -2.5)))
CITED = Grounded(("rain",), (WebSource("https://a.example/"),), (Citation(0, 5, "https://a.example/", "A"),))
SEARCH = HostedToolCalled("1", "web_search", {"p": 1}, queries=("rain", "sun"))
OPEN_PAGE = HostedToolCalled("2", "open_page", {"p": 2}, urls=("https://a.example/",))

COMMON: list[list[GenerationEvent]] = [
    [AnswerStarted("m"), HMM, HELLO, PartSigned("s"), CALL, UsageReported(1, 0, 2, 1), STOP],
    [TextDelta("Hello", (SURE,)), Grounded(citations=CITED.citations), STOP],
    [HELLO, UsageReported(1, 0, 2, 1), Finished("max_output_tokens", "MAX_TOKENS")],
    [HMM, Finished("content_filter", "SAFETY")],
    [HELLO, Finished("failed", "OTHER")],
    [UpstreamFailed(429, "rate_limit_error", "rate_limit_exceeded", "Slow down.")],
    [UpstreamFailed(404, "invalid_request_error", "model_not_found", "No such model.", "model")],
]
"""Streams that both documents have words for."""

OPENAIS: list[list[GenerationEvent]] = [
    [*(ToolCall(name, '{"input":"x","command":["ls"]}', "up_1", "s") for name in TOOLS), STOP],
    [
        SEARCH,
        HostedToolAnswered("1", {}),
        OPEN_PAGE,
        HostedToolAnswered("2", {}, succeeded=False),
        HELLO,
        STOP,
    ],
    [SEARCH, Finished("max_output_tokens", "MAX_TOKENS")],
    [HELLO, CITED, STOP],
    [
        CodeWritten("1 + 1", {}),
        CodeRan("2", {}),
        CodeWritten("1 / 0", {}),
        CodeRan("oh", {}, succeeded=False),
        STOP,
    ],
    [CodeWritten("1 + 1", {}), STOP],
    [ImageMade("image/png", "aW1n", "s"), STOP],
]
"""Streams with items that Open Responses does not know."""

JUDGED = {"openai": COMMON + OPENAIS, "openresponses": COMMON}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_show_every_event(document: str) -> None:
    shown = {event["type"] for example in JUDGED[document] for event in run(example, queued=True)[1]}
    assert shown == set(DOCUMENTS[document])


@pytest.mark.parametrize("options", [STATEFUL, STATELESS], ids=["stateful", "stateless"])
@pytest.mark.parametrize(
    ("document", "example"), [(document, example) for document in JUDGED for example in JUDGED[document]]
)
def test_every_event_fits_the_documents(
    document: str, example: list[GenerationEvent], options: OutputOptions
) -> None:
    for event in run(example, options, queued=True)[1]:
        DOCUMENTS[document][event["type"]].validate(as_documented(event, document))


@pytest.mark.parametrize("example", COMMON + OPENAIS)
def test_the_official_clients_types_accept_the_examples(example: list[GenerationEvent]) -> None:
    for event in run(example, STATELESS, queued=True)[1]:
        assert openai_sdk.parse_strictly(event).type == event["type"]


@pytest.mark.parametrize("example", COMMON + OPENAIS)
def test_every_item_fits_as_a_stored_one(example: list[GenerationEvent]) -> None:
    for item in output_of(run(example, STATELESS)[0]):
        OPENAI_ITEM.validate(item)


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
