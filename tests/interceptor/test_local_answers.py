"""Local answers are what a language server takes for a quiet end of its turn."""

import json
from itertools import product

import pytest

from interceptor.local_answers import empty_stop
from interceptor.matching import AnswerForm, GenerateCall
from responses_api.core.generation_events import Finished
from responses_api.gemini.stream_parser import GeminiStreamParser

CALLS = [GenerateCall(form, wrapped) for form, wrapped in product(AnswerForm, (True, False))]


@pytest.mark.parametrize("call", CALLS)
def test_it_stops_and_says_nothing(call: GenerateCall) -> None:
    body, content_type = empty_stop(call)

    is_stream = call.form is AnswerForm.EVENTS
    assert content_type.startswith("text/event-stream" if is_stream else "application/json")
    document = json.loads(body.removeprefix(b"data: ") if is_stream else body)
    if call.form is AnswerForm.ARRAY:
        (document,) = document
    answer = document["response"] if call.wrapped else document
    (candidate,) = answer["candidates"]
    assert candidate["finishReason"] == "STOP"
    assert candidate["content"] == {"role": "model", "parts": [{"text": ""}]}


@pytest.mark.parametrize("call", CALLS)
def test_our_own_parser_reads_it_as_an_end(call: GenerateCall) -> None:
    parser = GeminiStreamParser(streaming=call.form is AnswerForm.EVENTS)
    events = [*parser.feed(empty_stop(call)[0]), *parser.feed(b"")]

    last = events[-1]
    assert isinstance(last, Finished)
    assert last.raw_reason == "STOP"
