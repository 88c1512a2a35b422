"""What the tests of the response stream share: a machine to drive, and random answers to drive it with."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any, cast, get_args

from hypothesis import strategies as st

from responses_api.core.generation_events import (
    AnswerStarted,
    Finished,
    FinishOutcome,
    GenerationEvent,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UpstreamFailed,
    UsageReported,
)
from responses_api.core.response_stream import ResponseStream
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


def new_stream(**changes: Any) -> ResponseStream:
    return ResponseStream(new_response(**changes), new_id=counting_ids(), now=lambda: NOW)


def started(**changes: Any) -> ResponseStream:
    stream = new_stream(**changes)
    stream.start()
    return stream


def send_all(stream: ResponseStream, events: Iterable[GenerationEvent]) -> list[StreamEvent]:
    return [emitted for event in events for emitted in stream.send(event)]


def run(events: Iterable[GenerationEvent], **changes: Any) -> tuple[ResponseStream, list[StreamEvent]]:
    """A whole stream: started, and fed with ``events``."""
    stream = new_stream(**changes)
    emitted = stream.start()
    return stream, emitted + send_all(stream, events)


def output_of(stream: ResponseStream) -> list[Any]:
    output: list[Any] = stream.response["output"]
    return output


def signatures_of(stream: ResponseStream) -> list[str | None]:
    return [item.upstream.signature if item.upstream else None for item in stream.items]


def response_in(event: StreamEvent) -> dict[str, Any] | None:
    response: dict[str, Any] | None = cast(dict[str, Any], event).get("response")
    return response


def text_of(item: Any) -> str:
    """All text of an output item: a message's, a thought summary's, or a call's arguments."""
    match item["type"]:
        case "message":
            return "".join(part["text"] for part in item["content"])
        case "reasoning":
            return "".join(part["text"] for part in item["summary"])
        case _:
            return str(item["arguments"])


# Random answers. Surrogates cannot be encoded, so no parser of ours lets them through.

_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_tokens = st.integers(0, 10_000)
_signatures = st.text("abcXYZ+/=", min_size=1, max_size=6)

_parts: st.SearchStrategy[GenerationEvent] = st.one_of(
    _texts.map(TextDelta),
    _texts.map(TextDelta),
    _texts.map(ThoughtDelta),
    _signatures.map(PartSigned),
    st.builds(
        ToolCall,
        name=st.sampled_from(["f", "g"]),
        arguments=st.sampled_from(["{}", '{"a":"b"}']),
        upstream_call_id=st.none() | st.sampled_from(["u1", "u2"]),
        signature=st.none() | _signatures,
    ),
    st.just(PartIgnored("inlineData")),
    st.builds(AnswerStarted, st.just("gemini-4-argon-001"), _signatures),
    st.builds(UsageReported, _tokens, _tokens, _tokens, _tokens),
)

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
