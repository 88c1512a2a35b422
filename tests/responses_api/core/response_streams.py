"""What the tests of the response stream share: a machine to drive, and random answers to drive it with."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any, cast, get_args

import msgspec
from hypothesis import strategies as st

from responses_api.core.client_tools import ClientTool
from responses_api.core.generation_events import (
    AnswerContinued,
    AnswerStarted,
    Citation,
    CodeRan,
    CodeWritten,
    ContextCompacted,
    Finished,
    FinishOutcome,
    GenerationEvent,
    Grounded,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    PartIgnored,
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
from responses_api.core.response_stream import ResponseStream
from responses_api.core.sealed_reasoning import SealedReasoning, SignedPart
from responses_api.core.stream_events import StreamEvent

NOW = 1_800_000_000


def counting_ids() -> Callable[[str], str]:
    numbers = itertools.count()
    return lambda prefix: f"{prefix}_{next(numbers)}"


def new_response(**changes: Any) -> dict[str, Any]:
    """A response object with every field that a specification demands."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": NOW - 5,
        "completed_at": None,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": "Be brief.",
        "previous_response_id": None,
        "model": "gemini-4-argon",
        "output": [],
        "usage": None,
        "tools": [
            {
                "type": "function",
                "name": "f",
                "description": None,
                "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
                "strict": True,
            }
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "max_tool_calls": None,
        "max_output_tokens": None,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_logprobs": 0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "truncation": "disabled",
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "background": False,
        "service_tier": "default",
        "metadata": {"topic": "demo"},
        "safety_identifier": None,
        "prompt_cache_key": None,
        **changes,
    }


def seal(reasoning: SealedReasoning) -> str:
    """A blob that anybody can read."""
    return msgspec.json.encode(reasoning).decode()


def unseal(blob: str) -> SealedReasoning:
    return msgspec.json.decode(blob, type=SealedReasoning)


TOOLS = {
    tool.upstream_name: tool
    for tool in (
        ClientTool("g", "custom", "g"),
        ClientTool("ns__f", "function", "f", namespace="ns"),
        ClientTool("local_shell", "local_shell", "local_shell"),
        ClientTool("shell", "shell", "shell"),
        ClientTool("apply_patch", "apply_patch", "apply_patch"),
        ClientTool("tool_search", "tool_search", "tool_search"),
    )
}
SOURCES = "web_search_call.action.sources"
STATEFUL = OutputOptions(tools=TOOLS)
ENCRYPTED = OutputOptions(tools=TOOLS, seal=seal)
STATELESS = OutputOptions(tools=TOOLS, include=frozenset({SOURCES}), stateless=True, seal=seal)
ALL_OPTIONS = [STATEFUL, ENCRYPTED, STATELESS]


def new_stream(options: OutputOptions = STATEFUL, **changes: Any) -> ResponseStream:
    return ResponseStream(new_response(**changes), new_id=counting_ids(), now=lambda: NOW, options=options)


def started(options: OutputOptions = STATEFUL, **changes: Any) -> ResponseStream:
    stream = new_stream(options, **changes)
    stream.start()
    return stream


def send_all(stream: ResponseStream, events: Iterable[GenerationEvent]) -> list[StreamEvent]:
    return [emitted for event in events for emitted in stream.send(event)]


def run(
    events: Iterable[GenerationEvent],
    options: OutputOptions = STATEFUL,
    *,
    queued: bool = False,
    **changes: Any,
) -> tuple[ResponseStream, list[StreamEvent]]:
    """A whole stream: queued or not, started, and fed with ``events``."""
    stream = new_stream(options, **changes)
    emitted = stream.queue() if queued else []
    emitted += stream.start()
    return stream, emitted + send_all(stream, events)


def output_of(stream: ResponseStream) -> list[Any]:
    output: list[Any] = stream.response["output"]
    return output


def signatures_of(stream: ResponseStream) -> list[str | None]:
    return [item.upstream.signature if item.upstream else None for item in stream.items]


def response_in(event: StreamEvent) -> dict[str, Any] | None:
    response: dict[str, Any] | None = cast(dict[str, Any], event).get("response")
    return response


def sealed_in(stream: ResponseStream) -> list[tuple[SignedPart, ...]]:
    """The opened blobs of the output, in order."""
    return [
        unseal(item["encrypted_content"]).parts
        for item in output_of(stream)
        if item["type"] == "reasoning" and "encrypted_content" in item
    ]


def text_of(item: Any) -> str:
    """What of an output item clients see grow, if anything."""
    match item["type"]:
        case "message":
            return "".join(part.get("text") or part.get("refusal") or "" for part in item["content"])
        case "reasoning":
            return "".join(part["text"] for part in item["summary"])
        case "function_call":
            return str(item["arguments"])
        case "custom_tool_call":
            return str(item["input"])
        case "code_interpreter_call":
            return str(item["code"])
        case _:
            return ""


# Random answers. Surrogates cannot be encoded, so no parser of ours lets them through.

_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_tokens = st.integers(0, 10_000)
_signatures = st.text("abcXYZ+/=", min_size=1, max_size=6)
_words = st.sampled_from(["rain", "sun", "wind"])
_urls = st.sampled_from(["https://a.example/x", "https://b.example/", "no address", "http://["])
_runs = st.sampled_from(["1", "2", "3"])
_steps = st.integers(0, 1_000_000).map(lambda number: {"step": {"number": number}})
_logprobs = st.builds(
    TokenLogprob,
    _texts,
    st.floats(-9, 0),
    st.lists(st.tuples(_texts, st.floats(-9, 0)), max_size=2).map(tuple),
)

_said: st.SearchStrategy[GenerationEvent] = st.one_of(
    _texts.map(TextDelta),
    st.builds(TextDelta, _texts, st.lists(_logprobs, max_size=2).map(tuple)),
    _texts.map(ThoughtDelta),
    st.builds(PartSigned, _signatures, st.sampled_from([None, "text", "thought"])),
    st.builds(
        ToolCall,
        name=st.sampled_from(["f", *TOOLS]),
        arguments=st.sampled_from(["{}", '{"a":"b"}', '{"input":"x"}', '{"command":["ls"]}']),
        upstream_call_id=st.none() | st.sampled_from(["u1", "u2"]),
        signature=st.none() | _signatures,
    ),
    st.builds(
        ImageMade, st.sampled_from(["image/png", "image/jpeg"]), st.just("aW1n"), st.none() | _signatures
    ),
    st.builds(ContextCompacted, st.just("sealed"), st.integers(1, 99)),
)
_hosted: st.SearchStrategy[GenerationEvent] = st.one_of(
    st.builds(
        HostedToolCalled,
        call=_runs,
        tool=st.sampled_from(["web_search", "open_page"]),
        part=_steps,
        queries=st.lists(_words, max_size=2).map(tuple),
        urls=st.lists(_urls, max_size=2).map(tuple),
    ),
    st.builds(HostedToolAnswered, _runs, _steps, st.booleans()),
    st.builds(CodeWritten, st.sampled_from(["1 + 1", ""]), _steps),
    st.builds(CodeRan, st.sampled_from(["2", ""]), _steps, st.booleans()),
    st.builds(
        Grounded,
        st.lists(_words, max_size=2).map(tuple),
        st.lists(st.builds(WebSource, _urls), max_size=2).map(tuple),
        st.lists(
            st.builds(Citation, st.integers(-1, 9), st.integers(0, 9), _urls, st.just("") | _words),
            max_size=3,
        ).map(tuple),
    ),
)
_asides: st.SearchStrategy[GenerationEvent] = st.one_of(
    st.just(PartIgnored("inlineData")),
    st.builds(AnswerStarted, st.just("gemini-4-argon-001"), _signatures),
    st.builds(AnswerContinued, st.just("gemini-4-argon-001"), _signatures),
    st.builds(UsageReported, _tokens, _tokens, _tokens, _tokens),
)
_parts = st.one_of(_said, _said, _hosted, _asides)

_ends: st.SearchStrategy[GenerationEvent] = st.one_of(
    st.builds(
        Finished,
        outcome=st.sampled_from(get_args(FinishOutcome.__value__)),
        raw_reason=st.just("RAW"),
        code=st.sampled_from(["server_error", "invalid_prompt"]),
    ),
    st.builds(
        UpstreamFailed,
        http_status=st.sampled_from([400, 404, 429, 503]),
        type=st.just("server_error"),
        code=st.sampled_from(["rate_limit_exceeded", "model_not_found", "server_error"]),
        message=_texts,
    ),
)

unfinished_answers = st.lists(_parts, max_size=14)
answers = st.builds(lambda parts, end: [AnswerStarted("m"), *parts, end], unfinished_answers, _ends)
completed_answers = unfinished_answers.map(lambda parts: [*parts, Finished("completed", "STOP")])


def types(events: list[StreamEvent]) -> list[str]:
    """The events' types, without their common prefix."""
    return [event["type"].removeprefix("response.") for event in events]
